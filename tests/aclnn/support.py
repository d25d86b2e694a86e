"""The C API through ctypes, for tests: arrays in, arrays out."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

TO_DEVICE, TO_HOST = 1, 2
TYPES = {"float32": 0, "float16": 1, "int32": 3, "int64": 9, "bfloat16": 27}
ND = 2
Array = np.ndarray[Any, Any]


class AclError(Exception):
    """A call failed. code: what it returned; message: what aclGetRecentErrMsg says."""

    def __init__(self, code: int, message: str):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


def integers(values: Sequence[int]) -> Any:
    return (ctypes.c_int64 * len(values))(*values)


class Tensor:
    """An array in device memory, as the API sees it: a view of `storage`."""

    def __init__(
        self,
        library: Library,
        storage: Array,
        shape: Sequence[int] | None = None,
        strides: Sequence[int] | None = None,
        offset: int = 0,
        fmt: int = ND,
    ):
        self.library, self.host = library, np.ascontiguousarray(storage)
        self.shape = tuple(storage.shape if shape is None else shape)
        self.strides = strides
        self.offset = offset
        self.device = library.malloc(max(self.host.nbytes, 1))
        if self.host.nbytes:
            library.copy(
                self.device, self.host.ctypes.data, self.host.nbytes, TO_DEVICE
            )
        self.handle = library.pointer("aclCreateTensor")(
            integers(self.shape),
            ctypes.c_uint64(len(self.shape)),
            TYPES[storage.dtype.name],
            None if strides is None else integers(strides),
            ctypes.c_int64(offset),
            fmt,
            integers(storage.shape),
            ctypes.c_uint64(storage.ndim),
            self.device,
        )
        assert self.handle

    def storage(self) -> Array:
        """What the device memory holds."""
        back = np.empty_like(self.host)
        if back.nbytes:
            self.library.copy(back.ctypes.data, self.device, back.nbytes, TO_HOST)
        return back

    def array(self) -> Array:
        """The view, as an array."""
        whole = self.storage()
        if self.strides is None:
            return whole.reshape(-1)[self.offset :][: np.prod(self.shape)].reshape(
                self.shape
            )
        size = whole.itemsize
        flat = whole.reshape(-1)[self.offset :].view(f"u{size}")
        view = np.lib.stride_tricks.as_strided(
            flat, self.shape, [stride * size for stride in self.strides]
        )
        return np.ascontiguousarray(view).view(whole.dtype)

    def destroy(self) -> None:
        """Give back the tensor and its memory."""
        self.library.call("aclDestroyTensor", self.handle)
        self.library.call("aclrtFree", self.device)


class Library:
    """libligrad_host.so, loaded; the device is set, there is one stream."""

    def __init__(self, path: Path):
        self.dll = ctypes.CDLL(str(path))
        self.dll.aclGetRecentErrMsg.restype = ctypes.c_char_p
        self.call("aclInit", None)
        self.call("aclrtSetDevice", 0)
        self.stream = ctypes.c_void_p()
        self.call("aclrtCreateStream", ctypes.byref(self.stream))

    def pointer(self, name: str) -> Any:
        """A function that returns a pointer."""
        function = getattr(self.dll, name)
        function.restype = ctypes.c_void_p
        return lambda *args: ctypes.c_void_p(function(*args))

    def code(self, name: str, *args: Any) -> int:
        """What a function returns."""
        return getattr(self.dll, name)(*args)

    def message(self) -> str | None:
        """What the last failed call of this thread has to say."""
        text = self.dll.aclGetRecentErrMsg()
        return None if text is None else text.decode()

    def call(self, name: str, *args: Any) -> None:
        """Call a function that must not fail."""
        if code := self.code(name, *args):
            raise AclError(code, self.message() or "")

    def malloc(self, size: int) -> ctypes.c_void_p:
        """Device memory."""
        address = ctypes.c_void_p()
        self.call("aclrtMalloc", ctypes.byref(address), ctypes.c_size_t(size), 0)
        return address

    def copy(self, to: Any, source: Any, size: int, kind: int) -> None:
        """aclrtMemcpy, whole."""
        size_ = ctypes.c_size_t(size)
        to_, source_ = (
            each if isinstance(each, ctypes.c_void_p) else ctypes.c_void_p(each)
            for each in (to, source)
        )
        self.call("aclrtMemcpy", to_, size_, source_, size_, kind)

    def tensor(self, *args: Any, **named: Any) -> Tensor:
        """An array as a tensor."""
        return Tensor(self, *args, **named)

    def plan(self, function: str, *args: Any) -> tuple[ctypes.c_void_p, int]:
        """Phase one: the executor and the bytes of workspace."""
        size, executor = ctypes.c_uint64(), ctypes.c_void_p()
        self.call(
            f"{function}GetWorkspaceSize",
            *args,
            ctypes.byref(size),
            ctypes.byref(executor),
        )
        return executor, size.value

    def launch(self, function: str, executor: ctypes.c_void_p, size: int) -> None:
        """Phase two, to its end."""
        workspace = self.malloc(max(size, 1))
        try:
            self.call(function, workspace, ctypes.c_uint64(size), executor, self.stream)
            self.call("aclrtSynchronizeStream", self.stream)
        finally:
            self.call("aclrtFree", workspace)


def lig_arguments(
    tensors: dict[str, Tensor | None],
    *,
    layout: bytes | None = b"BSND",
    heads: int,
    mode: int = 3,
    deterministic: bool = False,
) -> list[Any]:
    """The arguments of phase one of the lightning indexer's backward."""

    def handle(name: str) -> Any:
        tensor = tensors.get(name)
        return None if tensor is None else tensor.handle

    inputs = ("query", "key", "dy", "sparse_indices", "weights")
    ends = ("actual_seq_lengths_query", "actual_seq_lengths_key")
    numbers = [
        ctypes.c_int64(heads),
        layout,
        *map(ctypes.c_int64, (mode, 65536, 65536)),
    ]
    return [
        *map(handle, (*inputs, *ends)),
        *numbers,
        ctypes.c_bool(deterministic),
        *map(handle, ("dq", "dk", "dw")),
    ]


def filled(shape: Sequence[int], dtype: Any) -> Array:
    """An array of NaN, as device memory is before anything is written there."""
    return np.full(shape, np.nan, dtype)


BF16 = ml_dtypes.bfloat16
