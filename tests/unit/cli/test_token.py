"""``sekisho token``: options → what is asked of the server → what is printed."""

from __future__ import annotations

import argparse
import json
from typing import Any

import pytest

from sekisho.cli import token
from sekisho.cli.app import COMMANDS
from sekisho.cli.client import ServerProblem

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc"


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    token.add_parser(parser.add_subparsers())
    return parser.parse_args(["token", *words])


class Server:
    """What the command would talk to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.posts: list[tuple[str, Any]] = []
        self.stands_for: list[str] = ["Cognito user pools"]
        self.problem = ""
        monkeypatch.setattr(token, "get_json", self.get)
        monkeypatch.setattr(token, "post_json", self.post)

    def get(self, base: str, path: str) -> Any:
        assert (base, path) == ("http://server", "/_sekisho/issuer")
        return {"standsFor": list(self.stands_for)}

    def post(self, base: str, path: str, document: Any) -> Any:
        if self.problem:
            raise ServerProblem(self.problem)
        self.posts.append((path, document))
        if path.endswith("/map"):
            self.stands_for.append(document["issuer"])
            return {}
        return {"token": "a.b.c", "header": {"kid": "k"}, "claims": {"iss": ISSUER}, "issuer": ISSUER}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


def run(*words: str) -> int:
    return token.run(parsed(*words, "--endpoint", "http://server"))


def test_it_is_a_command() -> None:
    assert COMMANDS["token"] == "sekisho.cli.token"


def test_only_what_was_said_is_asked_for() -> None:
    assert token.order_of(parsed()) == {"expiresIn": 3600}
    order = token.order_of(
        parsed(
            *("--user-pool", "us-east-1_abc", "--client-id", "app1", "--scope", "a b", "--use", "access"),
            *("--username", "rex", "--expires-in", "-60", "--kid", "k", "--audience", "x", "--audience", "y"),
            *("--claim", "n=1", "--claim", "t=text", "--claim", 'l=["a"]', "--claim", "e=", "--claim", "gone=null"),
            *("--claim", "url=https://x?a=b"),
        )
    )
    assert order == {
        "userPool": "us-east-1_abc",
        "clientId": "app1",
        "scope": "a b",
        "use": "access",
        "username": "rex",
        "expiresIn": -60,
        "kid": "k",
        "audience": ["x", "y"],
        "claims": {"n": 1, "t": "text", "l": ["a"], "e": "", "gone": None, "url": "https://x?a=b"},
    }


@pytest.mark.parametrize(
    "words",
    [
        ("--claim", "x"),
        ("--claim", "=x"),
        ("--use", "refresh"),
        ("--expires-in", "soon"),
        ("--issuer", "https://i.example", "--user-pool", "us-east-1_abc"),
    ],
)
def test_wrong_use(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(*words)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_the_token_alone_is_printed(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--user-pool", "us-east-1_abc") == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("a.b.c\n", "")
    assert server.posts == [("/_sekisho/issuer/token", {"userPool": "us-east-1_abc", "expiresIn": 3600})]


def test_json(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json") == 0
    assert json.loads(capsys.readouterr().out)["header"] == {"kid": "k"}


def test_an_issuer_is_registered_and_the_developer_told_once(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--issuer", "https://example.auth0.com/") == 0
    assert server.posts[0] == ("/_sekisho/issuer/map", {"issuer": "https://example.auth0.com/"})
    assert "https://example.auth0.com/" in capsys.readouterr().err
    assert run("--issuer", "https://example.auth0.com/") == 0
    assert capsys.readouterr().err == ""


def test_what_is_said_about_cognito() -> None:
    assert "every Cognito user pool" in token.about({"issuer": ISSUER})
    assert "Cognito" not in token.about({"issuer": "https://example.auth0.com/"})


def test_problems_are_told(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.problem = "no server"
    assert run() == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "sekisho token: no server\n")
