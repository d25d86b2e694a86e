"""The cores of a simulated chip: their memories, their flags and how they meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from xdsl.ir import Operation

from backends.call.dtypes import Array
from backends.tiled.memory import Fault, poisoned, require
from backends.tiled.turns import Baton
from ligrad_ir.dialects.npu.types import Core, Pipe, Space
from ligrad_ir.places import place_of
from ligrad_ir.soc import Soc


def describe(op: Operation | None) -> str:
    """An operation in a message: where it comes from, and its text."""
    if op is None:
        return "the beginning"
    text = op.name if op.regions else str(op)
    place = place_of(op)
    return text if place is None else f"{place}: {text}"


def memories(soc: Soc, kind: Core) -> dict[Space, Array]:
    """The memories of a core, full of poison."""
    sizes: Mapping[Space, int] = {
        Space.L1: soc.l1_size,
        Space.L0A: soc.l0a_size,
        Space.L0B: soc.l0b_size,
        Space.L0C: soc.l0c_size,
    }
    if kind is Core.VECTOR:
        sizes = {Space.UB: soc.ub_size}
    return {space: poisoned(size) for space, size in sizes.items()}


@dataclass(eq=False)
class Meeting:
    """Where cores wait for each other, time and again.

    who: what messages call the cores; come: how many have come to each time, by its
    number from 1; times: how often each core has come.
    """

    who: str
    cores: list[CoreState] = field(default_factory=list["CoreState"])
    come: Counter[int] = field(default_factory=Counter[int])
    times: Counter[CoreState] = field(default_factory=Counter["CoreState"])


@dataclass(eq=False)
class CoreState:
    """One core: a cube core (sub 0) or one of the two vector cores of a group.

    flags: those raised between its pipes; sent and counts: by cross-core flag, how many
    sets have not reached the other side yet, and how many have arrived here; everyone
    and group: where it meets all cores, and those of its group; op: what it does now;
    raisers: what has set each flag last.
    """

    soc: Soc
    kind: Core
    block: int
    blocks: int
    sub: int
    baton: Baton
    everyone: Meeting
    group: Meeting
    number: int = 0
    flags: set[tuple[Pipe, Pipe, int]] = field(
        default_factory=set[tuple[Pipe, Pipe, int]]
    )
    op: Operation | None = None
    raisers: dict[object, Operation | None] = field(
        default_factory=dict[object, Operation | None]
    )

    def __post_init__(self) -> None:
        self.memories = memories(self.soc, self.kind)
        self.sent = [0] * self.soc.cross_core_flags
        self.counts = [0] * self.soc.cross_core_flags

    @property
    def name(self) -> str:
        """What messages call it."""
        which = "" if self.kind is Core.CUBE else f" {self.sub}"
        return f"{self.kind} core{which} of block {self.block}"

    def others(self) -> list[CoreState]:
        """The other side of the group: what its cross-core flags go to."""
        return [core for core in self.group.cores if core.kind is not self.kind]

    # ---- between the pipes

    def set_flag(self, source: Pipe, target: Pipe, event: int) -> None:
        """Raise a flag of this core."""
        flag = source, target, event
        require(
            flag not in self.flags,
            f"the flag {source} to {target} id {event} is set twice; nobody has waited "
            "for it in between",
        )
        self.flags.add(flag)
        self.raisers[flag] = self.op

    def wait_flag(self, source: Pipe, target: Pipe, event: int) -> None:
        """Take down a flag of this core; in program order, it has been raised."""
        flag = source, target, event
        require(
            flag in self.flags,
            f"deadlock: {target} waits for the flag {source} to {target} id {event}, "
            "which has not been set before",
        )
        self.flags.remove(flag)

    # ---- between the cores

    def cross_set(self, flag: int) -> None:
        """Count a flag up on the other side."""
        self.sent[flag] += 1
        for core in (self, *self.others()):
            core.raisers[flag] = self.op
        senders = [core for core in self.group.cores if core.kind is self.kind]
        if all(core.sent[flag] for core in senders):
            for core in senders:
                core.sent[flag] -= 1
            for core in self.others():
                core.counts[flag] += 1
        limit = self.soc.cross_core_limit
        for core in (self, *self.others()):
            count = max(core.sent[flag], core.counts[flag])
            require(
                count <= limit,
                f"cross-core flag {flag} has been set {count} times without a wait of "
                f"{self.others()[0].name}; the counter ends at {limit}",
            )

    def cross_wait(self, flag: int) -> None:
        """Stop until a flag counts, and count it down."""

        def why() -> str:
            sets = [f"{core.sent[flag]} by the {core.name}" for core in self.others()]
            half = f" (incomplete sets: {', '.join(sets)})"
            is_half = any(core.sent[flag] for core in self.others())
            return (
                f"waits for cross-core flag {flag} from the {self._senders()}"
                f"{half if is_half else ''}{self._place()}"
            )

        self.baton.wait(self.number, lambda: self.counts[flag] > 0, why)
        self.counts[flag] -= 1

    def meet(self, meeting: Meeting) -> None:
        """Stop until all cores of a meeting have come to it as often as this one."""
        meeting.times[self] += 1
        turn = meeting.times[self]
        meeting.come[turn] += 1

        def why() -> str:
            missing = [
                core.name for core in meeting.cores if meeting.times[core] < turn
            ]
            return (
                f"waits for {meeting.who}; {len(missing)} have not come, the first is "
                f"the {missing[0]}{self._place()}"
            )

        everyone = len(meeting.cores)
        self.baton.wait(self.number, lambda: meeting.come[turn] == everyone, why)

    def check_end(self) -> None:
        """No flag is left raised; `op` is what has set the one that is looked at.

        Raises:
            Fault: if one is.
        """
        for source, target, event in sorted(self.flags):
            self.op = self.raisers[source, target, event]
            raise Fault(
                f"{self.name}: the flag {source} to {target} id {event} is still set at "
                "the end"
            )
        for flag, (sent, count) in enumerate(zip(self.sent, self.counts)):
            self.op = self.raisers.get(flag)
            require(
                count == 0,
                f"{self.name}: cross-core flag {flag} still counts {count} at the end",
            )
            require(
                sent == 0,
                f"{self.name}: cross-core flag {flag} was set {sent} times more than by "
                "its neighbour",
            )

    def _senders(self) -> str:
        return " and the ".join(core.name for core in self.others())

    def _place(self) -> str:
        return f", in {describe(self.op)}"


def build_cores(soc: Soc, blocks: int, baton: Baton) -> list[CoreState]:
    """The cores of all groups: cube, vector 0, vector 1 of each in turn."""
    everyone = Meeting("all cores")
    for block in range(blocks):
        kinds = [(Core.CUBE, 0)]
        kinds += [(Core.VECTOR, sub) for sub in range(soc.vector_cores_per_cube)]
        group = Meeting("the cores of its group")
        group.cores += [
            CoreState(soc, kind, block, blocks, sub, baton, everyone, group)
            for kind, sub in kinds
        ]
        everyone.cores += group.cores
    return everyone.cores
