"""Tree → closures → text.

Theory of operation
-------------------
A template compiles once, when configuration changes: every node becomes a function of the ``_Run`` (variables, output,
budgets), every expression a function that gives a value. A template without directives and references is a constant.

Rendering is total: whatever goes wrong, and whatever the template or the client tries (endless loops, exploding texts,
deep nesting), ends in a TemplateProblem. Budgets: ``#foreach`` runs at most 1,000 times, as on AWS; all nodes together
at most ``MAX_STEPS``; the output and every text are at most API Gateway's 10 MB.
Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sekisho.vtl import methods
from sekisho.vtl.parse import ParseProblem, parse
from sekisho.vtl.scope import Scope
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
from sekisho.vtl.values import (
    MAX_ITEMS,
    MAX_TEXT,
    JavaList,
    TemplateFailure,
    bounded_int,
    bounded_text,
    equal,
    number,
    text,
    true,
)
from sekisho.vtl.variables import UTIL, Context, Input, Loop

MAX_LOOPS: Final = 1000
MAX_STEPS: Final = 250_000

GO_ON, BREAK, STOP = 0, 1, 2


class TemplateProblem(NamedTuple):
    """Why a template cannot be compiled or rendered. Lines and columns count from 1; 0 while rendering."""

    message: str
    line: int = 0
    column: int = 0


class _Run:
    """One rendering."""

    __slots__ = ("left", "out", "scope", "steps", "variables")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.out: list[str] = []
        self.left = MAX_TEXT
        self.steps = MAX_STEPS
        self.variables: dict[str, Any] = {"input": Input(scope), "util": UTIL, "context": Context(scope)}

    def say(self, piece: str) -> None:
        self.left -= len(piece)
        if self.left < 0:
            raise TemplateFailure("the output is too long")
        self.out.append(piece)

    def weigh(self, value: Any) -> None:
        """Work on large values counts for more steps."""
        kind = type(value)
        if kind is str:
            self.steps -= len(value) >> 8
        elif kind is list or kind is JavaList or kind is dict:
            self.steps -= len(value) >> 4
        if self.steps < 0:
            raise TemplateFailure("the template runs for too long")

    def variable(self, name: str) -> Any:
        value = self.variables.get(name)
        if value is None and name == "stageVariables" and name not in self.variables:
            value = self.variables[name] = dict(self.scope.stage_variables)
        return value


Action = Callable[[_Run], int]
Evaluate = Callable[[_Run], Any]


class Template:
    """A compiled template. ``problem`` is set when the text is none; rendering such a template gives the problem."""

    __slots__ = ("_actions", "literal", "problem")

    def __init__(self, actions: tuple[Action, ...], literal: str | None, problem: TemplateProblem | None) -> None:
        self._actions = actions
        self.literal = literal
        """The whole output, when it does not depend on anything."""
        self.problem = problem

    def render(self, scope: Scope) -> str | TemplateProblem:
        """The output. Never raises."""
        if self.literal is not None:
            return self.literal
        if self.problem is not None:
            return self.problem
        run = _Run(scope)
        try:
            for action in self._actions:
                if action(run):
                    break
            return "".join(run.out)
        except TemplateFailure as failure:
            return TemplateProblem(failure.message)
        except RecursionError:
            return TemplateProblem("nested too deeply")


def compile_template(source: str) -> Template:
    """Compile a mapping template. Never raises; see ``Template.problem``."""
    try:
        nodes = parse(source)
        if all(isinstance(node, Text) for node in nodes):
            return Template((), "".join(node.text for node in nodes if isinstance(node, Text)), None)
        return Template(tuple(map(_action, nodes)), None, None)
    except ParseProblem as problem:
        before = source[: problem.offset]
        column = problem.offset - (before.rfind("\n") + 1) + 1
        return Template((), None, TemplateProblem(problem.message, before.count("\n") + 1, column))
    except RecursionError:
        return Template((), None, TemplateProblem("nested too deeply"))


# -- nodes


def _action(node: Node) -> Action:
    if isinstance(node, Text):
        return _text(node.text)
    if isinstance(node, Print):
        return _print(_reference(node.reference))
    if isinstance(node, Set):
        return _set(node)
    if isinstance(node, If):
        return _if(node)
    if isinstance(node, Foreach):
        return _foreach(node)
    if isinstance(node, Break):
        return lambda run: BREAK
    assert isinstance(node, Stop)
    return lambda run: STOP


def _text(piece: str) -> Action:
    def action(run: _Run) -> int:
        run.say(piece)
        return GO_ON

    return action


def _print(value: Evaluate) -> Action:
    def action(run: _Run) -> int:
        run.say(text(value(run)))
        return GO_ON

    return action


def _block(nodes: tuple[Node, ...]) -> Action:
    actions = tuple(map(_action, nodes))

    def action(run: _Run) -> int:
        run.steps -= len(actions) + 1
        if run.steps < 0:
            raise TemplateFailure("the template runs for too long")
        for each in actions:
            signal = each(run)
            if signal:
                return signal
        return GO_ON

    return action


def _set(node: Set) -> Action:
    value = _evaluate(node.value)
    name, steps = node.target.name, node.target.steps
    if not steps:

        def assign(run: _Run) -> int:
            run.variables[name] = value(run)
            return GO_ON

        return assign
    last = steps[-1]
    parent = _reference(Reference(name, steps[:-1], node.target.source))
    assert not isinstance(last, Method), "the parser has refused it"
    key = _evaluate(Literal(last.name)) if isinstance(last, Property) else _evaluate(last.key)

    def assign_into(run: _Run) -> int:
        methods.put(parent(run), key(run), value(run))
        return GO_ON

    return assign_into


def _if(node: If) -> Action:
    branches = tuple((None if test is None else _evaluate(test), _block(body)) for test, body in node.branches)

    def action(run: _Run) -> int:
        for test, body in branches:
            if test is None or true(test(run)):
                return body(run)
        return GO_ON

    return action


def _foreach(node: Foreach) -> Action:
    items, body, name = _evaluate(node.items), _block(node.body), node.name

    def action(run: _Run) -> int:
        found = items(run)
        if isinstance(found, dict):
            found = list(found.values())
        if not isinstance(found, list):
            return GO_ON
        variables = run.variables
        elements = list(found[:MAX_LOOPS])
        loop = Loop(len(elements), variables.get("foreach"))
        saved = {kept: variables[kept] for kept in (name, "foreach", "velocityCount") if kept in variables}
        signal = GO_ON
        for index, element in enumerate(elements):
            loop.index = index
            variables[name] = element
            variables["foreach"] = loop
            variables["velocityCount"] = index + 1
            signal = body(run)
            if signal:
                break
        for kept in (name, "foreach", "velocityCount"):
            variables.pop(kept, None)
        variables.update(saved)
        return STOP if signal == STOP else GO_ON

    return action


# -- expressions


def _evaluate(node: Expression) -> Evaluate:
    if isinstance(node, Literal):
        value = node.value
        return lambda run: value
    if isinstance(node, Reference):
        return _reference(node)
    if isinstance(node, Interpolated):
        return _interpolated(node)
    if isinstance(node, ListOf):
        return _list(node)
    if isinstance(node, RangeOf):
        return _range(node)
    if isinstance(node, MapOf):
        return _map(node)
    if isinstance(node, Unary):
        return _unary(node)
    return _binary(node)


def _interpolated(node: Interpolated) -> Evaluate:
    body = _block(node.body)

    def value(run: _Run) -> str:
        outer, run.out = run.out, []
        left = run.left
        try:
            body(run)
            made = "".join(run.out)
            run.weigh(made)
            return made
        finally:
            run.out, run.left = outer, left

    return value


def _list(node: ListOf) -> Evaluate:
    items = tuple(map(_evaluate, node.items))
    return lambda run: JavaList([item(run) for item in items])


def _range(node: RangeOf) -> Evaluate:
    first, last = _evaluate(node.first), _evaluate(node.last)

    def value(run: _Run) -> JavaList | None:
        start, end = first(run), last(run)
        if type(start) is not int or type(end) is not int:
            return None
        if abs(end - start) >= MAX_ITEMS:
            raise TemplateFailure("a range is too long")
        return JavaList(range(start, end + 1) if start <= end else range(start, end - 1, -1))

    return value


def _map(node: MapOf) -> Evaluate:
    entries = tuple((_evaluate(key), _evaluate(value)) for key, value in node.entries)

    def value(run: _Run) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key, item in entries:
            name = key(run)
            made[name if type(name) in (str, int, float, bool) else text(name)] = item(run)
        return made

    return value


def _unary(node: Unary) -> Evaluate:
    operand = _evaluate(node.operand)
    if node.operator == "!":
        return lambda run: not true(operand(run))

    def negative(run: _Run) -> Any:
        value = operand(run)
        return -value if number(value) else None

    return negative


def _binary(node: Binary) -> Evaluate:
    left, right = _evaluate(node.left), _evaluate(node.right)
    operator = node.operator
    if operator == "&&":
        return lambda run: true(left(run)) and true(right(run))
    if operator == "||":
        return lambda run: true(left(run)) or true(right(run))
    if operator == "==":
        return lambda run: equal(left(run), right(run))
    if operator == "!=":
        return lambda run: not equal(left(run), right(run))
    if operator in _ORDER:
        compare = _ORDER[operator]

        def ordered(run: _Run) -> bool:
            a, b = left(run), right(run)
            return number(a) and number(b) and compare(a, b)

        return ordered
    calculate = _ARITHMETIC[operator]

    def calculated(run: _Run) -> Any:
        made = calculate(left(run), right(run))
        run.weigh(made)
        return made

    return calculated


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def _add(a: Any, b: Any) -> Any:
    if type(a) is str or type(b) is str:
        return bounded_text(text(a) + text(b))
    return _number(a + b) if number(a) and number(b) else None


def _subtract(a: Any, b: Any) -> Any:
    return _number(a - b) if number(a) and number(b) else None


def _multiply(a: Any, b: Any) -> Any:
    return _number(a * b) if number(a) and number(b) else None


def _divide(a: Any, b: Any) -> Any:
    """Towards zero for integers; by zero gives null."""
    if not (number(a) and number(b)) or b == 0:
        return None
    if type(a) is int and type(b) is int:
        quotient = abs(a) // abs(b)
        return quotient if (a < 0) == (b < 0) else -quotient
    return a / b


def _remainder(a: Any, b: Any) -> Any:
    """With the sign of the dividend."""
    if type(a) is not int or type(b) is not int or b == 0:
        return None
    remainder = abs(a) % abs(b)
    return -remainder if a < 0 else remainder


def _number(value: Any) -> Any:
    return bounded_int(value) if type(value) is int else value


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _remainder,
}


# -- references


def _reference(node: Reference) -> Evaluate:
    name = node.name
    if not node.steps:
        return lambda run: run.variable(name)
    if all(isinstance(step, Property) for step in node.steps):
        names = [step.name for step in node.steps if isinstance(step, Property)]
        if name == "stageVariables" and len(names) == 1:
            return _stage_variable(names[0])
        if name == "context" and names[0] not in ("requestOverride", "responseOverride"):
            return _context_variable(names)
    steps = tuple(map(_step, node.steps))

    def value(run: _Run) -> Any:
        found = run.variable(name)
        for step in steps:
            if found is None:
                return None
            found = step(found, run)
        return found

    return value


def _stage_variable(key: str) -> Evaluate:
    def value(run: _Run) -> Any:
        changed = run.variables.get("stageVariables")
        return run.scope.stage_variables.get(key) if changed is None else methods.get(changed, key)

    return value


def _context_variable(names: list[str]) -> Evaluate:
    full = ".".join(names)

    def value(run: _Run) -> Any:
        found = run.variables["context"]
        if type(found) is Context:
            direct = run.scope.context(full)
            if type(direct) in (str, int, float, bool):
                return direct
        for key in names:
            found = methods.get(found, key)
        return found

    return value


def _step(step: Step) -> Callable[[Any, _Run], Any]:
    if isinstance(step, Property):
        name = step.name
        return lambda target, run: methods.get(target, name)
    if isinstance(step, Index):
        key = _evaluate(step.key)
        return lambda target, run: methods.get(target, key(run))
    called = step.name
    arguments = tuple(map(_evaluate, step.arguments))

    def invoke(target: Any, run: _Run) -> Any:
        given = [argument(run) for argument in arguments]
        made = methods.call(target, called, given)
        run.weigh(target)
        run.weigh(made)
        for value in given:
            run.weigh(value)
        if type(target) is Input:
            run.steps -= len(run.scope.body) >> 8
        return made

    return invoke
