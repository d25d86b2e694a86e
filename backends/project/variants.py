"""The kernels that serve one operator: one for every dtype, layout and order of sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.dialects.builtin import (
    BFloat16Type,
    Float16Type,
    Float32Type,
    IntegerType,
    ModuleOp,
)
from xdsl.ir import Attribute

from backends.project.host import Kernel, kernel_of
from ligrad_ir.signature import (
    LAYOUTS,
    ArrayPort,
    Layout,
    ScalarPort,
    Signature,
)
from ligrad_ir.soc import Soc

KERNEL_FOLDER = "op_kernel"
CPP_ELEMENTS: Mapping[type[Attribute], str] = {
    BFloat16Type: "BFloat16",
    Float16Type: "Float16",
    Float32Type: "Float32",
    IntegerType: "Int32",
}
"""How `Element` calls a dtype in the host header."""
CANN_DTYPES: Mapping[type[Attribute], str] = {
    BFloat16Type: "DT_BF16",
    Float16Type: "DT_FLOAT16",
    Float32Type: "DT_FLOAT",
    IntegerType: "DT_INT32",
}
"""How CANN calls a dtype."""


DTYPE_TAGS: Mapping[type[Attribute], str] = {
    BFloat16Type: "bf16",
    Float16Type: "fp16",
    Float32Type: "f32",
}
KEYS = ("bf16", "fp16", "f32")
"""The dtypes in the order of their tiling keys; others follow."""


def dtype_tag(signature: Signature) -> str:
    """The dtypes of the float arrays, as in `bf16`."""
    ports = (*signature.arrays, *signature.outputs)
    tags = [DTYPE_TAGS[type(p.element)] for p in ports if type(p.element) in DTYPE_TAGS]
    halves = [tag for tag in tags if tag != "f32"]
    return "_".join(dict.fromkeys(halves or tags))


def variant_name(signature: Signature, deterministic: bool) -> str:
    """What tells a variant from the others, as in `bf16_bsnd_deterministic`."""
    name = f"{dtype_tag(signature)}_{signature.layout.lower()}"
    return name + "_deterministic" * deterministic


@dataclass(frozen=True)
class Variant:
    """One kernel of an operator. module: as `lower-to-ascendc` leaves it; soc: the chip
    that it was made for."""

    signature: Signature
    deterministic: bool
    module: ModuleOp
    soc: Soc

    @property
    def layout(self) -> Layout:
        """The layout of the arrays."""
        return self.signature.layout

    @property
    def name(self) -> str:
        """What tells the variant from the others."""
        return variant_name(self.signature, self.deterministic)

    @property
    def key(self) -> int:
        """Its tiling key, the same in every project."""
        tag = dtype_tag(self.signature)
        dtype = KEYS.index(tag) if tag in KEYS else len(KEYS)
        layout = LAYOUTS.index(self.layout)
        return 1 + 4 * dtype + 2 * layout + self.deterministic

    @property
    def function(self) -> str:
        """The device function."""
        return f"{self.kernel.name}_{self.name}"

    @property
    def source(self) -> str:
        """The file with it, in the directory of the project."""
        return f"{KERNEL_FOLDER}/{self.function}.cpp"

    def defines(self) -> dict[str, str]:
        """The macros with which the entry is compiled for this kernel."""
        dtypes = {
            f"ORIG_DTYPE_{port.name.upper()}": CANN_DTYPES[type(port.element)]
            for port in self.signature.arrays
        }
        return {"TILING_KEY_VAR": str(self.key), **dtypes}

    @cached_property
    def kernel(self) -> Kernel:
        """The kernel as the host sees it."""
        return kernel_of(self.module)


@dataclass(frozen=True)
class Family:
    """All variants that one CANN operator dispatches to, of one program."""

    variants: tuple[Variant, ...]

    @property
    def name(self) -> str:
        """The name of the program."""
        return self.variants[0].signature.name

    @property
    def kernel(self) -> str:
        """The name of the entry, in snake case."""
        return self.variants[0].kernel.name

    @property
    def struct(self) -> str:
        """The tiling struct, which all variants share."""
        return self.variants[0].kernel.struct

    @property
    def header(self) -> str:
        """The file with the tiling struct."""
        return self.variants[0].kernel.header

    @property
    def source(self) -> str:
        """The file with the entry, in the directory of the project."""
        return f"{KERNEL_FOLDER}/{self.kernel}.cpp"

    @property
    def inputs(self) -> tuple[ArrayPort, ...]:
        """The arrays that go in."""
        return self.variants[0].signature.arrays

    @property
    def outputs(self) -> tuple[ArrayPort, ...]:
        """The arrays that come out."""
        return self.variants[0].signature.outputs

    @property
    def scalars(self) -> tuple[ScalarPort, ...]:
        """The attributes that the program declares."""
        return self.variants[0].signature.scalars

    @property
    def packs(self) -> bool:
        """Whether there is a packed axis, so that the layout means something."""
        return any(a.is_packed for a in self.variants[0].signature.axes.values())

    @property
    def ragged(self) -> bool:
        """Whether there is a layout in which runs differ in length."""
        return self.packs and "TND" in self.layouts

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """The layouts that there are kernels for."""
        have = {variant.layout for variant in self.variants}
        return tuple(layout for layout in LAYOUTS if layout in have)

    def elements(self, name: str) -> tuple[Attribute, ...]:
        """The element types that an array may have, in the order of the variants."""
        found: dict[Attribute, None] = {}
        for variant in self.variants:
            for port in (*variant.signature.arrays, *variant.signature.outputs):
                if port.name == name:
                    found[port.element] = None
        return tuple(found)

    @property
    def half_port(self) -> ArrayPort | None:
        """The input whose dtype chooses between variants, None if none does."""
        for port in self.inputs:
            if len(self.elements(port.name)) > 1:
                return port
        return None

    def optional(self, port: ArrayPort) -> bool:
        """Whether an input is left out in some layout."""
        if port.ends is None:
            return False
        return any(v.signature.axes[port.ends].uniform for v in self.variants)

    def element_in(self, port: ArrayPort, variant: Variant) -> Attribute:
        """The element type of a port in a variant."""
        ports: Sequence[ArrayPort] = (
            *variant.signature.arrays,
            *variant.signature.outputs,
        )
        return next(p.element for p in ports if p.name == port.name)
