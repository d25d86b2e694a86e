"""Compares the schedules of kernels on the twin's model of time (docs/schedules.md)."""
