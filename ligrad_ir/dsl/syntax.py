"""The syntax tree of a `.lig` text: one dataclass a rule of `grammar.lark`.

Names are kept as written; they are compared without regard to case (`fold`).
Every node knows its place (`meta.line`, `meta.column`), and so does every name, which is
a `lark.Token`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lark import Token
from lark.ast_utils import AsList, Ast, WithMeta
from lark.tree import Meta

from ligrad_ir.numerals import whole_number


def fold(name: str) -> str:
    """The form of a name in which names are compared."""
    return name.casefold()


def integer(token: Token) -> int:
    """The value of an INT token: `128K` is 131072. What no int64 can hold has the value
    of another number that none can hold."""
    value = whole_number(token.removesuffix("K"))
    assert value is not None
    return value * 1024 if token.endswith("K") else value


@dataclass(frozen=True)
class _Node(Ast, WithMeta):
    meta: Meta = field(repr=False, compare=False)


@dataclass(frozen=True)
class _List(Ast, WithMeta, AsList):
    meta: Meta = field(repr=False, compare=False)


# ---- the signature


@dataclass(frozen=True)
class Operator(_Node):
    """`operator NAME`"""

    name: Token


@dataclass(frozen=True)
class Bound(_Node):
    """A number, or the name of an axis whose extent is meant."""

    token: Token

    @property
    def value(self) -> int | str:
        """The number, or the name as written."""
        return integer(self.token) if self.token.type == "INT" else str(self.token)


@dataclass(frozen=True)
class Axis(_Node):
    """`axis NAME = LOW` (one extent only) or `axis NAME in LOW..HIGH`."""

    name: Token
    low: Bound
    high: Bound | None = None


@dataclass(frozen=True)
class PackedAxis(_Node):
    """`axis NAME = BATCH * LENGTH`: BATCH runs of LENGTH entries each, one behind
    the other."""

    name: Token
    batch: Token
    length: Token


@dataclass(frozen=True)
class Aliases(_List):
    """`as NAME, NAME`"""

    items: list[Token | None]

    @property
    def names(self) -> list[Token]:
        """The further names, none to many."""
        return [item for item in self.items if item is not None]


@dataclass(frozen=True)
class Dim(_Node):
    """One dimension of an array; `?` marks one that an array may leave out."""

    name: Token
    optional: Token | None


@dataclass(frozen=True)
class Dims(_List):
    """The dimensions of an array, outermost first."""

    items: list[Dim]


@dataclass(frozen=True)
class Array(_Node):
    """`DTYPE[DIM, ...]`"""

    dtype: Token
    dims: Dims


@dataclass(frozen=True)
class Selects(_Node):
    """`selects TARGET by MODE`: the entries are indices into the axis TARGET; the
    attribute MODE decides how many of them are valid."""

    target: Token
    mode: Token | None


@dataclass(frozen=True)
class Ends(_Node):
    """`ends AXIS`: the prefix sums of the run lengths of a packed axis."""

    axis: Token


@dataclass(frozen=True)
class Input(_Node):
    """`input NAME as ALIAS : ARRAY`"""

    name: Token
    aliases: Aliases
    array: Array
    role: Selects | Ends | None


@dataclass(frozen=True)
class Output(_Node):
    """`output NAME as ALIAS : ARRAY`"""

    name: Token
    aliases: Aliases
    array: Array


@dataclass(frozen=True)
class Choices(_List):
    """`{INT, ...}`: the values that an attribute may take."""

    items: list[Token]

    @property
    def values(self) -> tuple[int, ...]:
        """The values as numbers."""
        return tuple(integer(item) for item in self.items)


@dataclass(frozen=True)
class Attribute(_Node):
    """`attribute NAME : int64 in {..} = DEFAULT`; a DEFAULT that names an axis means
    that the attribute must equal its extent."""

    name: Token
    choices: Choices | None
    default: Bound | None


@dataclass(frozen=True)
class Parameter(_Node):
    """`parameter NAME = PORT`: how the C interface calls an input, attribute or output;
    with `in graph`, how the prototype does."""

    name: Token
    port: Token
    graph: Token | None


# ---- the formulas


@dataclass(frozen=True)
class Number(_Node):
    """A numeric literal."""

    token: Token

    @property
    def value(self) -> float:
        """The literal as a Python float, infinite if that cannot hold it."""
        scale = 1024.0 if self.token.endswith("K") else 1.0
        return scale * float(self.token.removesuffix("K"))


@dataclass(frozen=True)
class Name(_Node):
    """The use of an input, or of an earlier formula's result."""

    token: Token


@dataclass(frozen=True)
class Arguments(_List):
    """The arguments of a call."""

    items: list[Expression]


@dataclass(frozen=True)
class Call(_Node):
    """`FUNCTION(ARGUMENT, ... over AXIS)`"""

    function: Token
    arguments: Arguments
    over: Token | None


@dataclass(frozen=True)
class Neg(_Node):
    """`-operand`"""

    operand: Expression


@dataclass(frozen=True)
class _Binary(_Node):
    lhs: Expression
    rhs: Expression


@dataclass(frozen=True)
class Add(_Binary):
    """`lhs + rhs`"""


@dataclass(frozen=True)
class Sub(_Binary):
    """`lhs - rhs`"""


@dataclass(frozen=True)
class Mul(_Binary):
    """`lhs * rhs`"""


@dataclass(frozen=True)
class Formula(_Node):
    """`NAME = EXPRESSION`"""

    name: Token
    value: Expression


Expression = Number | Name | Call | Neg | Add | Sub | Mul
Statement = (
    Operator | Axis | PackedAxis | Input | Output | Attribute | Parameter | Formula
)


@dataclass(frozen=True)
class Program:
    """All statements of one text, in order, with the text they came from."""

    statements: tuple[Statement, ...]
    text: str
    filename: str
