// What every operator's header includes: its argument types, and the codes that its two phases return.
#ifndef LIGRAD_ACLNN_ACLNN_BASE_H
#define LIGRAD_ACLNN_ACLNN_BASE_H

#include "aclnn/acl_meta.h"

#ifdef __cplusplus
extern "C" {
#endif

static const int32_t ACLNN_SUCCESS = 0;
static const int32_t ACLNN_ERR_PARAM_NULLPTR = 161001;
static const int32_t ACLNN_ERR_PARAM_INVALID = 161002;
static const int32_t ACLNN_ERR_RUNTIME_ERROR = 361001;
static const int32_t ACLNN_ERR_INNER = 561000;
static const int32_t ACLNN_ERR_INNER_NULLPTR = 561103;

#ifdef __cplusplus
}
#endif

#endif
