// Stands in for CANN's header of the same name.
#pragma once
#include "register/op_def_registry.h"

namespace platform_ascendc {
class PlatformAscendC {
public:
    explicit PlatformAscendC(fe::PlatFormInfos* platform) : platform_(platform) {}
    uint32_t GetCoreNumAic() const { return platform_->cores; }
    uint32_t GetLibApiWorkSpaceSize() const { return 16 * 1024 * 1024; }

private:
    fe::PlatFormInfos* platform_;
};
}  // namespace platform_ascendc
