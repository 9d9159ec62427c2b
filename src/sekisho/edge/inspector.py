"""``/_sekisho/``: the server about itself. JSON in, JSON out.

| endpoint | answers |
|---|---|
| ``GET /_sekisho/health`` | version, account, region, since when |
| ``POST /_sekisho/reset`` | forgets every resource, log and trace |
| ``GET /_sekisho/requests?limit=50`` | recent requests, newest first |
| ``GET /_sekisho/requests/{id}`` | one request as the gates saw it |
| ``GET /_sekisho/requests/{id}/explanation?lang=en`` | why it failed, and what would help |
| ``GET /_sekisho/policy/why?principal=&action=&resource=`` | a decision, statement by statement |
| ``GET /_sekisho/policy/who-can?action=&resource=`` | who can, who cannot, who can under conditions |
| ``GET /_sekisho/policy/prove?allowed=&action=&resource=`` | whether nobody but ``allowed`` can |
| ``GET /_sekisho/policy/chain?api=&stage=`` | for every route who gets 200, 403 or 500, and why |
| ``GET /_sekisho/issuer/{name}/.well-known/…`` | the local issuer's ``openid-configuration`` and ``jwks.json`` |
| ``POST /_sekisho/issuer/token`` | makes a token (``edge/minting.py``) |
| ``POST /_sekisho/issuer/map`` | verifies another issuer's tokens with the local key: ``{"issuer": URL}`` |
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson

from sekisho.edge.dataplane import is_loopback
from sekisho.edge.http1 import Request
from sekisho.edge.issuer import LocalIssuer
from sekisho.edge.logschema import Stored
from sekisho.edge.logstore import LogStore
from sekisho.edge.recorder import Document, Recorder
from sekisho.gateway.trace import Trace

Answer = tuple[int, bytes]
Explain = Callable[[Trace | Stored, str], Awaitable[Document | None]]
"""A recent trace or a stored one, and a language → its explanation, or None."""

AskPolicy = Callable[[str, Mapping[str, list[str]], str], tuple[int, Document] | None]
"""Which question, its parameters, a language → status and answer; None: there is no such question."""

PREFIX = "/_sekisho/"
ENDPOINTS = {
    "GET /_sekisho/health": "version, account, region, since when",
    "POST /_sekisho/reset": "forget every resource, log and trace",
    "GET /_sekisho/requests?limit=50": "recent requests, newest first",
    "GET /_sekisho/requests/{id}": "one request as the gates saw it",
    "GET /_sekisho/requests/{id}/explanation?lang=en": "why it failed, and what would help",
    "GET /_sekisho/policy/why?principal=&action=&resource=": "a decision, statement by statement",
    "GET /_sekisho/policy/who-can?action=&resource=": "who can, who cannot, who can under conditions",
    "GET /_sekisho/policy/prove?allowed=&action=&resource=": "whether nobody but the allowed can",
    "GET /_sekisho/policy/chain?api=&stage=": "for every route who gets 200, 403 or 500, and why",
    "GET /_sekisho/issuer/{name}/.well-known/openid-configuration": "the local issuer of tokens",
    "GET /_sekisho/issuer/{name}/.well-known/jwks.json": "its public key",
    "POST /_sekisho/issuer/token": "make a token",
    "POST /_sekisho/issuer/map": "verify the tokens of another issuer with the local key",
}
_DEFAULT_LIMIT = 50
_MOST = 1000


def _json(status: int, document: Any) -> Answer:
    return status, orjson.dumps(document, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE)


def language_of(request: Request, query: Mapping[str, list[str]]) -> str:
    """``?lang=``, else the first of Accept-Language that there are messages in, else English."""
    asked = query.get("lang")
    if asked:
        return asked[0].partition("-")[0].lower()
    for part in (request.headers.get("accept-language") or "").split(","):
        code = part.partition(";")[0].strip().partition("-")[0].lower()
        if code in ("en", "ja"):
            return code
    return "en"


class Inspector:
    """Answers ``/_sekisho/`` requests."""

    def __init__(
        self,
        *,
        health: Callable[[], Document],
        reset: Callable[[], Awaitable[None]],
        recorder: Recorder,
        logs: LogStore,
        explain: Explain,
        issuer: LocalIssuer,
        strict: bool,
        policy: AskPolicy,
    ) -> None:
        """``strict``: only callers on this machine may have tokens made."""
        self._health = health
        self._reset = reset
        self._recorder = recorder
        self._logs = logs
        self._explain = explain
        self._issuer = issuer
        self._strict = strict
        self._policy = policy

    async def answer(self, request: Request) -> Answer:
        """Status and JSON body."""
        parts = [unquote(part) for part in request.path[len(PREFIX) :].rstrip("/").split("/")]
        read = request.method in ("GET", "HEAD")
        if parts == ["health"] and read:
            return _json(200, self._health())
        if parts == ["reset"]:
            if request.method != "POST":
                return _json(405, {"message": "Use POST /_sekisho/reset."})
            await self._reset()
            return _json(200, {"status": "reset"})
        if parts[0] == "requests" and read:
            query = parse_qs(request.query)
            if len(parts) == 1:
                return await self._recent(query)
            if len(parts) == 2:
                return await self._one(parts[1])
            if len(parts) == 3 and parts[2] == "explanation":
                return await self._explanation(parts[1], language_of(request, query))
        if parts[0] == "policy" and len(parts) == 2 and read:
            query = parse_qs(request.query, keep_blank_values=True)
            found = self._policy(parts[1], query, language_of(request, query))
            if found is not None:
                return _json(*found)
        if parts[0] == "issuer":
            trusted = not self._strict or is_loopback(request.source_ip)
            found = await self._issuer.answer(request.method, parts[1:], request.body, trusted)
            if found is not None:
                return _json(*found)
        return _json(404, {"message": f"No such endpoint: {request.method} {request.path}", "endpoints": ENDPOINTS})

    async def _recent(self, query: Mapping[str, list[str]]) -> Answer:
        text = query.get("limit", [str(_DEFAULT_LIMIT)])[0]
        if not (text.isascii() and text.isdigit() and len(text) < 6):
            return _json(400, {"message": "limit must be a number."})
        limit = max(1, min(int(text), _MOST))
        found = self._recorder.recent(limit)
        if len(found) < limit:
            known = {document.get("requestId") for document in found}
            older = await self._logs.recent_traces(limit)
            found += [document for document in older if document.get("requestId") not in known]
        return _json(200, {"requests": found[:limit]})

    async def _find(self, request_id: str) -> Trace | Stored | None:
        trace = self._recorder.find(request_id)
        if trace is not None:
            return trace
        call = self._recorder.find_call(request_id)
        return Stored(call, {}, 0) if call is not None else await self._logs.trace(request_id)

    async def _one(self, request_id: str) -> Answer:
        found = await self._find(request_id)
        if found is None:
            return self._unknown(request_id)
        return _json(200, self._recorder.describe(found) if isinstance(found, Trace) else found.document)

    async def _explanation(self, request_id: str, language: str) -> Answer:
        found = await self._find(request_id)
        if found is None:
            return self._unknown(request_id)
        explanation = await self._explain(found, language)
        if explanation is None:
            return _json(404, {"message": f"There is nothing to explain about request {request_id}: it was served."})
        return _json(200, explanation)

    def _unknown(self, request_id: str) -> Answer:
        return _json(
            404,
            {
                "message": f"No request {request_id} is remembered. The newest 1,000 are; refused ones longer.",
                "endpoints": ENDPOINTS,
            },
        )
