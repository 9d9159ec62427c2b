"""Template text → tree: the part of the Velocity Template Language that API Gateway's mapping templates use.

Theory of operation
-------------------
One pass over the characters, recursive descent. Outside of directives almost everything is text: a ``$`` that starts
no reference and a ``#`` that starts no directive stand for themselves. Directives eat the blanks and the line end
behind them, as Velocity 1.7 does; ``#set`` alone on its line eats its indentation, too.

What API Gateway does not offer (``#macro``, ``#parse``, ``#include``, ``#evaluate``, ``#define``) is a problem.

Source: https://velocity.apache.org/engine/1.7/user-guide.html and
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import re
from typing import NoReturn

from sekisho.vtl.tree import (
    Binary,
    Break,
    Expression,
    Foreach,
    If,
    Index,
    Interpolated,
    ListOf,
    Literal,
    MapOf,
    Method,
    Node,
    Print,
    Property,
    RangeOf,
    Reference,
    Set,
    Step,
    Stop,
    Text,
    Unary,
)

MAX_DEPTH = 60
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_REFERENCE = re.compile(r"\$!?(?:\{[ \t]*)?[A-Za-z_]")
_DIRECTIVE = re.compile(r"#(?:\{(?P<braced>[a-z]+)\}|(?P<plain>[a-z]+))")
_REST_OF_LINE = re.compile(r"[ \t]*(?:\r\n|\n|\r)?")
_LINE_END = re.compile(r"[ \t]*(?:\r\n|\n|\r)")
_BLANKS = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_IN = re.compile(r"in(?![A-Za-z0-9_-])")
_NOT = re.compile(r"not(?![A-Za-z0-9_-])")
_KNOWN = ("set", "if", "elseif", "else", "end", "foreach", "break", "stop")
_REFUSED = ("macro", "parse", "include", "evaluate", "define")
_WORDS = {"and": "&&", "or": "||", "not": "!", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<=", ">=", "<", ">"), ("+", "-"), ("*", "/", "%"))


class ParseProblem(Exception):
    """The text is no template; ``offset`` is where that was noticed."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message, self.offset = message, offset


def parse(text: str) -> tuple[Node, ...]:
    """The nodes of a template. Raises ParseProblem and nothing else."""
    return _Parser(text, 0).template()


