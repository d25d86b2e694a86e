"""Runs `lig.blocks` at full speed: buffers planned ahead, blocks shared out to threads."""
