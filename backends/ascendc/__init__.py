"""From `ascendc` IR to C++, and the twin that runs it on a CPU."""
