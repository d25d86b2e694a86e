"""What holds for all tests."""

from __future__ import annotations

import signal

import pytest

# A shell starts what runs in the background with Ctrl-C ignored, and nohup ignores the end
# of the terminal. The programs that a test starts and stops would inherit both.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one file run in one process, files in this order. One process builds the
    host library and the others take it from the cache, so the first file that needs it
    starts early and the rest come last; otherwise all processes would wait for one."""
    first = "test_calls.py"
    items.sort(key=lambda i: i.path.parent.name == "aclnn" and i.path.name != first)
