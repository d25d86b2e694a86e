"""Run a compiled kernel on the simulated chip and report what it did."""

import ctypes
import json
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from backends.memory import memory_bytes
from ligrad_ir.soc import SOCS, Soc, find_soc

from .arguments import Argument, Buffer, packed, pointed
from .clock import Time
from .report import Hazard, KernelType, Place, Report
from .timing import DEFAULT_TIMING, PARAMETERS, Timing

DEFAULT_SOC = SOCS["ascend910b1"]


class _Argument(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("bytes", ctypes.c_uint64),
        ("by_value", ctypes.c_int32),
        ("scratch", ctypes.c_int32),
    )


class _Launch(ctypes.Structure):
    _fields_ = (
        ("bind", ctypes.c_void_p * 2),
        ("call", ctypes.c_void_p * 2),
        ("arguments", ctypes.POINTER(_Argument)),
        ("argument_count", ctypes.c_int32),
        ("kernel_type", ctypes.c_int32),
        ("fallback_type", ctypes.c_int32),
        ("blocks", ctypes.c_uint32),
        ("tiling_key", ctypes.c_uint64),
        ("sizes", ctypes.c_uint64 * 8),
        ("workspace", ctypes.c_void_p),
        ("reverse", ctypes.c_int32),
        ("parameters", ctypes.POINTER(ctypes.c_double)),
        ("l2_bytes", ctypes.c_uint64),
        ("cube_cores", ctypes.c_uint32),
        ("trace_limit", ctypes.c_uint64),
        ("check", ctypes.c_int32),
        ("auto_sync", ctypes.c_int32),
    )


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


class Library:
    """A kernel compiled for both core types; made by `build`."""

    def __init__(self, engine: ctypes.CDLL, aic: ctypes.CDLL, aiv: ctypes.CDLL) -> None:
        """Wrap the loaded engine and the two loaded kernel libraries."""
        self._engine = engine
        self._aic = aic
        self._aiv = aiv
        self.arity = int(aic.twin_arity())
        engine.twin_launch.restype = ctypes.c_void_p
        engine.twin_free.argtypes = [ctypes.c_void_p]
        engine.twin_timing_names.restype = ctypes.c_char_p
        expected = engine.twin_timing_names().decode().split()
        assert expected == [each.name for each in PARAMETERS], "timing.py, traffic.h"

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

        Raises:
            ValueError: the arguments do not fit the kernel, or the chip has not so many
                blocks.
        """
        soc = find_soc(soc) if isinstance(soc, str) else soc
        given = list(arguments)
        titles = [
            names[i] if i < len(names) else f"argument {i}" for i in range(len(given))
        ]
        if not 0 <= workspace <= memory_bytes():
            raise ValueError(
                f"a workspace of {workspace} bytes is not in 0..{memory_bytes()}, what "
                "this machine has"
            )
        if not 0 <= tiling_key < 1 << 64:
            raise ValueError(f"tiling_key {tiling_key} is no uint64")
        scratch = np.full(workspace, 0xFF, np.uint8)
        if workspace and len(given) == self.arity - 1:
            at = self.arity - 2
            given.insert(at, scratch)
            titles.insert(at, "workspace")
        if len(given) != self.arity:
            raise ValueError(
                f"the kernel has {self.arity} parameters, not {len(given)}"
            )
        if not 1 <= block_dim <= soc.vector_cores:
            raise ValueError(f"block_dim {block_dim} is not in 1..{soc.vector_cores}")
        buffers: list[Buffer | None] = []
        keep: list[Any] = []
        launch = _Launch()
        launch.check = check
        launch.auto_sync = auto_sync
        launch.reverse = reverse
        if clock:
            table = (ctypes.c_double * len(PARAMETERS))(*timing.values())
            launch.parameters = ctypes.cast(table, ctypes.POINTER(ctypes.c_double))
        launch.l2_bytes, launch.cube_cores = soc.l2_size, soc.cube_cores
        launch.trace_limit = trace
        records = (_Argument * (len(given) + 1))()
        for i, argument in enumerate(given):
            size = int(self._aic.twin_argument_bytes(i))
            if size:
                value = ctypes.create_string_buffer(
                    packed(argument, size, titles[i]), size
                )
                keep.append(value)
                buffers.append(None)
                records[i] = _Argument(
                    titles[i].encode(), ctypes.addressof(value), size, 1
                )
                continue
            buffer = Buffer(pointed(argument, titles[i]))
            buffers.append(buffer)
            records[i] = _Argument(
                titles[i].encode(),
                buffer.address,
                buffer.bytes,
                0,
                argument is scratch,
            )
        spare = (
            Buffer(scratch)
            if workspace and not any(argument is scratch for argument in given)
            else None
        )
        if spare is not None:
            records[len(given)] = _Argument(
                b"workspace", spare.address, spare.bytes, 0, 1
            )
        found = next(
            (
                buffer
                for buffer, argument in zip(buffers, given, strict=True)
                if argument is scratch
            ),
            spare,
        )
        report = self._run(
            launch,
            timing,
            records,
            len(given) + (spare is not None),
            block_dim,
            soc,
            tiling_key,
            kernel_type,
            found,
        )
        for argument, buffer in zip(given, buffers, strict=True):
            if (
                buffer is not None
                and isinstance(argument, np.ndarray)
                and argument.flags.writeable
            ):
                argument[...] = buffer.view.view(argument.dtype).reshape(argument.shape)
        return report

    def _run(
        self,
        launch: _Launch,
        timing: Timing,
        records: ctypes.Array[_Argument],
        count: int,
        block_dim: int,
        soc: Soc,
        tiling_key: int,
        kernel_type: KernelType | None,
        workspace: Buffer | None,
    ) -> Report:
        for i, library in enumerate((self._aic, self._aiv)):
            launch.bind[i] = ctypes.cast(library.twin_bind, ctypes.c_void_p).value
            launch.call[i] = ctypes.cast(library.twin_call, ctypes.c_void_p).value
        launch.arguments = ctypes.cast(records, ctypes.POINTER(_Argument))
        launch.argument_count = count
        launch.kernel_type = (
            int(self._aic.twin_qualified_type())
            if kernel_type is None
            else int(kernel_type)
        )
        launch.fallback_type = int(self._inferred_type())
        launch.blocks = block_dim
        launch.tiling_key = tiling_key
        for i, size in enumerate(memory_sizes(soc)):
            launch.sizes[i] = size
        launch.workspace = None if workspace is None else workspace.address
        answer = self._engine.twin_launch(ctypes.byref(launch))
        try:
            data = cast(
                "dict[str, Any]",
                json.loads(ctypes.string_at(answer).decode(errors="replace")),
            )
        finally:
            self._engine.twin_free(answer)
        return Report(
            tuple(_hazard(entry) for entry in data["entries"]),
            KernelType(data["kernel_type"]),
            str(data["output"]),
            cast("dict[str, int]", data["instructions"]),
            Time.parse(data["clock"], soc, timing) if data["clock"] else None,
        )


def _hazard(entry: dict[str, Any]) -> Hazard:
    places = tuple(Place(**place) for place in entry.pop("places"))
    return Hazard(**entry, places=places)
