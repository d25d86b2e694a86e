"""What the compiler knows of each chip: one frozen record, one table.

Sources: the `platform_config/*.ini` files of CANN 8.1.RC1 (core counts, clock, L2), whose
keys are named below, and the Ascend C guide's page on architecture 2201 (alignments,
reserved space, event ids, repeat limits).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ligrad_ir.errors import LigradError

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True)
class Soc:
    """A chip of architecture 2201 (Atlas A2 and A3). Sizes in bytes."""

    name: str
    cube_cores: int
    """`cube_core_cnt`; each has two vector cores beside it (`vector_core_cnt`)."""
    mhz: int
    """`cube_freq`."""
    l2_size: int
    """`l2_size`."""
    hbm_size: int = 64 * GIB
    """`memory_size`; the file of 910b2c leaves it out."""
    vector_cores_per_cube: int = 2

    l1_size: int = 512 * KIB
    l0a_size: int = 64 * KIB
    l0b_size: int = 64 * KIB
    l0c_size: int = 128 * KIB
    ub_size: int = 192 * KIB
    bt_size: int = 1 * KIB
    fb_size: int = 7 * KIB
    """Of the Fixpipe buffer: `fb0..3_size` add up to this; the guide says 2 KiB."""
    l1_reserved: int = 256
    """Kept by the framework at the end of L1 in kernels that mix cube and vector."""
    ub_reserved: int = 8 * KIB + 256
    """8 KiB scratch of Select and others, and 256 bytes of the framework."""

    ub_alignment: int = 32
    l1_alignment: int = 32
    l0_alignment: int = 512
    l0c_alignment: int = 1024
    """Of an Mmad result; Fixpipe alone would be content with 64."""
    gm_alignment: int = 512
    """An L2 line: segments of the workspace start on one."""

    cache_line: int = 64
    """Of the data cache of a scalar unit."""
    block_bytes: int = 32
    """The unit of on-chip transfers."""
    vector_bytes: int = 256
    """What one repeat of a vector instruction covers."""
    max_repeat: int = 255
    max_nd2nz_pitch: int = 2**16 - 1
    """Elements between the starts of two rows that one copy brings to NZ."""
    fractal: int = 16
    """Rows (and half columns) of a cube fractal."""
    event_ids: int = 8
    """Per ordered pair of pipes, 0 to 7."""
    cross_core_flags: int = 11
    """0 to 10 are free for kernels; the ones behind serve SyncAll."""
    cross_core_limit: int = 15
    """Largest number of set and not yet awaited cross-core flags of one id."""

    @property
    def vector_cores(self) -> int:
        """`vector_core_cnt`"""
        return self.cube_cores * self.vector_cores_per_cube


COMPUTE_UNITS = ("ascend910b", "ascend910_93")
"""The families of these chips, as CANN's build calls them."""

SOCS: Mapping[str, Soc] = {
    soc.name: soc
    for soc in (
        Soc("ascend910b1", 24, 1850, 192 * MIB),
        Soc("ascend910b2", 24, 1800, 192 * MIB),
        Soc("ascend910b2c", 24, 1800, 192 * MIB),
        Soc("ascend910b3", 20, 1800, 192 * MIB),
        Soc("ascend910b4", 20, 1500, 96 * MIB, 32 * GIB),
        Soc("ascend910b4-1", 20, 1500, 168 * MIB, 32 * GIB),
        Soc("ascend910_9362", 20, 1500, 168 * MIB, 32 * GIB),
        Soc("ascend910_9372", 20, 1800, 192 * MIB),
        Soc("ascend910_9381", 24, 1800, 192 * MIB),
        Soc("ascend910_9382", 24, 1800, 192 * MIB),
        Soc("ascend910_9391", 24, 1850, 192 * MIB),
        Soc("ascend910_9392", 24, 1850, 192 * MIB),
    )
}


def find_soc(name: object) -> Soc:
    """The chip of a name, in any case.

    Raises:
        LigradError: if there is none of that name; says which there are.
    """
    soc = SOCS.get(name.lower()) if isinstance(name, str) else None
    if soc is None:
        shown = repr(name) if isinstance(name, str) else type(name).__name__
        raise LigradError(f"there is no chip {shown}; there are: {', '.join(SOCS)}")
    return soc
