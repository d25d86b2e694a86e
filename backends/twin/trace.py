"""A trace of the modelled run, to be looked at in Perfetto or chrome://tracing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backends.files import write_text
from ligrad_ir.soc import Soc

NOTE = "The time is that of a model (docs/timing.md): nothing was measured on a chip."
TICKS = 1024
"""Parts of a cycle in which the engine counts."""
PIPES = ("S", "V", "M", "MTE1", "MTE2", "MTE3", "FIX")


@dataclass(frozen=True)
class Trace:
    """What every pipe did when. An event is (core, pipe, reason, site, start, length,
    bytes of GM); reason 0 is work, the others say why the pipe stood still; times in
    ticks. `dropped` events came after the limit."""

    soc: Soc
    cores: tuple[str, ...]
    sites: tuple[tuple[str, str, int], ...]
    reasons: tuple[str, ...]
    events: tuple[tuple[int, ...], ...]
    dropped: int

    def perfetto(self) -> dict[str, Any]:
        """The trace in the JSON of Chrome's tracing: a process for each core, a thread
        for each pipe, times in microseconds at the clock of the chip."""
        per_us = TICKS * self.soc.mhz
        shown: list[dict[str, Any]] = [
            {"name": "process_name", "ph": "M", "pid": pid, "args": {"name": core}}
            for pid, core in enumerate(self.cores)
        ]
        shown += [
            {
                "name": "thread_name",
                "ph": "M",
                "pid": core,
                "tid": pipe,
                "args": {"name": PIPES[pipe]},
            }
            for core, pipe in sorted({event[:2] for event in self.events})
        ]
        for core, pipe, reason, site, start, length, moved in self.events:
            api, file, line = self.sites[site]
            args: dict[str, Any] = {"place": f"{file}:{line}", "cycles": length / TICKS}
            if moved:
                args["bytes"] = moved
            if reason:
                args["call"] = api
            shown.append(
                {
                    "name": f"wait: {self.reasons[reason]}" if reason else api,
                    "cat": "stall" if reason else "work",
                    "ph": "X",
                    "pid": core,
                    "tid": pipe,
                    "ts": start / per_us,
                    "dur": length / per_us,
                    "args": args,
                }
            )
        note = NOTE + (f" {self.dropped} events are left out." if self.dropped else "")
        return {
            "traceEvents": shown,
            "displayTimeUnit": "ns",
            "otherData": {"note": note, "soc": self.soc.name},
        }

    def write(self, path: str | Path) -> None:
        """Write the trace as a JSON file that Perfetto opens.

        Raises:
            LigradError: the file cannot be written.
        """
        write_text(Path(path), json.dumps(self.perfetto()))
