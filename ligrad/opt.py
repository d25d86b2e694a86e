"""`ligrad-opt`: xdsl-opt with the dialects and passes of this package."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import IO

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, ParseError
from xdsl.xdsl_opt_main import xDSLOptMain

from ligrad.internal import internal_errors
from ligrad.stopping import ended_by_signals
from ligrad.universe import LIGRAD_UNIVERSE
from ligrad_ir.dsl.lower import module_from_text
from ligrad_ir.errors import LigradError


def _parse_lig(stream: IO[bytes]) -> ModuleOp:
    """The graph of a `.lig` text, in the layout BSND with bf16 for half."""
    text = stream.read().decode("utf-8")
    name = str(getattr(stream, "name", "<stdin>"))
    return module_from_text(text, name, layout="BSND")


class LigradOptMain(xDSLOptMain):
    """xdsl-opt, which finds this package as a plug-in; where the package runs from a
    checkout without being installed, it is added here. Reads `.lig` files too."""

    def register_all_frontends(self) -> None:
        super().register_all_frontends()
        self.available_frontends["lig"] = _parse_lig

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
    with ended_by_signals("ligrad-opt"), internal_errors("ligrad-opt"):
        _drive(args)


def _drive(args: Sequence[str] | None) -> None:
    try:
        driver = LigradOptMain(description="ligrad modular optimiser driver", args=args)
    except (ValueError, ArgSpecParseError) as error:  # of the pass pipeline
        sys.exit(_complain(error))
    try:
        driver.run()
    except (ParseError, DiagnosticException, LigradError) as error:
        sys.exit(_complain(error))
    except OSError as error:
        sys.exit(_complain(f"{error.filename}: {error.strerror}"))


def _complain(message: object) -> int:
    print(f"ligrad-opt: {message}", file=sys.stderr)
    return 2
