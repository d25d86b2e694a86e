"""Global memory as the model sees it: which lines are in L2, and who gets the port when."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from backends.ascendc.twin.timing import Timing

WINDOW = 64
"""Cycles over which a port spreads its bytes, as on the twin's clock."""
LINE = 512
"""Bytes of a line of L2."""
SCALAR_LINE = 64
"""Bytes of a line of the scalar unit's cache."""


@dataclass(slots=True)
class Transfer:
    """Bursts that are `pitch` bytes apart, from a place in a buffer of global memory or to
    it, at up to `rate` bytes a cycle, as if they were `factor` times as many bytes."""

    buffer: int
    offset: int
    bursts: int
    bytes: int
    pitch: int
    rate: float
    factor: float = 1.0
    is_written: bool = False


class Port:
    """One way between a group of cores and L2: `rate` bytes a cycle, shared."""

    def __init__(self, rate: float):
        self._capacity = rate * WINDOW
        self._used: dict[int, float] = defaultdict(float)

    def move(self, start: float, bytes: float, rate: float) -> float:
        """When the last of `bytes` is through that are sent from `start` on, at up to
        `rate` bytes a cycle, if others keep what they have."""
        used, capacity = self._used, self._capacity
        at, end = start, start
        index = int(start // WINDOW)
        while bytes > 0:
            window_end = (index + 1) * WINDOW
            amount = min(bytes, rate * (window_end - at), capacity - used[index])
            if amount > 0:
                used[index] += amount
                on_port = index * WINDOW + used[index] / capacity * WINDOW
                end = max(at + amount / rate, on_port)
                bytes -= amount
            at = window_end
            index += 1
        return end


class Memory:
    """What the cores of a group share. read, written: bytes so far."""

    def __init__(self, timing: Timing):
        self.timing = timing
        self.read = 0
        self.written = 0
        self._reads: dict[int, Port] = {}
        self._writes: dict[int, Port] = {}
        self._touched: set[tuple[int, int]] = set()

    def _port(self, ports: dict[int, Port], core: int, rate: str) -> Port:
        """The way of a core: by default that of its group."""
        number = 0 if self.timing["group_port"] else core
        if number not in ports:
            ports[number] = Port(self.timing[rate])
        return ports[number]

    def move(self, core: int, start: float, transfer: Transfer) -> tuple[float, float]:
        """When the last byte of a transfer is through the port, and how long it takes to
        arrive from there. core: its number in the group."""
        missed = self._touch(transfer)
        bytes = transfer.bursts * transfer.bytes
        if transfer.is_written:
            self.written += bytes
            port, latency = self._port(self._writes, core, "l2_write_rate"), 0.0
        else:
            self.read += bytes
            port = self._port(self._reads, core, "l2_read_rate")
            latency = self.timing["hbm_latency" if missed else "l2_latency"]
        return port.move(start, bytes * transfer.factor, transfer.rate), latency

    def _touch(self, transfer: Transfer) -> bool:
        """Whether some of it was not in L2; all is from now on. Nothing leaves L2: a few
        tokens are less than it holds."""
        touched, missed = self._touched, False
        for number in range(transfer.bursts):
            first = transfer.offset + number * transfer.pitch
            for line in range(first // LINE, (first + transfer.bytes - 1) // LINE + 1):
                if (transfer.buffer, line) not in touched:
                    touched.add((transfer.buffer, line))
                    missed = True
        return missed
