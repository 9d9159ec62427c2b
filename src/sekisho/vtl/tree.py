"""What a template consists of, as its parser understands it: values without behaviour."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

# -- expressions


class Literal(NamedTuple):
    """A number, a boolean, or text without references."""

    value: str | int | float | bool


class Interpolated(NamedTuple):
    """A double-quoted string that contains references or directives."""

    body: tuple[Node, ...]


class Property(NamedTuple):
    """``.name``."""

    name: str


class Index(NamedTuple):
    """``[expression]``."""

    key: Expression


class Method(NamedTuple):
    """``.name(arguments)``."""

    name: str
    arguments: tuple[Expression, ...]


Step: TypeAlias = "Property | Index | Method"


class Reference(NamedTuple):
    """``$name`` and what follows it. ``source`` is its text, for messages."""

    name: str
    steps: tuple[Step, ...]
    source: str


class ListOf(NamedTuple):
    """``[a, b]``."""

    items: tuple[Expression, ...]


class RangeOf(NamedTuple):
    """``[a..b]``, both included."""

    first: Expression
    last: Expression


class MapOf(NamedTuple):
    """``{a: b}``."""

    entries: tuple[tuple[Expression, Expression], ...]


class Unary(NamedTuple):
    """``!`` or ``-``."""

    operator: str
    operand: Expression


class Binary(NamedTuple):
    """Everything with two sides."""

    operator: str
    left: Expression
    right: Expression


Expression: TypeAlias = "Literal | Interpolated | Reference | ListOf | RangeOf | MapOf | Unary | Binary"

# -- nodes


class Text(NamedTuple):
    """Printed as it stands."""

    text: str


class Print(NamedTuple):
    """A reference outside of directives."""

    reference: Reference


class Set(NamedTuple):
    """``#set(target = value)``."""

    target: Reference
    value: Expression


class If(NamedTuple):
    """Branches in order; the last one's condition is None when there is an ``#else``."""

    branches: tuple[tuple[Expression | None, tuple[Node, ...]], ...]


class Foreach(NamedTuple):
    """``#foreach($name in items)``."""

    name: str
    items: Expression
    body: tuple[Node, ...]


class Break(NamedTuple):
    """``#break``."""


class Stop(NamedTuple):
    """``#stop``."""


Node: TypeAlias = "Text | Print | Set | If | Foreach | Break | Stop"
