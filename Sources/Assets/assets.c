// Files embedded in the executable. To add one: an array here with `#embed`, two accessors in Assets.h.
#include "Assets.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char zones[] = {
#embed "zones.bin"
};

const unsigned char *chronatog_zones_bytes(void) { return zones; }
size_t chronatog_zones_count(void) { return sizeof zones; }
