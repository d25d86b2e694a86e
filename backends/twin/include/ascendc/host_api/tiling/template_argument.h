// Where headers of template tiling keys look for their macros.
#pragma once
#include "../../../twin/tiling.h"
