"""The parts of `lower-to-npu`: stages, groups of rows, tiles, what a core does for a
token."""
