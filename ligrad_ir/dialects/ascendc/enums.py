"""Enumerations of the `ascendc` dialect: those of Ascend C, and what they imply."""

from __future__ import annotations

from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.str_enum import StrEnum


class Position(StrEnum):
    """`AscendC::TPosition` of local memories; what each is in hardware: `memory`."""

    A1 = "a1"
    B1 = "b1"
    A2 = "a2"
    B2 = "b2"
    CO1 = "co1"
    VECIN = "vecin"
    VECCALC = "veccalc"
    VECOUT = "vecout"


class Memory(StrEnum):
    """The memories of Atlas A2 that the dialect moves data between."""

    GM = "GM"
    L1 = "L1"
    L0A = "L0A"
    L0B = "L0B"
    L0C = "L0C"
    UB = "UB"


MEMORY_OF_POSITION = {
    Position.A1: Memory.L1,
    Position.B1: Memory.L1,
    Position.A2: Memory.L0A,
    Position.B2: Memory.L0B,
    Position.CO1: Memory.L0C,
    Position.VECIN: Memory.UB,
    Position.VECCALC: Memory.UB,
    Position.VECOUT: Memory.UB,
}
MEMORY_ALIGNMENT = {
    Memory.GM: 1,
    Memory.L1: 32,
    Memory.L0A: 512,
    Memory.L0B: 512,
    Memory.L0C: 64,
    Memory.UB: 32,
}
"""In bytes; an Mmad asks for 1024 of its destination in L0C."""


class Core(StrEnum):
    """The two kinds of core of a block."""

    AIC = "aic"
    AIV = "aiv"


class Pipe(StrEnum):
    """`pipe_t`: the queues that a core's instructions are issued to."""

    S = "s"
    V = "v"
    M = "m"
    MTE1 = "mte1"
    MTE2 = "mte2"
    MTE3 = "mte3"
    FIX = "fix"
    ALL = "all"


PIPES_OF_CORE = {
    Core.AIC: (Pipe.S, Pipe.M, Pipe.MTE1, Pipe.MTE2, Pipe.MTE3, Pipe.FIX, Pipe.ALL),
    Core.AIV: (Pipe.S, Pipe.V, Pipe.MTE2, Pipe.MTE3, Pipe.ALL),
}


class HardEvent(StrEnum):
    """`AscendC::HardEvent`: the pipe that sets a flag, and the one that waits for it."""

    M_MTE1 = "m_mte1"
    M_MTE2 = "m_mte2"
    M_FIX = "m_fix"
    MTE1_M = "mte1_m"
    MTE1_MTE2 = "mte1_mte2"
    MTE1_MTE3 = "mte1_mte3"
    MTE1_FIX = "mte1_fix"
    MTE2_M = "mte2_m"
    MTE2_MTE1 = "mte2_mte1"
    MTE2_MTE3 = "mte2_mte3"
    MTE3_MTE1 = "mte3_mte1"
    MTE3_MTE2 = "mte3_mte2"
    FIX_M = "fix_m"
    FIX_MTE1 = "fix_mte1"
    S_V = "s_v"
    S_MTE2 = "s_mte2"
    S_MTE3 = "s_mte3"
    V_S = "v_s"
    V_MTE2 = "v_mte2"
    V_MTE3 = "v_mte3"
    MTE2_S = "mte2_s"
    MTE2_V = "mte2_v"
    MTE3_S = "mte3_s"
    MTE3_V = "mte3_v"

    @property
    def source(self) -> Pipe:
        """The pipe behind whose work the flag is set."""
        return Pipe(self.value.partition("_")[0])

    @property
    def destination(self) -> Pipe:
        """The pipe that waits."""
        return Pipe(self.value.partition("_")[2])

    @property
    def cores(self) -> tuple[Core, ...]:
        """The kinds of core that have this event."""
        if self in (HardEvent.MTE2_MTE3, HardEvent.MTE3_MTE2):
            return (Core.AIC, Core.AIV)
        vector = PIPES_OF_CORE[Core.AIV]
        on_vector = self.source in vector and self.destination in vector
        return (Core.AIV,) if on_vector else (Core.AIC,)


class RoundMode(StrEnum):
    """`AscendC::RoundMode`; RINT is to nearest, ties to even."""

    NONE = "none"
    RINT = "rint"
    FLOOR = "floor"
    CEIL = "ceil"
    ROUND = "round"
    TRUNC = "trunc"
    ODD = "odd"


