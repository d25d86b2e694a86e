"""The errors a user can meet, as one small family."""

from __future__ import annotations


class LigradError(Exception):
    """Base of every error that is the user's to mend; its text is meant for people."""


class PlacedError(LigradError):
    """An error whose text begins with the place of what is wrong, as editors want it."""


class DslError(PlacedError):
    """One or more mistakes in a `.lig` text, each with its place.

    `messages` holds one finished message per mistake (file, line, column, the source
    line and a caret), in the order of the text.
    """

    def __init__(self, messages: list[str]):
        self.messages = messages
        count = f"\n{len(messages)} errors" if len(messages) > 1 else ""
        super().__init__("\n".join(messages) + count)


class IrError(PlacedError):
    """IR that is no valid program."""


class NoKernelError(PlacedError):
    """A right program that no kernel can be made of; says which formula, and why."""


class ArgumentError(LigradError, ValueError):
    """An argument of an operator call is not acceptable.

    `code` is the vendor's status: 161001 where a required argument is missing
    (`ACLNN_ERR_PARAM_NULLPTR`), 161002 where its dtype, shape, layout or value is
    outside the interface (`ACLNN_ERR_PARAM_INVALID`).
    """

    code: int = 161002

    def __init__(self, message: str, *, argument: str | None = None):
        self.argument = argument
        super().__init__(f"{message} [{self.code}]")


class MissingArgumentError(ArgumentError):
    """A required argument is missing (161001)."""

    code = 161001
