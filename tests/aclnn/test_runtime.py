"""The runtime: memory and its bounds, streams, events, tensors, codes and messages."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.aclnn.support import TO_DEVICE, TO_HOST, AclError, Library, integers

KIB = 1024


def test_device_memory_is_rounded_and_bounded(library: Library) -> None:
    """33 bytes become 64 and 32 more; a byte behind is refused, and said."""
    memory = library.malloc(33)
    assert memory.value is not None
    assert memory.value % 512 == 0
    source = np.zeros(97, np.uint8)
    library.copy(memory, source.ctypes.data, 96, TO_DEVICE)
    with pytest.raises(AclError, match=r"97 bytes, .* dst has only 96 left") as error:
        library.copy(memory, source.ctypes.data, 97, TO_DEVICE)
    assert error.value.code == 107000
    inside = ctypes.c_void_p(memory.value + 90)
    with pytest.raises(AclError, match="has only 6 left"):
        library.copy(inside, source.ctypes.data, 7, TO_DEVICE)
    library.call("aclrtFree", memory)
    with pytest.raises(AclError, match="is not what aclrtMalloc has given"):
        library.call("aclrtFree", memory)
    with pytest.raises(AclError, match="is not in device memory"):
        library.copy(memory, source.ctypes.data, 1, TO_DEVICE)


def test_a_copy_to_the_host_past_the_end_gives_zeros(library: Library) -> None:
    memory = library.malloc(32)
    back = np.full(100, 9, np.uint8)
    library.call("aclrtMemset", memory, ctypes.c_size_t(64), 7, ctypes.c_size_t(64))
    library.copy(back.ctypes.data, memory, 80, TO_HOST)
    assert back.tolist() == [7] * 64 + [0] * 16 + [9] * 20
    library.call("aclrtFree", memory)


def test_align32_adds_nothing(library: Library) -> None:
    memory = ctypes.c_void_p()
    library.call("aclrtMallocAlign32", ctypes.byref(memory), ctypes.c_size_t(33), 2)
    source = np.zeros(65, np.uint8)
    library.copy(memory, source.ctypes.data, 64, TO_DEVICE)
    with pytest.raises(AclError):
        library.copy(memory, source.ctypes.data, 65, TO_DEVICE)
    library.call("aclrtFree", memory)


def test_new_memory_is_not_zero(library: Library) -> None:
    memory = library.malloc(64)
    back = np.zeros(64, np.uint8)
    library.copy(back.ctypes.data, memory, 64, TO_HOST)
    assert (back == 0xFF).all()
    library.call("aclrtFree", memory)


@pytest.mark.parametrize(
    ("to", "source", "kind", "message"),
    [
        ("host", "device", TO_DEVICE, "dst .* is not in device memory"),
        ("device", "host", TO_HOST, "dst .* is in device memory"),
        ("host", "host", TO_HOST, "src .* is not in device memory"),
        ("device", "device", 0, "dst .* is in device memory"),
        ("device", "host", 99, "there is no kind 99"),
    ],
)
def test_kinds_of_copies(
    library: Library, to: str, source: str, kind: int, message: str
) -> None:
    memory, host = library.malloc(64), np.zeros(64, np.uint8)
    ends = {"device": memory, "host": host.ctypes.data}
    with pytest.raises(AclError, match=message):
        library.copy(ends[to], ends[source], 16, kind)
    library.call("aclrtFree", memory)


def test_all_ways_of_copying(library: Library) -> None:
    first, second = library.malloc(64), library.malloc(64)
    values = np.arange(64, dtype=np.uint8)
    back = np.zeros(64, np.uint8)
    library.copy(first, values.ctypes.data, 64, 4)  # the kind that looks itself
    library.copy(second, first, 64, 3)
    library.copy(back.ctypes.data, second, 64, 4)
    assert (back == values).all()
    size = ctypes.c_size_t(64)
    library.call("aclrtMemsetAsync", first, size, 7, ctypes.c_size_t(10), None)
    library.call("aclrtMemcpyAsync", second, size, first, size, 3, None)
    library.call("aclrtSynchronizeStream", None)
    library.copy(back.ctypes.data, second, 64, TO_HOST)
    assert (back == [7] * 10 + list(range(10, 64))).all()
    with pytest.raises(AclError, match="count 65 is more than destMax 64"):
        library.call("aclrtMemcpy", second, size, first, ctypes.c_size_t(65), 3)
    library.call("aclrtFree", first)
    library.call("aclrtFree", second)


def test_fills_stay_in_their_memory(library: Library) -> None:
    memory, most = library.malloc(32), ctypes.c_size_t(1000)
    for name, stream in (("aclrtMemset", ()), ("aclrtMemsetAsync", (None,))):
        with pytest.raises(AclError, match=r"65 bytes, .* devPtr has only 64 left"):
            library.call(name, memory, most, 0, ctypes.c_size_t(65), *stream)
        with pytest.raises(AclError, match="count 1001 is more than maxCount"):
            library.call(name, memory, most, 0, ctypes.c_size_t(1001), *stream)
    library.call("aclrtFree", memory)


def test_the_device_can_be_full(library: Library) -> None:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()

    def ask() -> int:
        library.call("aclrtGetMemInfo", 1, ctypes.byref(free), ctypes.byref(total))
        return free.value

    before = ask()
    assert total.value == 64 * KIB**3
    memory = library.malloc(1000)
    assert before - ask() == 1024 + 32
    library.call("aclrtFree", memory)
    assert ask() == before
    for size in (total.value, 2**64 - 1):
        with pytest.raises(AclError, match="are in use") as error:
            library.malloc(size)
        assert error.value.code == 207001
    with pytest.raises(AclError, match="size is 0"):
        library.malloc(0)


def test_messages_are_of_their_thread_and_read_once(library: Library) -> None:
    assert library.code("aclrtFree", None) == 100000
    seen: list[str | None] = []
    other = threading.Thread(target=lambda: seen.append(library.message()))
    other.start()
    other.join()
    assert seen == [None]
    assert library.message() == "aclrtFree: devPtr is null"
    assert library.message() is None


def test_a_thread_without_a_context_is_refused(library: Library) -> None:
    codes: list[int] = []

    def call() -> None:
        address = ctypes.c_void_p()
        codes.append(
            library.code("aclrtMalloc", ctypes.byref(address), ctypes.c_size_t(8), 0)
        )
        library.call("aclrtSetDevice", 0)
        codes.append(library.code("aclrtSetDevice", 1))

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    library.call("aclrtResetDevice", 0)  # once less than it was set
    assert codes == [107002, 107001]


def test_handles_of_nothing(library: Library) -> None:
    number = ctypes.c_int64(5)
    for name in ("aclrtDestroyStream", "aclrtDestroyContext", "aclrtSynchronizeStream"):
        for handle in (ctypes.byref(number), ctypes.c_void_p(48)):
            assert library.code(name, handle) == 107017, name
            assert "is no" in (library.message() or "")
    stream = ctypes.c_void_p()
    library.call("aclrtCreateStream", ctypes.byref(stream))
    library.call("aclrtDestroyStream", stream)
    assert library.code("aclrtDestroyStream", stream) == 107017
    assert library.code("aclDestroyAclOpExecutor", None) == 561103
    assert library.code("aclSetAclOpExecutorRepeatable", None) == 561103
    assert library.code("aclDestroyTensor", None) == 161001


def test_events_order_streams(library: Library) -> None:
    other, event, later = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    library.call("aclrtCreateStream", ctypes.byref(other))
    library.call("aclrtCreateEvent", ctypes.byref(event))
    library.call("aclrtCreateEvent", ctypes.byref(later))
    size = 1 << 24
    memory, long = library.malloc(64), library.malloc(size)
    for value in range(5):
        for _ in range(8):
            library.call(
                "aclrtMemsetAsync",
                *(long, ctypes.c_size_t(size), value, ctypes.c_size_t(size)),
                library.stream,
            )
        few = ctypes.c_size_t(64)
        library.call("aclrtMemsetAsync", memory, few, value, few, library.stream)
        library.call("aclrtRecordEvent", event, library.stream)
        library.call("aclrtStreamWaitEvent", other, event)
        back = np.full(64, 99, np.uint8)
        library.call(
            "aclrtMemcpyAsync",
            *(ctypes.c_void_p(back.ctypes.data), few, memory, few, TO_HOST, other),
        )
        library.call("aclrtRecordEvent", later, other)
        library.call("aclrtSynchronizeEvent", later)
        assert (back == value).all()
        status = ctypes.c_int(-1)
        library.call("aclrtQueryEventStatus", event, ctypes.byref(status))
        assert status.value == 1
    ms = ctypes.c_float(-1)
    library.call("aclrtEventElapsedTime", ctypes.byref(ms), event, later)
    assert ms.value >= 0
    for each in (event, later):
        library.call("aclrtDestroyEvent", each)
    library.call("aclrtDestroyStream", other)
    for each in (memory, long):
        library.call("aclrtFree", each)


def test_memory_that_is_freed_too_early_is_an_error(library: Library) -> None:
    size = ctypes.c_size_t(1 << 24)
    long, memory = library.malloc(size.value), library.malloc(64)
    for _ in range(20):
        library.call("aclrtMemsetAsync", long, size, 0, size, library.stream)
    few = ctypes.c_size_t(64)
    library.call("aclrtMemsetAsync", memory, few, 1, few, library.stream)
    library.call("aclrtFree", memory)
    with pytest.raises(AclError, match="was freed before it was filled"):
        library.call("aclrtSynchronizeStream", library.stream)
    library.call("aclrtSynchronizeStream", library.stream)  # told once
    library.call("aclrtFree", long)


def test_tensors_tell_what_they_are(library: Library) -> None:
    storage = np.arange(24, dtype=np.int32)
    tensor = library.tensor(storage, shape=(2, 3), strides=(10, 2), offset=3)
    assert tensor.array().tolist() == [[3, 5, 7], [13, 15, 17]]
    values = ctypes.POINTER(ctypes.c_int64)()
    count = ctypes.c_uint64()
    for name, expected in (
        ("aclGetViewShape", [2, 3]),
        ("aclGetViewStrides", [10, 2]),
        ("aclGetStorageShape", [24]),
    ):
        library.call(name, tensor.handle, ctypes.byref(values), ctypes.byref(count))
        assert values[: count.value] == expected
    offset, kind, fmt = ctypes.c_int64(), ctypes.c_int(), ctypes.c_int()
    library.call("aclGetViewOffset", tensor.handle, ctypes.byref(offset))
    library.call("aclGetDataType", tensor.handle, ctypes.byref(kind))
    library.call("aclGetFormat", tensor.handle, ctypes.byref(fmt))
    assert (offset.value, kind.value, fmt.value) == (3, 3, 2)
    tensor.destroy()
    with pytest.raises(AclError, match="destroyed before"):
        library.call("aclDestroyTensor", tensor.handle)


@pytest.mark.parametrize(
    ("shape", "strides", "offset", "dtype"),
    [
        ((-1, 2), (2, 1), 0, 1),
        ((2, 2), (-2, 1), 0, 1),
        ((2, 2), (2, 1), -1, 1),
        ((2, 2), (2, 1), 0, 13),
        ((2**40, 2**40), (2, 1), 0, 1),
        ((2,) * 9, (1,) * 9, 0, 1),
    ],
)
def test_tensors_that_cannot_be(
    library: Library, shape: Any, strides: Any, offset: int, dtype: int
) -> None:
    made = library.pointer("aclCreateTensor")(
        integers(shape),
        ctypes.c_uint64(len(shape)),
        dtype,
        integers(strides),
        ctypes.c_int64(offset),
        2,
        integers(shape),
        ctypes.c_uint64(len(shape)),
        None,
    )
    assert made.value is None
    assert (library.message() or "").startswith("aclCreateTensor: ")


def test_halves_are_converted(library: Library) -> None:
    library.dll.aclFloat16ToFloat.restype = ctypes.c_float
    library.dll.aclFloat16ToFloat.argtypes = [ctypes.c_uint16]
    library.dll.aclFloatToFloat16.restype = ctypes.c_uint16
    library.dll.aclFloatToFloat16.argtypes = [ctypes.c_float]
    for value in (0.0, -0.0, 1.0, -2.5, 65504.0, 1e6, 6e-8, 1 / 3, float("inf")):
        with np.errstate(over="ignore"):
            half = np.float16(value)
        bits = library.dll.aclFloatToFloat16(value)
        assert bits == half.view(np.uint16), value
        assert library.dll.aclFloat16ToFloat(bits) == float(half)
    assert np.isnan(library.dll.aclFloat16ToFloat(0x7E01))


def test_a_program_may_end_without_cleaning_up(host: Path) -> None:
    """Streams with work to do are let come to their end, and nothing crashes."""
    code = (
        "import ctypes\n"
        f"acl = ctypes.CDLL({str(host / 'lib' / 'libligrad_host.so')!r})\n"
        "assert acl.aclInit(None) == 0 and acl.aclrtSetDevice(0) == 0\n"
        "assert acl.aclInit(None) == 100002\n"
        "stream, memory = ctypes.c_void_p(), ctypes.c_void_p()\n"
        "acl.aclrtCreateStream(ctypes.byref(stream))\n"
        "size = ctypes.c_size_t(1 << 26)\n"
        "acl.aclrtMalloc(ctypes.byref(memory), size, 0)\n"
        "for _ in range(5): acl.aclrtMemsetAsync(memory, size, 1, size, stream)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert done.returncode == 0
