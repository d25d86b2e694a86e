"""What the implementations of all `npu` operations share: the run, the core, its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues
from xdsl.interpreters.func import FuncFunctions
from xdsl.interpreters.scf import ScfFunctions
from xdsl.ir import Operation

from backends.tiled.arith import NpuArith
from backends.tiled.cores import CoreState
from backends.tiled.memory import Buffer, Fault
from ligrad_ir.errors import LigradError
from ligrad_ir.soc import Soc

BLOCK = Soc.block_bytes
"""Bytes that an address of a transfer or of a vector operation is a multiple of."""


@dataclass(eq=False)
class Run:
    """One interpretation of a module, on at most `cores` groups.

    reverse: of the cores that could run, the last one does; arguments: the buffers in
    global memory among them; workspaces: by their operation, shared by all cores;
    states: the cores of the launch that runs; op: what the program around it does now.
    """

    module: ModuleOp
    cores: int
    listeners: tuple[Interpreter.Listener, ...] = ()
    reverse: bool = False
    arguments: list[Buffer] = field(default_factory=list[Buffer])
    workspaces: dict[Operation, Buffer] = field(default_factory=dict[Operation, Buffer])
    states: list[CoreState] = field(default_factory=list[CoreState])
    op: Operation | None = None

    def begin_launch(self) -> None:
        """Nothing in global memory has been written in the launch that begins."""
        for buffer in (*self.arguments, *self.workspaces.values()):
            buffer.written.clear()


@dataclass(eq=False)
class Place(Interpreter.Listener):
    """Keeps what a core, or the program around a launch, does now."""

    where: Run | CoreState

    def will_interpret_op(self, op: Operation, args: PythonValues) -> None:
        """Called by xDSL."""
        self.where.op = op


class Watcher(Interpreter.Listener):
    """A listener that is told about the cores as well."""

    def begin_core(self, core: CoreState, interpreter: Interpreter) -> None:
        """A core begins, in the thread in which its operations will be seen; the
        interpreter knows what its values are."""


class ProgramError(LigradError):
    """A program does what the chip cannot do; `op` is the operation in question."""

    def __init__(self, message: str, op: Operation | None):
        super().__init__(message)
        self.op = op


class NpuBase(InterpreterFunctions):
    """Implementations for one core, or for the program around a launch."""

    def __init__(self, run: Run, core: CoreState | None = None):
        self.run = run
        self._core = core

    @property
    def core(self) -> CoreState:
        """The core that runs.

        Raises:
            Fault: outside of a launch.
        """
        if self._core is None:
            raise Fault("this needs a core, and stands outside of a npu.launch")
        return self._core


def make_interpreter(
    run: Run, functions: NpuBase, where: Run | CoreState
) -> Interpreter:
    """An interpreter of one stream of operations, with its own values."""
    interpreter = Interpreter(run.module, listeners=(Place(where), *run.listeners))
    for implementations in (FuncFunctions(), ScfFunctions(), NpuArith()):
        interpreter.register_implementations(implementations)
    interpreter.register_implementations(functions)
    return interpreter
