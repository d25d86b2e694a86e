"""Searches what the compiler may choose for the kernel that costs least."""
