"""`ligrad-opt`: xdsl-opt with the dialects and passes of this package."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from io import StringIO
from pathlib import Path
from typing import IO

from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.utils.exceptions import (
    ArgSpecParseError,
    DiagnosticException,
    ParseError,
    VerifyException,
)
from xdsl.xdsl_opt_main import xDSLOptMain

from backends.files import require_place, write_text
from ligrad.internal import internal_errors
from ligrad.stopping import ended_by_signals
from ligrad.streams import checked_stdout
from ligrad.universe import LIGRAD_UNIVERSE
from ligrad_ir.dsl.lower import module_from_text
from ligrad_ir.errors import LigradError
from ligrad_ir.text import PlacedParser, describe
from ligrad_ir.wellformed import verify


def _parse_lig(stream: IO[bytes]) -> ModuleOp:
    """The graph of a `.lig` text, in the layout BSND with bf16 for half."""
    name = str(getattr(stream, "name", "<stdin>"))
    try:
        text = stream.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LigradError(f"cannot read {name}: it is not UTF-8 text") from error
    return module_from_text(text, name, layout="BSND")


class _Kept(StringIO):
    """Text that can be read after the driver has closed it."""

    def close(self) -> None:
        pass


class LigradOptMain(xDSLOptMain):
    """xdsl-opt, which finds this package as a plug-in; where the package runs from a
    checkout without being installed, it is added here. Reads `.lig` files too."""

    first_line = 1
    """Of the piece of the input that is being read."""
    _kept: _Kept | None = None

    def register_all_frontends(self) -> None:
        super().register_all_frontends()
        self.available_frontends["lig"] = _parse_lig
        self.available_frontends["mlir"] = self._parse_mlir

    def _parse_mlir(self, stream: IO[bytes]) -> ModuleOp:
        """The module of a text, whose operations know their places in it."""
        text, name = stream.read().decode("utf-8"), self.get_input_name()
        parser = PlacedParser(self.ctx, text, name, self.first_line)
        module = parser.parse_module(not self.args.no_implicit_module)
        if not self.args.disable_verify:
            verify(module)
        for op in parser.placed:
            if op.name.startswith("ascendc."):
                # A statement already: its line here is nothing for the C++ to quote.
                op.location = UnknownLoc()
        return module

    def parse_chunk(
        self, chunk: IO[bytes], file_extension: str, start_offset: int = 0
    ) -> ModuleOp | None:
        self.first_line = start_offset + 1
        return super().parse_chunk(chunk, file_extension, start_offset)

    def prepare_output(self) -> IO[str]:
        """Text for a file is kept until all of it is there."""
        if self.args.output_file is None:
            return super().prepare_output()
        self._kept = _Kept()
        return self._kept

    def run(self) -> None:
        """As xdsl-opt does; a file that is written is there as a whole or not at all."""
        name = self.args.output_file
        if name is not None:
            require_place(Path(name))
        super().run()
        if name is not None and self._kept is not None:
            write_text(Path(name), self._kept.getvalue())

    def apply_passes(self, prog: ModuleOp) -> None:
        try:
            super().apply_passes(prog)
        except VerifyException:
            verify(prog)  # says which operation it is, and where it comes from
            raise

    def register_all_dialects(self) -> None:
        super().register_all_dialects()
        if not _is_plugin():
            for name, factory in LIGRAD_UNIVERSE.all_dialects.items():
                self.ctx.register_dialect(name, factory)

    def register_all_passes(self) -> None:
        super().register_all_passes()
        if not _is_plugin():
            for name, factory in LIGRAD_UNIVERSE.all_passes.items():
                self.register_pass(name, factory)

    def register_all_targets(self) -> None:
        super().register_all_targets()
        if not _is_plugin():
            for name, factory in LIGRAD_UNIVERSE.all_targets.items():
                self.available_targets[name] = factory


def _is_plugin() -> bool:
    return bool(entry_points(group="xdsl.universe", name="ligrad"))


def main(args: Sequence[str] | None = None) -> None:
    """Run the driver with `args` (of the process, without them); mistakes in the IR or
    in the pipeline end it with a message and exit code 2, internal errors with 70."""
    with (
        ended_by_signals("ligrad-opt"),
        internal_errors("ligrad-opt"),
        checked_stdout("ligrad-opt"),
    ):
        _drive(args)


def _drive(args: Sequence[str] | None) -> None:
    try:
        driver = LigradOptMain(description="ligrad modular optimiser driver", args=args)
    except (ValueError, ArgSpecParseError) as error:  # of the pass pipeline
        sys.exit(_complain(error))
    try:
        driver.run()
    except ParseError as error:
        sys.exit(_complain(describe(error)))
    except (DiagnosticException, LigradError) as error:
        sys.exit(_complain(error))
    except OSError as error:
        sys.exit(_complain(f"{error.filename}: {error.strerror}"))


def _complain(message: object) -> int:
    print(f"ligrad-opt: {message}", file=sys.stderr)
    return 2
