"""What a running server remembers between requests. In memory, bounded, and never part of the configuration.

Theory of operation. Requests are judged by their exchange alone, with one exception: what was found out for an earlier
request may be used again, until it is too old. That is all in here, as plain values under the time the caller gives;
nothing reads a clock. Everything can be thrown away at any moment, and is with a new server.

- **Keys of issuers.** Kept about two hours, as API Gateway does. A failure is kept for seconds, so that an issuer that
  is down is not asked by every request. An unknown ``kid`` may mean that the issuer has new keys: it is asked again, at
  most once a minute, so that made-up names cost nothing.
  https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
- **Tokens that were accepted.** Until they expire, and only under the authorizer and the keys that accepted them: a
  changed authorizer or newly fetched keys leave no old decision standing.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final, NamedTuple

from sekisho.config.api import Limits
from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.functions.invocation import Returned
from sekisho.gateway.authorizers.answer import Answer
from sekisho.gateway.authorizers.keys import KeySet
from sekisho.gateway.effects import KeysUnavailable
from sekisho.gateway.usage import Usage

KEYS_SECONDS: Final = 7200.0
FAILURE_SECONDS: Final = 5.0
ASK_AGAIN_SECONDS: Final = 60.0
MAX_ISSUERS: Final = 512
MAX_DECISIONS: Final = 4096
MAX_BUCKETS: Final = 8192
MAX_ANSWERS: Final = 4096
MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024
"""Of answers and the identity values they are kept under."""
MAX_TOKEN_BYTES: Final = 8 * 1024 * 1024
"""Of the tokens whose decisions are kept."""

DecisionKey = tuple[str, tuple[str, ...], str, str]
"""Token as sent, scopes of the route, authorizer's id, issuer."""


AnswerKey = tuple[str, ...]
"""API, stage, authorizer, then the values of the identity sources."""


class Remembered:
    """A Lambda authorizer's answer, and the request that it was made for."""

    __slots__ = ("answer", "authorizer", "request_id", "result", "until")

    def __init__(
        self, authorizer: LambdaAuthorizer, answer: Answer, until: float, request_id: str, result: Returned
    ) -> None:
        self.authorizer = authorizer
        self.answer = answer
        self.until = until
        self.request_id = request_id
        """The API request that called the function."""
        self.result = result
        """The answer as it came, and the invocation's request id; it took no time."""


class _Fetched(NamedTuple):
    found: KeySet | KeysUnavailable
    at: float
    until: float


class _Decision(NamedTuple):
    # Not object: mypyc cannot compile that in a NamedTuple.
    authorizer: Any
    keys: KeySet
    until: float
    value: Any


