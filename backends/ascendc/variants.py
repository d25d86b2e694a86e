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

from backends.ascendc.host import Kernel, kernel_of
from ligrad_ir.signature import (
    LAYOUTS,
    ArrayPort,
    Half,
    Layout,
    ScalarPort,
    Signature,
)

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


@dataclass(frozen=True)
class Variant:
    """One kernel of an operator. half: what `half` means in it; module: as
    `lower-to-ascendc` leaves it."""

    half: Half
    deterministic: bool
    signature: Signature
    module: ModuleOp

    @property
    def layout(self) -> Layout:
        """The layout of the arrays."""
        return self.signature.layout

    @property
    def suffix(self) -> str:
        """What tells the variant from the others, as in `bf16_bsnd_deterministic`."""
        return f"{self.half}_{self.layout.lower()}" + (
            "_deterministic" if self.deterministic else ""
        )

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
        return f"op_kernel/{self.kernel}.cpp"

    def function(self, variant: Variant) -> str:
        """The device function of a variant."""
        return f"{self.kernel}_{variant.suffix}"

    def key(self, variant: Variant) -> int:
        """The tiling key of a variant: 1, 2, .."""
        return self.variants.index(variant) + 1

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

    def on_host(self, port: ArrayPort) -> bool:
        """Whether the host has to know what an input holds: run ends that callers pass."""
        return port.ends is not None and any(
            not variant.signature.axes[port.ends].uniform for variant in self.variants
        )

    def element_in(self, port: ArrayPort, variant: Variant) -> Attribute:
        """The element type of a port in a variant."""
        ports: Sequence[ArrayPort] = (
            *variant.signature.arrays,
            *variant.signature.outputs,
        )
        return next(p.element for p in ports if p.name == port.name)
