"""A set of compiled policies × (action, resource) → the statements left to decide, and what they say.

Theory of operation. A decision has a part that repeats (which statements are about this action on this resource) and a
part that does not (conditions, variables, who asks). The repeating part is worked out once: ``Pool`` holds the
statements of a set about one action, bucketed by the literal beginning of their resource patterns when there are many;
``Pool.select`` boils them down, for one resource, to ``Entry`` values that list only the tests still open. Callers keep
the result (``PolicyStack`` and ``CompiledPolicy`` have a bounded memory for it), so that a repeated question runs its
conditions and nothing else. No explanation is built here; ``witness`` does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sekisho.kit.memory import remember
from sekisho.policy.compile import CompiledPolicy, CompiledStatement
from sekisho.policy.operators import Test
from sekisho.policy.principals import Match
from sekisho.policy.request import Context, Question

LONGEST_REMEMBERED: Final = 1024
"""Resources longer than this many characters are worked out each time."""
_FEW: Final = 4
"""Pools up to this size are walked; larger ones are bucketed."""
_MOST_LENGTHS: Final = 24
"""Lengths of literal beginnings that get buckets of their own; beyond that, lengths are rounded down."""


class Entry(NamedTuple):
    """A statement that is about the action and the resource, and the tests it still has to pass."""

    tests: tuple[Test, ...]
    statement: CompiledStatement


class Sides(NamedTuple):
    """Entries of a set by effect; unconditional ones first, else in policy and document order."""

    denies: tuple[Entry, ...]
    allows: tuple[Entry, ...]


NOTHING: Final = Sides((), ())


_Spot = tuple[int, tuple[str, ...], CompiledStatement]
"""A statement of a pool where a search finds it: its place, its literal beginnings, itself."""


class Pool:
    """The statements of some policies about one action."""

    __slots__ = ("_buckets", "_known", "_lengths", "_loose", "_spots")

    def __init__(self, statements: Sequence[CompiledStatement]) -> None:
        spots = [(order, statement.heads, statement) for order, statement in enumerate(statements)]
        self._spots: list[_Spot] = []
        """All of them, when they are few."""
        self._loose: list[_Spot] = []
        self._buckets: dict[str, list[_Spot]] = {}
        self._lengths: tuple[int, ...] = ()
        self._known: dict[object, Sides] = {}
        if len(spots) > _FEW:
            self._build(spots)
        else:
            self._spots = spots

    def _build(self, spots: Sequence[_Spot]) -> None:
        """Bucket by literal beginning. A pattern that is nothing but its beginning stands in a bucket all the same:
        ARN patterns may be completed, so that only ``covers`` knows."""
        beginnings: list[tuple[str, _Spot]] = []
        for spot in spots:
            for head in spot[1]:
                if head:
                    beginnings.append((head, spot))
                else:
                    self._loose.append(spot)
        lengths = {len(head) for head, _ in beginnings}
        step = 1
        while len(lengths) > _MOST_LENGTHS:
            step *= 2
            lengths = {length - length % step for length in lengths}
        buckets = self._buckets
        for head, spot in beginnings:
            if step > 1:
                head = head[: len(head) - len(head) % step]
            bucket = buckets.get(head)
            if bucket is None:
                buckets[head] = [spot]
            elif bucket[-1] is not spot:
                bucket.append(spot)
        self._lengths = tuple(sorted(lengths))

    def select(self, resource: str) -> Sides:
        """The statements that are about ``resource``. Resources that meet the same statements share the answer."""
        hits: list[CompiledStatement] = []
        for _, heads, statement in self._spots or self._near(resource):
            if resource.startswith(heads) and (statement.sound or statement.arm()):
                covered = statement.covers(resource)
                if covered is None:
                    return self._select_open(resource)
                if covered:
                    hits.append(statement)
        if not hits:
            return NOTHING
        key = hits[0] if len(hits) == 1 else tuple(hits)
        found = self._known.get(key)
        if found is None:
            found = remember(self._known, key, _sides([Entry(statement.tests, statement) for statement in hits]))
        return found

    def _select_open(self, resource: str) -> Sides:
        """The same when a variable decides whether some statement is about ``resource``."""
        entries: list[Entry] = []
        for _, heads, statement in self._spots or self._near(resource):
            if resource.startswith(heads) and statement.arm():
                covered = statement.covers(resource)
                if covered is not False:
                    open_test = () if covered else (_resource_test(statement, resource),)
                    entries.append(Entry((*open_test, *statement.tests), statement))
        return _sides(entries)

    def _near(self, resource: str) -> Iterable[_Spot]:
        """The spots whose buckets ``resource`` falls into, in order, each once."""
        found = [self._loose] if self._loose else []
        for length in self._lengths:
            spots = self._buckets.get(resource[:length])
            if spots is not None:
                found.append(spots)
        if len(found) < 2:
            return found[0] if found else ()
        merged = {spot[0]: spot for spots in found for spot in spots}
        return [merged[order] for order in sorted(merged)]


def _resource_test(statement: CompiledStatement, resource: str) -> Test:
    return lambda context: statement.covers_in(resource, context)


def _sides(entries: list[Entry]) -> Sides:
    denies = [entry for entry in entries if entry.statement.deny]
    allows = [entry for entry in entries if not entry.statement.deny]
    return Sides(_unconditional_first(denies), _unconditional_first(allows))


def _unconditional_first(entries: list[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=_is_conditional)) if len(entries) > 1 else tuple(entries)


def _is_conditional(entry: Entry) -> bool:
    return bool(entry.tests)


def pool(policies: Iterable[CompiledPolicy], action: str) -> Pool:
    """The pool of a set of policies for ``action`` (lower case)."""
    return Pool([statement for policy in policies for statement in policy.index.about(action)])


def sides(policy: CompiledPolicy, action: str, resource: str) -> Sides:
    """The entries of one policy for (action, resource)."""
    key = (action, resource)
    found: Sides | None = policy.answers.get(key)
    if found is None:
        found = pool((policy,), action.lower()).select(resource)
        if len(resource) <= LONGEST_REMEMBERED:
            remember(policy.answers, key, found)
    return found


def first(entries: Sequence[Entry], context: Context) -> CompiledStatement | None:
    """The first statement whose conditions hold."""
    for tests, statement in entries:
        for test in tests:
            if not test(context):
                break
        else:
            return statement
    return None


def first_naming(entries: Sequence[Entry], question: Question, bounded: bool) -> CompiledStatement | None:
    """The first statement that names the question's subject and whose conditions hold."""
    for tests, statement in entries:
        if statement.names(question.subject, bounded) is Match.NONE:
            continue
        for test in tests:
            if not test(question.context):
                break
        else:
            return statement
    return None


_NOT, _DIRECT = Match.NONE, Match.DIRECT
# Looking a member up in an enumeration takes longer than comparing it.


def closest(entries: Sequence[Entry], question: Question) -> tuple[Match, CompiledStatement | None]:
    """The statement that names the question's subject most closely and whose conditions hold."""
    best, chosen = _NOT, None
    for tests, statement in entries:
        level = statement.names(question.subject, False)
        if level <= best:
            continue
        for test in tests:
            if not test(question.context):
                break
        else:
            best, chosen = level, statement
            if best is _DIRECT:
                break
    return best, chosen
