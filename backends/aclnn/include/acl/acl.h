// The runtime API of ACL, as far as the twin has it: docs/aclnn.md lists what there is and how it behaves.
#ifndef LIGRAD_ACL_ACL_H
#define LIGRAD_ACL_ACL_H

#include "acl/acl_rt.h"

#endif
