"""Mutated texts, files, arguments and calls: each is refused with a message, or runs."""
