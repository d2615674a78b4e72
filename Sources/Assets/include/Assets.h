// Files embedded in the executable: for each, where its bytes are and how many. They live as long as the process.
#ifndef CHRONATOG_ASSETS_H
#define CHRONATOG_ASSETS_H

#include <stddef.h>

// The IANA time zones; bundle-zones.py describes the layout.
const unsigned char *chronatog_zones_bytes(void);
size_t chronatog_zones_count(void);

#endif