class _Parser:
    def __init__(self, text: str, depth: int) -> None:
        self._text = text
        self._at = 0
        self._depth = depth

    def _fail(self, message: str) -> NoReturn:
        raise ParseProblem(message, self._at)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail("nested too deeply")

    # -- template level

    def template(self) -> tuple[Node, ...]:
        nodes, ended_by = self._block(())
        assert not ended_by
        return nodes

    def _block(self, closers: tuple[str, ...]) -> tuple[tuple[Node, ...], str]:
        """Nodes up to a directive of ``closers`` (consumed, its name is given back) or the end of the text."""
        text, nodes, start = self._text, _Nodes(), self._at
        while self._at < len(text):
            hit = _next_mark(text, self._at)
            if hit < 0:
                break
            self._at = hit
            if text[hit] == "\\":
                taken = self._escaped(nodes, start)
            elif text[hit] == "$":
                taken = self._printed(nodes, start)
            else:
                taken, closer = self._marked(nodes, start, closers)
                if closer:
                    return nodes.done(), closer
            if taken:
                start = self._at
            elif self._at <= hit:
                self._at = hit + 1
        self._at = len(text)
        nodes.text(text[start:])
        if closers:
            self._fail("#end is missing")
        return nodes.done(), ""

    def _escaped(self, nodes: _Nodes, start: int) -> bool:
        """Backslashes before a reference or directive: each pair is one backslash, an odd one makes text."""
        text, first = self._text, self._at
        end = first
        while end < len(text) and text[end] == "\\":
            end += 1
        directive = _DIRECTIVE.match(text, end)
        known = directive is not None and (directive["braced"] or directive["plain"]) in _KNOWN + _REFUSED
        if not known and not _REFERENCE.match(text, end):
            self._at = end
            return False
        count = end - first
        nodes.text(text[start:first] + "\\" * (count // 2))
        self._at = end
        if count % 2:
            nodes.text(text[end])
            self._at = end + 1
        return True

    def _printed(self, nodes: _Nodes, start: int) -> bool:
        if not _REFERENCE.match(self._text, self._at):
            return False
        before = self._text[start : self._at]
        reference = self._reference()
        nodes.text(before)
        nodes.add(Print(reference))
        return True

    def _marked(self, nodes: _Nodes, start: int, closers: tuple[str, ...]) -> tuple[bool, str]:
        """Something that starts with ``#``: (whether it was consumed, the closer that it was)."""
        text, at = self._text, self._at
        before = text[start:at]
        for opening, closing, keep in (("#*", "*#", False), ("#[[", "]]#", True)):
            if text.startswith(opening, at):
                end = text.find(closing, at + len(opening))
                if end < 0:
                    self._fail(f"{closing} is missing")
                nodes.text(before + (text[at + len(opening) : end] if keep else ""))
                self._at = end + len(closing)
                return True, ""
        if text.startswith("##", at):
            nodes.text(before)
            ends = [found for found in (text.find("\n", at), text.find("\r", at)) if found >= 0]
            self._at = min(ends) if ends else len(text)
            self._at = _REST_OF_LINE.match(text, self._at).end()  # type: ignore[union-attr]
            return True, ""
        match = _DIRECTIVE.match(text, at)
        name = (match["braced"] or match["plain"]) if match else ""
        if not match or name not in _KNOWN:
            if name in _REFUSED and text[match.end() if match else 0 :].lstrip(" \t").startswith("("):
                self._fail(f"#{name} is not supported in mapping templates")
            if match and not match["braced"]:
                return self._glued(match["plain"], nodes, before, closers)
            return False, ""
        self._at = match.end()
        if name == "set":
            before = _without_indentation(before, nodes.empty)
        nodes.text(before)
        if name in closers:
            if name != "elseif":
                self._skip_line()
            return True, name
        if name in ("elseif", "else", "end"):
            self._fail(f"unexpected #{name}")
        self._directive(name, nodes)
        return True, ""

    def _glued(self, word: str, nodes: _Nodes, before: str, closers: tuple[str, ...]) -> tuple[bool, str]:
        """``#elsefoo`` is ``#else`` followed by text, and so with ``#end``, ``#break`` and ``#stop``."""
        for name in ("else", "end", "break", "stop"):
            if word.startswith(name) and (name in closers or name in ("break", "stop")):
                self._at += 1 + len(name)
                nodes.text(before)
                if name in closers:
                    return True, name
                nodes.add(Break() if name == "break" else Stop())
                return True, ""
        return False, ""

    def _directive(self, name: str, nodes: _Nodes) -> None:
        if name == "set":
            self._blank("(")
            target = self._bare_reference()
            if target.steps and isinstance(target.steps[-1], Method):
                self._fail(f"cannot assign to {target.source}")
            self._blank("=")
            value = self._expression()
            self._close()
            nodes.add(Set(target, value))
        elif name == "if":
            nodes.add(self._if())
        elif name == "foreach":
            nodes.add(self._foreach())
        else:
            self._skip_line()
            nodes.add(Break() if name == "break" else Stop())

    def _if(self) -> If:
        self._deeper()
        branches: list[tuple[Expression | None, tuple[Node, ...]]] = []
        closer = "elseif"
        while closer == "elseif":
            self._blank("(")
            condition = self._expression()
            self._close()
            body, closer = self._block(("elseif", "else", "end"))
            branches.append((condition, body))
        if closer == "else":
            body, _ = self._block(("end",))
            branches.append((None, body))
        self._depth -= 1
        return If(tuple(branches))

    def _foreach(self) -> Foreach:
        self._deeper()
        self._blank("(")
        loop = self._bare_reference()
        if loop.steps:
            self._fail("#foreach needs a plain variable")
        self._skip()
        if not _IN.match(self._text, self._at):
            self._fail("'in' is missing")
        self._at += 2
        items = self._expression()
        self._close()
        body, _ = self._block(("end",))
        self._depth -= 1
        return Foreach(loop.name, items, body)

    def _close(self) -> None:
        self._blank(")")
        self._skip_line()

    def _skip_line(self) -> None:
        """Blanks and one line end; blanks alone stay, they may be wanted."""
        match = _LINE_END.match(self._text, self._at)
        if match:
            self._at = match.end()

    # -- references

    def _bare_reference(self) -> Reference:
        self._skip()
        if not _REFERENCE.match(self._text, self._at):
            self._fail("a reference is missing")
        return self._reference()

    def _reference(self) -> Reference:
        text, start = self._text, self._at
        self._at += 1
        if text.startswith("!", self._at):
            self._at += 1
        braced = text.startswith("{", self._at)
        if braced:
            self._at += 1
            self._skip()
        name = self._name()
        steps: list[Step] = []
        while (step := self._step()) is not None:
            steps.append(step)
        if braced:
            self._skip()
            if not text.startswith("}", self._at):
                self._fail("} is missing")
            self._at += 1
        return Reference(name, tuple(steps), text[start : self._at])

    def _step(self) -> Step | None:
        text, at = self._text, self._at
        if text.startswith(".", at):
            match = _NAME.match(text, at + 1)
            if not match:
                return None
            self._at = match.end()
            if text.startswith("(", self._at):
                self._at += 1
                return Method(match[0], self._items(")"))
            return Property(match[0])
        if text.startswith("[", at):
            self._at += 1
            try:
                key = self._expression()
                self._blank("]")
            except ParseProblem:
                self._at = at  # "$a[" in running text is a reference and a bracket
                return None
            return Index(key)
        return None

    def _name(self) -> str:
        match = _NAME.match(self._text, self._at)
        if not match:
            self._fail("a name is missing")
        self._at = match.end()
        return match[0]

    # -- expressions

    def _skip(self) -> None:
        self._at = _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]

    def _blank(self, token: str) -> None:
        """Blanks, then ``token``."""
        self._skip()
        if not self._text.startswith(token, self._at):
            self._fail(f"{token} is missing")
        self._at += len(token)

    def _items(self, closing: str) -> tuple[Expression, ...]:
        """Comma-separated expressions up to ``closing``."""
        self._deeper()
        items: list[Expression] = []
        self._skip()
        while not self._text.startswith(closing, self._at):
            if items:
                self._blank(",")
            items.append(self._expression())
            self._skip()
        self._at += len(closing)
        self._depth -= 1
        return tuple(items)

    def _expression(self, level: int = 0) -> Expression:
        if level == 0:
            self._deeper()
        left = self._expression(level + 1) if level + 1 < len(_LEVELS) else self._unary()
        length = 0
        while (operator := self._operator(_LEVELS[level])) is not None:
            right = self._expression(level + 1) if level + 1 < len(_LEVELS) else self._unary()
            left = Binary(operator, left, right)
            length += 1
            if length > MAX_DEPTH:
                self._fail("expression too long")
        if level == 0:
            self._depth -= 1
        return left

    def _operator(self, among: tuple[str, ...]) -> str | None:
        self._skip()
        text, at = self._text, self._at
        for operator in among:
            if text.startswith(operator, at):
                self._at += len(operator)
                return operator
        match = _NAME.match(text, at)
        if match and _WORDS.get(match[0]) in among:
            self._at = match.end()
            return _WORDS[match[0]]
        return None

    def _unary(self) -> Expression:
        self._skip()
        text, at = self._text, self._at
        if text.startswith(("!", "-"), at):
            self._at += 1
        elif _NOT.match(text, at):
            self._at += 3
        else:
            return self._primary()
        self._deeper()
        operand = self._unary()
        self._depth -= 1
        if text[at] == "-" and isinstance(operand, Literal) and type(operand.value) in (int, float):
            return Literal(-operand.value)  # type: ignore[operator]
        return Unary("-" if text[at] == "-" else "!", operand)

    def _primary(self) -> Expression:
        text, at = self._text, self._at
        if at >= len(text):
            self._fail("the expression is incomplete")
        first = text[at]
        if first == "$" and _REFERENCE.match(text, at):
            return self._reference()
        if first in "\"'":
            return self._string(first)
        if first == "(":
            self._at += 1
            inner = self._expression()
            self._blank(")")
            return inner
        if first == "[":
            return self._list()
        if first == "{":
            return self._map()
        number = _NUMBER.match(text, at)
        if number:
            return self._number(number)
        word = _NAME.match(text, at)
        if word and word[0] in ("true", "false"):
            self._at = word.end()
            return Literal(word[0] == "true")
        self._fail(f"unexpected {first!r}")

    def _number(self, match: re.Match[str]) -> Literal:
        spelled = match[0]
        self._at += len(spelled)
        if len(spelled) > 40:
            self._fail("number too long")
        if spelled.isdigit():
            value = int(spelled)
            if value >= 1 << 63:
                self._fail("number too large")
            return Literal(value)
        return Literal(float(spelled))

    def _string(self, quote: str) -> Expression:
        text, at = self._text, self._at + 1
        parts = []
        while True:
            end = text.find(quote, at)
            if end < 0:
                self._fail(f"{quote} is missing")
            parts.append(text[at:end])
            at = end + 1
            if not text.startswith(quote, at):
                break
            parts.append(quote)  # doubled: one of them belongs to the text
            at += 1
        content = "".join(parts)
        start, self._at = self._at, at
        if quote == "'" or ("$" not in content and "#" not in content and "\\" not in content):
            return Literal(content)
        self._deeper()
        try:
            body = _Parser(content, self._depth).template()
        except ParseProblem as problem:
            raise ParseProblem(problem.message, start + 1 + problem.offset) from None
        self._depth -= 1
        if all(isinstance(node, Text) for node in body):
            return Literal("".join(node.text for node in body if isinstance(node, Text)))
        return Interpolated(body)

    def _list(self) -> Expression:
        self._at += 1
        self._skip()
        if self._text.startswith("]", self._at):
            self._at += 1
            return ListOf(())
        first = self._expression()
        self._skip()
        if self._text.startswith("..", self._at):
            self._at += 2
            last = self._expression()
            self._blank("]")
            return RangeOf(first, last)
        if self._text.startswith("]", self._at):
            self._at += 1
            return ListOf((first,))
        self._blank(",")
        return ListOf((first, *self._items("]")))

    def _map(self) -> MapOf:
        self._at += 1
        self._deeper()
        entries: list[tuple[Expression, Expression]] = []
        self._skip()
        while not self._text.startswith("}", self._at):
            if entries:
                self._blank(",")
            self._skip()
            bare = _NAME.match(self._text, self._at)
            if bare and bare[0] not in ("true", "false"):
                self._at = bare.end()
                key: Expression = Literal(bare[0])
            else:
                key = self._expression()
            self._blank(":")
            entries.append((key, self._expression()))
            self._skip()
        self._at += 1
        self._depth -= 1
        return MapOf(tuple(entries))


class _Nodes:
    """Nodes so far; neighbouring texts are one."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []

    @property
    def empty(self) -> bool:
        return not self._nodes

    def text(self, text: str) -> None:
        if text:
            if self._nodes and isinstance(self._nodes[-1], Text):
                text = self._nodes.pop().text + text  # type: ignore[union-attr]
            self._nodes.append(Text(text))

    def add(self, node: Node) -> None:
        self._nodes.append(node)

    def done(self) -> tuple[Node, ...]:
        return tuple(self._nodes)


_MARK = re.compile(r"[\\$#]")


def _next_mark(text: str, at: int) -> int:
    match = _MARK.search(text, at)
    return match.start() if match else -1


def _without_indentation(before: str, first: bool) -> str:
    """Blanks between a line's start and ``#set`` are not printed."""
    stripped = before.rstrip(" \t")
    if stripped.endswith(("\n", "\r")) or (not stripped and first):
        return stripped
    return before
