"""Emitted operators behind the C API of CANN, on the twin: a shared library and headers."""
