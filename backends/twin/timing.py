"""The parameters of the twin's model of time: one table, each value with its source.

The model is in `engine/clock.*`; what it does with them is in docs/timing.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

Standing = Literal["read", "inferred", "assumed"]
"""`read`: a document or a file of the vendor states it; `inferred`: computed from such
numbers; `assumed`: nobody states it, or two documents disagree."""


@dataclass(frozen=True)
class Parameter:
    """One value of the model. Cycles are those of the cores; rates are bytes a cycle."""

    name: str
    value: float
    unit: str
    standing: Standing
    source: str


_INI = "platform_config/Ascend910B*.ini of CANN 8.1, AICoreMemoryRates"
_COPY = "asc-devkit best practices, data_copy sample"
_ASSUMED = "no source"

PARAMETERS = (
    # What the scalar unit spends on a call; it issues everything, in order.
    Parameter(
        "issue_transfer",
        20.9,
        "cycles",
        "inferred",
        f"{_COPY}: 2.36 million rows of 128 bytes on 48 cores in 548 us; whether the "
        "scalar unit or the pipe spends them, it does not tell",
    ),
    Parameter("issue_load", 8, "cycles", "assumed", _ASSUMED),
    Parameter("issue_mmad", 8, "cycles", "assumed", _ASSUMED),
    Parameter("issue_fixpipe", 20.9, "cycles", "assumed", "as issue_transfer"),
    Parameter("issue_vector", 4, "cycles", "assumed", _ASSUMED),
    Parameter(
        "mask_writes",
        4,
        "cycles",
        "read",
        "guide, reuse of the mask: four mask calls around a count form, one cycle each",
    ),
    Parameter("issue_flag", 1, "cycles", "assumed", "as a mask write"),
    Parameter("issue_cross", 4, "cycles", "assumed", _ASSUMED),
    Parameter(
        "scalar_access",
        11,
        "cycles",
        "inferred",
        "add practice: 34 cycles an element in a loop of two GetValue and a SetValue",
    ),
    Parameter(
        "queue_depth",
        32,
        "instructions",
        "read",
        "page on architecture 2201, for MTE1 and M; assumed for the other pipes",
    ),
    # Transfers between GM and a core.
    Parameter(
        "transfer_startup",
        15.7,
        "cycles",
        "inferred",
        f"{_COPY}: startup + one row = 20.9, startup + 64 rows = 349 cycles",
    ),
    Parameter(
        "transfer_burst",
        5.2,
        "cycles a burst or row",
        "inferred",
        "as transfer_startup",
    ),
    Parameter("l2_read_rate", 110, "bytes a cycle", "read", f"{_INI}, l2_read_rate"),
    Parameter("l2_write_rate", 86, "bytes a cycle", "read", f"{_INI}, l2_write_rate"),
    Parameter("ub_write_rate", 64, "bytes a cycle", "read", f"{_INI}, ub_to_l2_rate"),
    Parameter(
        "group_port",
        1,
        "switch",
        "assumed",
        "1: the three cores of a group share the l2 rates; 0: each core has its own",
    ),
    Parameter(
        "hbm_rate",
        32,
        "bytes a cycle and cube core of the chip",
        "read",
        f"{_INI}, ddr_rate; all cores share the sum",
    ),
    Parameter("l2_latency", 250, "cycles", "assumed", _ASSUMED),
    Parameter("hbm_latency", 500, "cycles", "assumed", _ASSUMED),
    Parameter("store_latency", 250, "cycles", "assumed", _ASSUMED),
    Parameter(
        "atomic_factor", 1, "times the bytes of a plain store", "assumed", _ASSUMED
    ),
    Parameter(
        "l2_holds",
        1,
        "times the l2_size of the chip",
        "assumed",
        "replacement is unknown",
    ),
    # The cube unit and what feeds it.
    Parameter("load_startup", 10, "cycles", "assumed", _ASSUMED),
    Parameter(
        "l0a_rate",
        256,
        "bytes a cycle",
        "assumed",
        f"page on architecture 2201; {_INI} says 512",
    ),
    Parameter(
        "l0b_rate",
        128,
        "bytes a cycle",
        "assumed",
        f"page on architecture 2201; {_INI} says 256",
    ),
    Parameter(
        "mmad_startup",
        7,
        "cycles",
        "inferred",
        "page on unitFlag: 8 Mmads of 128x256x64 in 4209 cycles, of 128x128x64 in 2172",
    ),
    Parameter(
        "mmad_step",
        1,
        "cycles a 16x16x16 step",
        "read",
        "page on architecture 2201; f32 takes four times as long",
    ),
    Parameter(
        "mmad_latency",
        60,
        "cycles",
        "inferred",
        "page on unitFlag: theory is m*n*k/4096 + 60",
    ),
    Parameter(
        "fixpipe_startup", 38, "cycles", "assumed", "40 for a single row, with its row"
    ),
    Parameter("fixpipe_row", 2, "cycles a row", "assumed", _ASSUMED),
    # The vector unit.
    Parameter(
        "vector_startup",
        24,
        "cycles",
        "inferred",
        "bank_conflict_ub sample: an Add of 64 repeats takes 88 cycles",
    ),
    Parameter(
        "vector_repeat",
        1,
        "cycles a repeat of 256 bytes",
        "read",
        "page on architecture 2201; add practice: 128 lanes of half a cycle",
    ),
    Parameter(
        "reduce_repeat",
        5,
        "cycles a repeat",
        "inferred",
        "guide, choice of reductions: 2 to 5 times an Add; to one value: 5",
    ),
    Parameter(
        "reduce_block",
        2,
        "cycles a repeat",
        "inferred",
        "as reduce_repeat, to blocks: 2",
    ),
    Parameter(
        "special_repeat", 4, "cycles a repeat", "assumed", "Div, Exp, Ln, Sqrt, .."
    ),
    Parameter("gather_repeat", 64, "cycles a repeat", "assumed", "an element a cycle"),
    Parameter(
        "select_setup",
        50,
        "cycles",
        "assumed",
        "modes 1 and 2: a Duplicate and two barriers, at vector_startup each",
    ),
    Parameter(
        "bank_read",
        1,
        "cycles a further read of a bank group",
        "inferred",
        "bank_conflict_ub sample: 4167 ticks instead of 2390",
    ),
    Parameter(
        "bank_write",
        0.78,
        "cycles a repeat",
        "inferred",
        "bank_conflict_ub sample: 3751 ticks instead of 2390, read and write in one bank",
    ),
    # Order.
    Parameter("flag_latency", 10, "cycles", "assumed", _ASSUMED),
    Parameter("cross_latency", 200, "cycles", "assumed", _ASSUMED),
)


def _by_name(parameters: tuple[Parameter, ...]) -> Mapping[str, Parameter]:
    return MappingProxyType({each.name: each for each in parameters})


@dataclass(frozen=True)
class Timing:
    """A set of values for all parameters; `Timing()` is the table as it stands."""

    parameters: Mapping[str, Parameter] = field(
        default_factory=lambda: _by_name(PARAMETERS)
    )

    def __getitem__(self, name: str) -> float:
        """The value of the parameter `name`."""
        return self.parameters[name].value

    def values(self) -> tuple[float, ...]:
        """All values in the order of the table, which is that of the engine."""
        return tuple(self.parameters[each.name].value for each in PARAMETERS)

    def changed(self, **values: float) -> Timing:
        """The same with other values; their standing becomes `assumed`.

        Raises:
            ValueError: there is no such parameter, or the value is negative, not a number
                or, where the model divides by it, zero.
        """
        changed = dict(self.parameters)
        for name, value in values.items():
            if name not in changed:
                raise ValueError(
                    f"there is no parameter {name!r}; there are: {', '.join(changed)}"
                )
            least = 1 if name == "queue_depth" else 0
            open_end = name.endswith("_rate") or name == "l2_holds"
            if not math.isfinite(value) or value < least or (open_end and value == 0):
                raise ValueError(
                    f"{name} is {value}, must be a number of at least {least}"
                )
            changed[name] = replace(
                changed[name], value=float(value), standing="assumed", source="given"
            )
        return Timing(MappingProxyType(changed))

    def scaled(self, name: str, factor: float) -> Timing:
        """The same with one value times `factor`."""
        return self.changed(**{name: self[name] * factor})

    def assumed(self) -> tuple[str, ...]:
        """The names of what nobody states, in the order of the table."""
        return tuple(
            name for name, each in self.parameters.items() if each.standing == "assumed"
        )


DEFAULT_TIMING = Timing()