class Ledger:
    """The memory of one server."""

    __slots__ = ("_answer_bytes", "_answers", "_buckets", "_decisions", "_issuers", "_token_bytes", "owed", "usage")

    def __init__(self) -> None:
        self._issuers: dict[str, _Fetched] = {}
        self._decisions: OrderedDict[DecisionKey, _Decision] = OrderedDict()
        self._token_bytes = 0
        self._answers: OrderedDict[AnswerKey, Remembered] = OrderedDict()
        self._answer_bytes = 0
        self._buckets: dict[tuple[str, ...], tuple[float, float]] = {}
        self.owed: dict[tuple[str, ...], float] = {}
        """Tokens that are missing in a bucket which is not there yet: how a replay knows of earlier requests."""
        self.usage = Usage()
        """What API keys have used of their plans."""

    def clear(self) -> None:
        """Forget everything."""
        self._issuers.clear()
        self._decisions.clear()
        self._token_bytes = 0
        self._answers.clear()
        self._answer_bytes = 0
        self._buckets.clear()
        self.usage.clear()

    # --- token buckets

    def take(self, key: tuple[str, ...], limits: Limits, now: float) -> bool:
        """Whether a request may pass a bucket; takes its token when it may. A new bucket is full.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
        """
        before = self._buckets.get(key)
        if before is None:
            if len(self._buckets) >= MAX_BUCKETS:
                del self._buckets[next(iter(self._buckets))]
            left = limits.burst - self.owed.get(key, 0.0)
        else:
            left = min(float(limits.burst), before[0] + max(0.0, now - before[1]) * limits.rate)
        allowed = left >= 1.0
        self._buckets[key] = (left - 1.0 if allowed else left, now)
        return allowed

    def missing(self, key: tuple[str, ...], limits: Limits) -> float:
        """Tokens that are missing in a bucket after the last request."""
        found = self._buckets.get(key)
        return 0.0 if found is None else limits.burst - found[0]

    # --- keys of issuers

    def keys(self, issuer: str, now: float) -> KeySet | KeysUnavailable | None:
        """The issuer's keys, or why there are none at the moment; None: they must be fetched."""
        fetched = self._issuers.get(issuer)
        return fetched.found if fetched is not None and now < fetched.until else None

    def remember_keys(self, issuer: str, found: KeySet | KeysUnavailable, now: float) -> KeySet | KeysUnavailable:
        """Keep what was fetched, and give back what holds from now on: a failure does not displace keys that do."""
        before = self._issuers.pop(issuer, None)
        seconds = KEYS_SECONDS if isinstance(found, KeySet) else FAILURE_SECONDS
        after = _Fetched(found, now, now + seconds)
        if isinstance(found, KeysUnavailable) and before is not None and isinstance(before.found, KeySet):
            if now < before.until:
                after = before._replace(at=now)
        elif len(self._issuers) >= MAX_ISSUERS:
            del self._issuers[next(iter(self._issuers))]
        self._issuers[issuer] = after
        return after.found

    def may_ask_again(self, issuer: str, now: float) -> bool:
        """Whether the issuer was asked long enough ago to ask for a key that it did not have."""
        fetched = self._issuers.get(issuer)
        return fetched is None or not 0 <= now - fetched.at < ASK_AGAIN_SECONDS

    # --- tokens that were accepted

    def decision(self, key: DecisionKey, authorizer: object, keys: KeySet, now: float) -> Any:
        """What was decided for a token, or None."""
        found = self._decisions.get(key)
        if found is None:
            return None
        same = found.authorizer is authorizer or found.authorizer == authorizer
        if not same or found.keys is not keys or now >= found.until:
            self._drop(key)
            return None
        self._decisions.move_to_end(key)
        return found.value

    def remember_decision(self, key: DecisionKey, authorizer: object, keys: KeySet, until: float, value: Any) -> None:
        """Keep a decision until the epoch second ``until``; the longest unused make room."""
        self._drop(key)
        self._decisions[key] = _Decision(authorizer, keys, until, value)
        self._token_bytes += len(key[0])
        while len(self._decisions) > MAX_DECISIONS or self._token_bytes > MAX_TOKEN_BYTES:
            oldest, _ = self._decisions.popitem(last=False)
            self._token_bytes -= len(oldest[0])

    def _drop(self, key: DecisionKey) -> None:
        if self._decisions.pop(key, None) is not None:
            self._token_bytes -= len(key[0])

    # --- answers of Lambda authorizers

    def answer(self, key: AnswerKey, authorizer: LambdaAuthorizer, now: float) -> Remembered | None:
        """What the authorizer answered for these identity values, if it may be used still."""
        found = self._answers.get(key)
        if found is None:
            return None
        if now >= found.until or (found.authorizer is not authorizer and found.authorizer != authorizer):
            self._forget(key)
            return None
        self._answers.move_to_end(key)
        return found

    def remember_answer(
        self,
        key: AnswerKey,
        authorizer: LambdaAuthorizer,
        answer: Answer,
        until: float,
        request_id: str,
        payload: bytes,
        invocation: str,
    ) -> None:
        """Keep an answer until the epoch second ``until``; the longest unused make room."""
        self._forget(key)
        found = Remembered(authorizer, answer, until, request_id, Returned(payload, invocation, 0.0))
        self._answers[key] = found
        self._answer_bytes += _weight(key, found)
        while len(self._answers) > MAX_ANSWERS or self._answer_bytes > MAX_ANSWER_BYTES:
            self._answer_bytes -= _weight(*self._answers.popitem(last=False))

    def forget_answers(self, api: str, stage: str) -> None:
        """``FlushStageAuthorizersCache`` and ``ResetAuthorizersCache``: a stage's functions are asked again."""
        for key in [key for key in self._answers if key[:2] == (api, stage)]:
            self._forget(key)

    def _forget(self, key: AnswerKey) -> None:
        found = self._answers.pop(key, None)
        if found is not None:
            self._answer_bytes -= _weight(key, found)


def _weight(key: AnswerKey, found: Remembered) -> int:
    return len(found.result.payload) + sum(map(len, key))
