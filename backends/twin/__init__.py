"""A CPU twin of the Ascend C API: compiles a kernel with g++ and runs it, checked."""
