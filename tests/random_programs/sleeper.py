"""A task for processes; here, so that they import nothing else."""

from __future__ import annotations

import sys
import time


def sleep(seconds: float) -> float:
    """Sleep; less than no time ends the process."""
    if seconds < 0:
        sys.exit(1)
    time.sleep(seconds)
    return seconds
