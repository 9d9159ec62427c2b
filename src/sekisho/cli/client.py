"""How commands talk to a running server: plain HTTP to its ``/_sekisho/`` endpoints."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

DEFAULT_ENDPOINT = "http://127.0.0.1:4566"


class ServerProblem(Exception):
    """The server did not answer, or answered that it cannot; the message is for the person at the terminal."""


def endpoint(given: str | None) -> str:
    """``--endpoint``, else SEKISHO_ENDPOINT, else the default address."""
    return (given or os.environ.get("SEKISHO_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")


def get_json(base: str, path: str) -> Any:
    """A JSON document of the server. Raises ServerProblem."""
    return _ask(base, urllib.request.Request(base + path, headers={"Accept": "application/json"}))


def post_json(base: str, path: str, document: Any) -> Any:
    """Send a JSON document, and give back the one that is answered. Raises ServerProblem."""
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    body = json.dumps(document).encode()
    return _ask(base, urllib.request.Request(base + path, data=body, headers=headers, method="POST"))


def _ask(base: str, request: urllib.request.Request) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as problem:
        text = problem.read().decode("utf-8", "replace")
        try:
            said = json.loads(text)
            message = said.get("message") or said.get("error") or text
        except ValueError:
            message = text
        raise ServerProblem(f"{base} answered {problem.code}: {message}") from None
    except (urllib.error.URLError, OSError) as problem:
        reason = getattr(problem, "reason", problem)
        raise ServerProblem(
            f"no Sekisho server answers at {base} ({reason}); start one with 'sekisho serve', or name it by --endpoint"
        ) from None


def explanation_path(request_id: str, lang: str) -> str:
    """The path of a request's explanation."""
    return f"/_sekisho/requests/{urllib.parse.quote(request_id, safe='')}/explanation?lang={lang}"


def request_path(request_id: str) -> str:
    """The path of a request's trace."""
    return f"/_sekisho/requests/{urllib.parse.quote(request_id, safe='')}"
