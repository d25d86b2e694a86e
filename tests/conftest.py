"""What holds for all tests."""

from __future__ import annotations

import signal

# A shell starts what runs in the background with Ctrl-C ignored, and so would every
# program that a test starts and stops.
signal.signal(signal.SIGINT, signal.default_int_handler)