class CmpMode(StrEnum):
    """`AscendC::CMPMODE`, and the predicates of scalar comparisons."""

    LT = "lt"
    GT = "gt"
    EQ = "eq"
    LE = "le"
    GE = "ge"
    NE = "ne"


class SelMode(StrEnum):
    """`AscendC::SELMODE`: where the mask bits of a Select come from, repeat by repeat."""

    CMPMASK_SPR = "cmpmask_spr"
    TENSOR_SCALAR = "tensor_scalar"
    TENSOR_TENSOR = "tensor_tensor"


class QuantMode(StrEnum):
    """`QuantMode_t`: the conversion on the way out of L0C (to nearest, ties to even)."""

    NO_QUANT = "no_quant"
    F322F16 = "f322f16"
    F322BF16 = "f322bf16"


class Layout(StrEnum):
    """`AscendC::CFG_ROW_MAJOR` and `CFG_NZ`: how Fixpipe lays out its result."""

    ROW_MAJOR = "row_major"
    NZ = "nz"


class KernelType(StrEnum):
    """`KERNEL_TYPE_*`: the cores that a kernel runs on."""

    AIV_ONLY = "aiv_only"
    AIC_ONLY = "aic_only"
    MIX_AIV_1_0 = "mix_aiv_1_0"
    MIX_AIC_1_0 = "mix_aic_1_0"
    MIX_AIC_1_1 = "mix_aic_1_1"
    MIX_AIC_1_2 = "mix_aic_1_2"

    @property
    def cores(self) -> tuple[Core, ...]:
        """The kinds of core that execute the kernel."""
        if self in (KernelType.AIV_ONLY, KernelType.MIX_AIV_1_0):
            return (Core.AIV,)
        if self in (KernelType.AIC_ONLY, KernelType.MIX_AIC_1_0):
            return (Core.AIC,)
        return (Core.AIC, Core.AIV)


class Arithmetic(StrEnum):
    """The C++ operators on scalars; the values are the names in the IR."""

    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    DIV = "div"
    REM = "rem"
    AND = "and"
    OR = "or"
    XOR = "xor"
    SHL = "shl"
    SHR = "shr"
    MIN = "min"
    MAX = "max"


@irdl_attr_definition
class PositionAttr(EnumAttribute[Position], SpacedOpaqueSyntaxAttribute):
    """A `Position`."""

    name = "ascendc.position"


@irdl_attr_definition
class PipeAttr(EnumAttribute[Pipe], SpacedOpaqueSyntaxAttribute):
    """A `Pipe`."""

    name = "ascendc.pipe"


@irdl_attr_definition
class HardEventAttr(EnumAttribute[HardEvent], SpacedOpaqueSyntaxAttribute):
    """A `HardEvent`."""

    name = "ascendc.event"


@irdl_attr_definition
class RoundModeAttr(EnumAttribute[RoundMode], SpacedOpaqueSyntaxAttribute):
    """A `RoundMode`."""

    name = "ascendc.round"


@irdl_attr_definition
class CmpModeAttr(EnumAttribute[CmpMode], SpacedOpaqueSyntaxAttribute):
    """A `CmpMode`."""

    name = "ascendc.cmp_mode"


@irdl_attr_definition
class SelModeAttr(EnumAttribute[SelMode], SpacedOpaqueSyntaxAttribute):
    """A `SelMode`."""

    name = "ascendc.sel_mode"


@irdl_attr_definition
class QuantModeAttr(EnumAttribute[QuantMode], SpacedOpaqueSyntaxAttribute):
    """A `QuantMode`."""

    name = "ascendc.quant"


@irdl_attr_definition
class LayoutAttr(EnumAttribute[Layout], SpacedOpaqueSyntaxAttribute):
    """A `Layout`."""

    name = "ascendc.layout"


@irdl_attr_definition
class KernelTypeAttr(EnumAttribute[KernelType], SpacedOpaqueSyntaxAttribute):
    """A `KernelType`."""

    name = "ascendc.cores"


@irdl_attr_definition
class ArithmeticAttr(EnumAttribute[Arithmetic], SpacedOpaqueSyntaxAttribute):
    """An `Arithmetic`."""

    name = "ascendc.arithmetic"
