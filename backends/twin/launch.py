"""Run a compiled kernel on the simulated chip and report what it did."""

import ctypes
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from backends.memory import memory_bytes
from ligrad_ir.soc import SOCS, Soc, find_soc

from .arguments import Argument, packed, pointed
from .clock import Time
from .image import Image, Piece
from .process import Program, check_timeout
from .report import Hazard, KernelType, Place, Report
from .timing import DEFAULT_TIMING, Timing

DEFAULT_SOC = SOCS["ascend910b1"]


def memory_sizes(soc: Soc) -> tuple[int, ...]:
    """The bytes of each memory of a core, as the engine numbers them; GM has none."""
    return (
        0,
        soc.ub_size,
        soc.l1_size,
        soc.l0a_size,
        soc.l0b_size,
        soc.l0c_size,
        soc.bt_size,
        soc.fb_size,
    )


class Workspace:
    """Stands for the workspace among the arguments of a kernel."""


WORKSPACE = Workspace()


class Library:
    """A kernel compiled for both core types; made by `build`."""

    def __init__(self, program: Program, aic: ctypes.CDLL, aiv: ctypes.CDLL) -> None:
        """Wrap a program that runs the kernel, and the kernel's two libraries, loaded."""
        self._program = program
        self._aic = aic
        self._aiv = aiv
        self.arity = int(aic.twin_arity())

    def _inferred_type(self) -> KernelType:
        """For kernels that declare nothing: by the units whose calls the source has."""
        cube = hasattr(self._aic, "_ZN4twin9uses_cubeILi0EEEvv")
        vector = hasattr(self._aiv, "_ZN4twin11uses_vectorILi0EEEvv")
        if cube:
            return KernelType.MIX_AIC_1_2 if vector else KernelType.AIC_ONLY
        return (
            KernelType.MIX_AIV_1_0
            if hasattr(self._aiv, "_ZN4twin13uses_sync_allILi0EEEvv")
            else KernelType.AIV_ONLY
        )

    def launch(
        self,
        arguments: Sequence[Argument],
        block_dim: int,
        *,
        soc: Soc | str = DEFAULT_SOC,
        workspace: int = 0,
        tiling_key: int = 0,
        kernel_type: KernelType | None = None,
        names: Sequence[str] = (),
        clock: bool = True,
        timing: Timing = DEFAULT_TIMING,
        trace: int = 0,
        reverse: bool = False,
        check: bool = True,
        auto_sync: bool = False,
        timeout: float | None = None,
    ) -> Report:
        """
        Run the kernel on `block_dim` blocks; arrays are changed in place.

        `arguments` are the kernel's parameters in order: arrays (NumPy, bfloat16
        through ml_dtypes) and `bytes` or structures (tiling data) for pointers, numbers
        and structures for parameters passed by value. With `workspace` > 0 that many
        poisoned bytes are passed in front of the last argument if one parameter is
        missing, and are what GetSysWorkSpacePtr returns. `kernel_type` overrides what
        the kernel declares. Pointer arguments are copied to aligned memory and back.
        Hazards of the kernel are in the report. With `clock`, so is the time that a model
        with the parameters `timing` gives the run, and the first `trace` events of it.
        `check` looks for races, undefined bytes and stale caches; without it only values,
        bounds and flags count. `auto_sync` takes the edges for given that the compiler's
        `--cce-auto-sync=on` inserts on vector cores.
        `reverse` lets the simulated cores take turns in the other order.

        The kernel runs in a process of its own, which ends with the call; a fault of it
        that would end that process is a hazard like others. `timeout` limits its time, in
        seconds; None: any time.

        Raises:
            ValueError: the arguments do not fit the kernel, or the chip has not so many
                blocks.
            LigradError: the machine has not so much memory, or the timeout is no time.
        """
        check_timeout(timeout)
        soc = find_soc(soc) if isinstance(soc, str) else soc
        given = self._given(arguments, workspace)
        if not 1 <= block_dim <= soc.vector_cores:
            raise ValueError(f"block_dim {block_dim} is not in 1..{soc.vector_cores}")
        if not 0 <= workspace <= memory_bytes():
            raise ValueError(
                f"a workspace of {workspace} bytes is not in 0..{memory_bytes()}, what "
                "this machine has"
            )
        if not 0 <= tiling_key < 1 << 64:
            raise ValueError(f"tiling_key {tiling_key} is no uint64")
        pieces = self._pieces(given, workspace, names)
        with Image(pieces, timing.values() if clock else ()) as image:
            launch = image.launch
            launch.kernel_type = self._declared_type(kernel_type)
            launch.fallback_type = int(self._inferred_type())
            launch.blocks, launch.tiling_key = block_dim, tiling_key
            launch.sizes[:] = memory_sizes(soc)
            launch.l2_bytes, launch.cube_cores = soc.l2_size, soc.cube_cores
            launch.trace_limit = trace
            launch.reverse, launch.check = reverse, check
            launch.auto_sync = auto_sync
            data = self._program.run(image, timeout)
            for i, argument in enumerate(given):
                if isinstance(argument, np.ndarray) and argument.flags.writeable:
                    left = image.view(i).view(argument.dtype)
                    argument[...] = left.reshape(argument.shape)
        return self._report(data, soc, timing)

    def _given(
        self, arguments: Sequence[Argument], workspace: int
    ) -> list[Argument | Workspace]:
        """The arguments in the kernel's order, and the workspace, which may stand
        behind them."""
        given: list[Argument | Workspace] = list(arguments)
        taken = workspace > 0 and len(given) == self.arity - 1
        if taken:
            given.insert(self.arity - 2, WORKSPACE)
        if len(given) != self.arity:
            raise ValueError(
                f"the kernel has {self.arity} parameters, not {len(given)}"
            )
        return given if taken or not workspace else [*given, WORKSPACE]

    def _pieces(
        self,
        given: Sequence[Argument | Workspace],
        workspace: int,
        names: Sequence[str],
    ) -> list[Piece]:
        pieces: list[Piece] = []
        titles = iter(names)
        for i, argument in enumerate(given):
            if isinstance(argument, Workspace):
                pieces.append(Piece("workspace", workspace))
                continue
            title = next(titles, f"argument {i}")
            if size := int(self._aic.twin_argument_bytes(i)):
                value = np.frombuffer(packed(argument, size, title), np.uint8)
                pieces.append(Piece(title, value, by_value=True))
            else:
                pieces.append(Piece(title, pointed(argument, title)))
        return pieces

    def _declared_type(self, wanted: KernelType | None) -> int:
        """The type that is wanted, or that the kernel's qualifiers name; -1: none."""
        return int(self._aic.twin_qualified_type() if wanted is None else wanted)

    def _report(self, data: dict[str, Any], soc: Soc, timing: Timing) -> Report:
        return Report(
            tuple(map(self._hazard, data["entries"])),
            KernelType(data["kernel_type"]),
            str(data["output"]),
            cast("dict[str, int]", data["instructions"]),
            Time.parse(data["clock"], soc, timing) if data["clock"] else None,
        )

    def _hazard(self, entry: dict[str, Any]) -> Hazard:
        places = tuple(Place(**place) for place in entry.pop("places"))
        code = entry.pop("code")
        if not entry["file"]:
            entry |= self._program.place(entry["core"], code)
        return Hazard(**entry, places=places)
