"""What the model of time says of a run: cycles, who was busy, who stood still and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ligrad_ir.soc import Soc

from .timing import Timing
from .trace import NOTE, TICKS, Trace


@dataclass(frozen=True)
class PipeTime:
    """Cycles of one pipe of one core, from the start of the launch to its end: `busy` +
    `stalls` by reason + `idle`, after its last instruction."""

    busy: float
    stalls: Mapping[str, float]
    idle: float


@dataclass(frozen=True)
class CoreTime:
    """One core: when it ended, its pipes, and what it used and did. `peaks`: the highest
    byte touched of each memory; `steps`: of 16x16x16 in the cube unit; `repeats`: of 256
    bytes in the vector unit."""

    name: str
    kind: str
    end: float
    pipes: Mapping[str, PipeTime]
    peaks: Mapping[str, int]
    steps: int
    repeats: int


@dataclass(frozen=True)
class SiteTime:
    """A call in the source, on all cores together: how often, the cycles that the scalar
    unit issued it, its pipe worked on it, and units stood still for it; and the bytes of
    GM."""

    api: str
    file: str
    line: int
    count: int
    issue: float
    busy: float
    stalled: float
    read: int
    written: int


@dataclass(frozen=True)
class GmBytes:
    """Bytes between the cores and GM, all of which pass L2, and those of them that the
    model takes from HBM or brings there."""

    read: int
    written: int
    hbm_read: int
    hbm_written: int


@dataclass(frozen=True)
class Time:
    """The time of a run in a model of the chip. It is a model: nothing was measured."""

    soc: Soc
    timing: Timing
    cycles: int
    cores: tuple[CoreTime, ...]
    sites: tuple[SiteTime, ...]
    gm: GmBytes
    trace: Trace | None

    @classmethod
    def parse(cls, data: Mapping[str, Any], soc: Soc, timing: Timing) -> Time:
        """From what the engine reports."""
        end = max(core["end"] for core in data["cores"])
        cores = tuple(_core(core, end) for core in data["cores"])
        scale = ("issue", "busy", "stalled")
        sites = tuple(
            SiteTime(**{**site, **{key: site[key] / TICKS for key in scale}})
            for site in data["sites"]
        )
        events: Sequence[Sequence[int]] = data["events"]
        trace = Trace(
            soc,
            tuple(core.name for core in cores),
            tuple((site.api, site.file, site.line) for site in sites),
            tuple(data["reasons"]),
            tuple(tuple(event) for event in events),
            data["dropped"],
        )
        return cls(
            soc,
            timing,
            math.ceil(end / TICKS),
            cores,
            sites,
            GmBytes(
                sum(site.read for site in sites),
                sum(site.written for site in sites),
                data["hbm_read"],
                data["hbm_written"],
            ),
            trace if events else None,
        )

    @property
    def microseconds(self) -> float:
        """The cycles at the clock of the chip."""
        return self.cycles / self.soc.mhz

    def by_api(self) -> dict[str, tuple[int, int]]:
        """Bytes read from GM and written to it by each API that moved any."""
        sums: dict[str, tuple[int, int]] = {}
        for site in self.sites:
            if site.read or site.written:
                read, written = sums.get(site.api, (0, 0))
                sums[site.api] = (read + site.read, written + site.written)
        return sums

    def peaks(self) -> dict[str, int]:
        """The highest byte touched of each memory, on any core."""
        found: dict[str, int] = {}
        for core in self.cores:
            for memory, peak in core.peaks.items():
                found[memory] = max(found.get(memory, 0), peak)
        return found

    def shares(self) -> dict[str, float]:
        """How much of the time each kind of unit was busy, from 0 to 1: `AIV MTE2` is the
        mean over the vector cores; `HBM` is what its bytes take of its rate."""
        sums: dict[str, list[float]] = {}
        for core in self.cores:
            for pipe, time in core.pipes.items():
                sums.setdefault(f"{core.kind} {pipe}", []).append(time.busy)
        cycles = max(self.cycles, 1)
        shares = {name: sum(busy) / len(busy) / cycles for name, busy in sums.items()}
        rate = self.timing["hbm_rate"] * self.soc.cube_cores
        shares["HBM"] = (self.gm.hbm_read + self.gm.hbm_written) / (rate * cycles)
        return shares

    def busiest(self) -> str:
        """The kind of unit that was busy for the largest share of the time. What is busy
        for less than half of it does not bound the run: latencies and waiting do."""
        shares = self.shares()
        return max(shares, key=lambda name: shares[name])

    def held_up(self) -> str:
        """What the scalar units, which issue everything, waited for longest, as
        `AIV: flag of MTE2`; empty if they never waited."""
        sums: dict[str, float] = {}
        for core in self.cores:
            for reason, value in core.pipes["S"].stalls.items():
                name = f"{core.kind}: {reason}"
                count = sum(other.kind == core.kind for other in self.cores)
                sums[name] = sums.get(name, 0) + value / count
        return max(sums, key=lambda name: sums[name]) if sums else ""

    def as_json(self) -> dict[str, Any]:
        """Everything but the trace."""
        return {
            "note": NOTE,
            "soc": self.soc.name,
            "cycles": self.cycles,
            "microseconds": self.microseconds,
            "busiest": self.busiest(),
            "held_up": self.held_up(),
            "gm": asdict(self.gm),
            "peaks": self.peaks(),
            "shares": self.shares(),
            "cores": [asdict(core) for core in self.cores],
            "sites": [asdict(site) for site in self.sites],
            "parameters": [asdict(each) for each in self.timing.parameters.values()],
        }

    def table(self, lines: int = 12) -> str:
        """A short table: the units by kind of core, why they stood still, and the
        `lines` calls that took most."""
        return "\n".join([*_head(self), *_units(self), *_calls(self, lines), NOTE])


def _core(data: Mapping[str, Any], end: int) -> CoreTime:
    kind = str(data["type"])
    name = f"block {data['block']} {kind}"
    return CoreTime(
        name if kind == "AIC" else f"{name}{data['sub_block']}",
        kind,
        data["end"] / TICKS,
        {
            pipe: PipeTime(
                time["busy"] / TICKS,
                {reason: value / TICKS for reason, value in time["stalls"].items()},
                (end - time["until"]) / TICKS,
            )
            for pipe, time in data["pipes"].items()
        },
        data["peaks"],
        data["steps"],
        data["repeats"],
    )


def _head(time: Time) -> list[str]:
    gm, mib, busiest = time.gm, 1 << 20, time.busiest()
    share = time.shares()[busiest]
    bound = "" if share >= 0.5 else ": latencies and waiting bound the run"
    return [
        f"{time.cycles} cycles = {time.microseconds:.1f} us on {time.soc.name}, in a model",
        f"busiest: {busiest}, {share:.1%}{bound}",
        f"GM: {gm.read / mib:.2f} MiB read ({gm.hbm_read / mib:.2f} from HBM), "
        f"{gm.written / mib:.2f} MiB written ({gm.hbm_written / mib:.2f} to HBM)",
        "used: " + ", ".join(f"{name} {peak}" for name, peak in time.peaks().items()),
    ]


def _units(time: Time) -> list[str]:
    """One line a unit: the shares of the cycles, as a mean over the cores of a kind."""
    rows = [f"{'unit':9} {'busy':>6} {'stalled':>8} {'idle':>6}  why it stood still"]
    for kind in ("AIC", "AIV"):
        cores = [core for core in time.cores if core.kind == kind]
        if not cores:
            continue
        whole = max(time.cycles, 1) * len(cores)
        for pipe in cores[0].pipes:
            times = [core.pipes[pipe] for core in cores]
            why: dict[str, float] = {}
            for each in times:
                for reason, value in each.stalls.items():
                    why[reason] = why.get(reason, 0) + value
            top = sorted(why.items(), key=lambda item: -item[1])[:4]
            text = ", ".join(f"{reason} {value / whole:.1%}" for reason, value in top)
            busy, idle = (sum(t.busy for t in times), sum(t.idle for t in times))
            rows.append(
                f"{kind + ' ' + pipe:9} {busy / whole:6.1%} "
                f"{sum(why.values()) / whole:8.1%} {idle / whole:6.1%}  {text}"
            )
    return rows


def _calls(time: Time, lines: int) -> list[str]:
    rows = [f"{'cycles':>10} {'count':>8} {'read':>11} {'written':>11}  call"]
    by_cost = sorted(time.sites, key=lambda site: -(site.busy + site.issue))
    rows += [
        f"{site.busy + site.issue:10.0f} {site.count:8} {site.read:11} "
        f"{site.written:11}  {site.api} (line {site.line})"
        for site in by_cost[:lines]
    ]
    return rows
