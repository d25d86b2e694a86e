"""The mutation test of emitted kernels: every small mistake in them is found."""
