#include "Assets.h"
int chronatog_assets = 1;
