"""What holds for all tests."""

from __future__ import annotations

import signal

# A shell starts what runs in the background with Ctrl-C ignored, and nohup ignores the end
# of the terminal. The programs that a test starts and stops would inherit both.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
