"""The server as a process: start, stop, refusals, reset, what survives a restart."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from bench.mock import mock_api
from tests.scenes.server import Server, running


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as found:
        yield found


def serve(*options: str, env: dict[str, str] | None = None, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run ``sekisho serve`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "sekisho", "serve", *options],
        capture_output=True,
        text=True,
        timeout=20,
        env={**os.environ, **(env or {})},
        **more,
    )


def test_health(server: Server) -> None:
    found = requests.get(f"{server.url}/_sekisho/health", timeout=10).json()
    assert found["status"] == "ok" and found["account"] == "123456789012" and found["region"] == "us-east-1"
    assert re.fullmatch(r"\d+\.\d+.*", found["version"])


def test_unknown_endpoints_list_the_known_ones(server: Server) -> None:
    answer = requests.get(f"{server.url}/_sekisho/nothing", timeout=10)
    assert answer.status_code == 404 and "GET /_sekisho/health" in answer.json()["endpoints"]
    assert requests.get(f"{server.url}/_sekisho/requests/none", timeout=10).status_code == 404
    assert requests.get(f"{server.url}/_sekisho/requests/none/explanation", timeout=10).status_code == 404
    assert requests.get(f"{server.url}/_sekisho/requests?limit=x", timeout=10).status_code == 400
    assert requests.get(f"{server.url}/_sekisho/reset", timeout=10).status_code == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Host": "rebound.example"}, 403),
        ({"Host": "rebound.example:4566"}, 403),
        ({"Host": "sekisho"}, 200),
        ({"Host": "192.168.1.7:4566"}, 200),
        ({"Host": "lambda.us-east-1.amazonaws.com"}, 200),
    ],
)
def test_pages_of_other_sites_are_refused(server: Server, headers: dict[str, str], status: int) -> None:
    answer = requests.get(f"{server.url}/_sekisho/health", headers=headers, timeout=10)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["message"].startswith("Refused by Sekisho: ")
    path_style = requests.get(f"{server.url}/restapis/abcde12345/prod/_user_request_/x", headers=headers, timeout=10)
    assert ("Refused by Sekisho" in path_style.text) == (status == 403)


def test_own_origin_and_opened_origins() -> None:
    with running("--allow-origin", "http://localhost:3000") as found:
        url = f"{found.url}/_sekisho/health"
        assert requests.get(url, headers={"Origin": found.url}, timeout=10).status_code == 200
        opened = requests.get(url, headers={"Origin": "http://localhost:3000"}, timeout=10)
        assert opened.status_code == 200
        assert opened.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
        asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "PUT"}
        preflight = requests.options(f"{found.url}/restapis", headers=asked, timeout=10)
        assert preflight.status_code == 204 and "PUT" in preflight.headers["Access-Control-Allow-Methods"]
        assert requests.get(url, headers={"Origin": "http://localhost:3001"}, timeout=10).status_code == 403


def test_reset_forgets_everything(server: Server) -> None:
    api = mock_api(server.url)
    assert requests.get(f"{server.url}/restapis/{api}/prod/_user_request_/mock", timeout=10).status_code == 200
    assert requests.post(f"{server.url}/_sekisho/reset", timeout=10).json() == {"status": "reset"}
    assert server.client("apigateway").get_rest_apis()["items"] == []
    assert server.client("logs").describe_log_groups()["logGroups"] == []
    assert server.client("iam").list_roles()["Roles"] == []
    assert requests.get(f"{server.url}/_sekisho/requests", timeout=10).json() == {"requests": []}
    assert requests.get(f"{server.url}/restapis/{api}/prod/_user_request_/mock", timeout=10).status_code == 403


def test_the_three_addresses_of_an_api(server: Server) -> None:
    api = mock_api(server.url)
    try:
        for url, host in (
            (f"/restapis/{api}/prod/_user_request_/mock", None),
            (f"/_aws/execute-api/{api}/prod/mock", None),
            ("/prod/mock", f"{api}.execute-api.us-east-1.amazonaws.com"),
            ("/prod/mock", f"{api}.execute-api.localhost:4566"),
        ):
            answer = requests.get(server.url + url, headers={"Host": host} if host else {}, timeout=10)
            assert (answer.status_code, answer.content) == (200, b'{"ok": true}'), url
    finally:
        requests.post(f"{server.url}/_sekisho/reset", timeout=10)


def test_a_body_beyond_the_limit(server: Server) -> None:
    api = mock_api(server.url)
    try:
        url = f"{server.url}/restapis/{api}/prod/_user_request_/mock"
        answer = requests.get(url, data=b"x" * (10 * 1024 * 1024 + 1), timeout=30)
        assert answer.status_code == 413
        assert answer.content == b"HTTP content length exceeded 10485760 bytes."
    finally:
        requests.post(f"{server.url}/_sekisho/reset", timeout=10)


def test_denied_control_plane_calls_are_remembered() -> None:
    with running("--enforce-iam") as found:
        root = found.client("iam")
        root.create_user(UserName="nobody")
        key = root.create_access_key(UserName="nobody")["AccessKey"]
        nobody = found.client("iam", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
        with pytest.raises(nobody.exceptions.ClientError) as caught:
            nobody.list_roles()
        assert caught.value.response["Error"]["Code"] == "AccessDenied"
        [document] = requests.get(f"{found.url}/_sekisho/requests", timeout=10).json()["requests"]
        assert document["operation"] == "ListRoles" and document["denied"]["action"] == "iam:ListRoles"


def test_what_was_refused_is_explained_after_a_restart(tmp_path: Path) -> None:
    with running(data_dir=tmp_path) as found:
        api = mock_api(found.url)
        refused = requests.get(f"{found.url}/restapis/{api}/prod/_user_request_/nothing", timeout=10)
        id_ = refused.headers["x-amzn-RequestId"]
        before = requests.get(f"{found.url}/_sekisho/requests/{id_}/explanation", timeout=10).json()
        found.client("apigateway").delete_rest_api(restApiId=api)
    with running(data_dir=tmp_path) as found:
        assert requests.get(f"{found.url}/_sekisho/requests/{id_}", timeout=10).json()["requestId"] == id_
        after = requests.get(f"{found.url}/_sekisho/requests/{id_}/explanation", timeout=10).json()
        assert after == before and after["fault"] == "NO_ROUTE"
        japanese = requests.get(
            f"{found.url}/_sekisho/requests/{id_}/explanation", headers={"Accept-Language": "ja-JP"}, timeout=10
        )
        assert japanese.json()["lang"] == "ja"


def test_a_second_server_says_who_holds_the_folder(tmp_path: Path) -> None:
    with running(data_dir=tmp_path) as found:
        second = serve("--port", "0", "--data-dir", str(tmp_path))
        assert second.returncode == 2 and str(found.process.pid) in second.stderr
        assert oct(tmp_path.stat().st_mode & 0o777) == "0o700"
        assert (tmp_path / ".gitignore").read_text() == "*\n"
        assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.rglob("*"))


def test_a_taken_port_is_an_ordinary_failure(server: Server) -> None:
    port = server.url.rpartition(":")[2]
    second = serve("--port", port, "--ephemeral")
    assert second.returncode == 1 and f"cannot listen on 127.0.0.1:{port}" in second.stderr
    assert "Traceback" not in second.stderr


def test_other_addresses_need_credentials_and_enforcement() -> None:
    refused = serve("--host", "0.0.0.0", "--port", "0", "--ephemeral")
    assert refused.returncode == 2
    assert "SEKISHO_ROOT_SECRET_ACCESS_KEY" in refused.stderr and "--enforce-iam" in refused.stderr
    halfway = serve(
        "--host", "0.0.0.0", "--port", "0", "--ephemeral", env={"SEKISHO_ROOT_SECRET_ACCESS_KEY": "my own secret"}
    )
    assert halfway.returncode == 2 and "root credentials" not in halfway.stderr
    with running("--host", "0.0.0.0", "--insecure") as found:
        assert requests.get(f"{found.url}/_sekisho/health", timeout=10).status_code == 200


def test_the_root_secret_leaves_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEKISHO_ROOT_ACCESS_KEY_ID", "AKIAROOT")
    monkeypatch.setenv("SEKISHO_ROOT_SECRET_ACCESS_KEY", "a secret of my own")
    with running("--enforce-iam") as found:
        environment = Path(f"/proc/{found.process.pid}/environ")
        if os.access(environment, os.R_OK):
            assert b"a secret of my own" not in environment.read_bytes()
        mine = found.client("sts", key="AKIAROOT", secret="a secret of my own")
        assert mine.get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"
        other = found.client("iam")
        with pytest.raises(other.exceptions.ClientError):
            other.list_roles()


@pytest.mark.parametrize(
    "options",
    [["--port", "x"], ["--port", "99999"], ["--account-id", "1"], ["--upstream", "x"], ["--max-sandboxes", "0"]],
)
def test_wrong_options(options: list[str]) -> None:
    found = serve("--ephemeral", *options)
    assert found.returncode == 2 and "usage:" in found.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_answers_what_is_in_hand(number: signal.Signals) -> None:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr(
            "index.py", "import time\ndef handler(event, context):\n    time.sleep(1)\n    return 'done'\n"
        )
    with running() as found:
        trust = (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},'
            '"Action":"sts:AssumeRole"}]}'
        )
        found.client("iam").create_role(RoleName="f", AssumeRolePolicyDocument=trust)
        found.client("lambda").create_function(
            FunctionName="f",
            Runtime="python3.11",
            Handler="index.handler",
            Role="arn:aws:iam::123456789012:role/f",
            Code={"ZipFile": buffer.getvalue()},
        )
        answers: list[bytes] = []
        client = found.client("lambda")
        asking = threading.Thread(
            target=lambda: answers.append(client.invoke(FunctionName="f")["Payload"].read()), daemon=True
        )
        asking.start()
        time.sleep(0.7)
        found.process.send_signal(number)
        asking.join(20)
        assert answers == [b'"done"']
        assert found.process.wait(20) == 0


def test_help_and_version() -> None:
    def sekisho(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "sekisho", *words], capture_output=True, text=True, timeout=20)

    assert "examples:" in sekisho("--help").stdout and "serve" in sekisho("--help").stdout
    assert "--enforce-iam" in sekisho("serve", "--help").stdout
    assert re.fullmatch(r"sekisho \d+\.\d+\S* \((compiled|interpreted)\)\n", sekisho("--version").stdout)
    assert sekisho().returncode == 2 and sekisho("nonsense").returncode == 2
