// The two-phase C interface of @name@. Phase one checks the arguments, tells the bytes of workspace and
// makes the executor; phase two runs it on a stream.
#ifndef ACLNN_@guard@_H_
#define ACLNN_@guard@_H_

#include "aclnn/acl_meta.h"

#ifdef __cplusplus
extern "C" {
#endif

aclnnStatus aclnn@name@GetWorkspaceSize(
@parameters@
    uint64_t *workspaceSize,
    aclOpExecutor **executor);

aclnnStatus aclnn@name@(
    void *workspace,
    uint64_t workspaceSize,
    aclOpExecutor *executor,
    aclrtStream stream);

#ifdef __cplusplus
}
#endif

#endif  // ACLNN_@guard@_H_
