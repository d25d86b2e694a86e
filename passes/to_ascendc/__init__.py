"""The parts of `lower-to-ascendc`: the frame of a kernel, and a lowering for every `npu`
operation."""
