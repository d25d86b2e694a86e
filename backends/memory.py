"""How much memory a machine has, and what does not fit into it."""

from __future__ import annotations

import os
from pathlib import Path

from ligrad_ir.errors import LigradError

_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def memory_bytes() -> int:
    """The memory of this machine, or of the container that the process runs in."""
    found = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in _LIMITS:
        try:
            text = path.read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdecimal():
            found = min(found, int(text))
    return found


def require_memory(what: str, needed: int, hint: str = "") -> None:
    """Refuse what cannot fit, before any of it is allocated.

    what: that takes the memory, as in "the arrays"; needed: bytes, at least; hint: what
    to do about it.

    Raises:
        LigradError: this machine has less than is needed.
    """
    if needed > (have := memory_bytes()):
        raise LigradError(
            f"{what} would take {spell_bytes(needed)}, more than the "
            f"{spell_bytes(have)} of memory here{hint and '; '}{hint}"
        )


def spell_bytes(number: int) -> str:
    """`1.5 GiB`"""
    size, units = float(number), ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:.3g} {units[0]}" if size < 1e6 else f"{size:.1e} {units[0]}"
