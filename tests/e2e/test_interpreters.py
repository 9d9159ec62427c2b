"""Functions as processes: each on its own interpreter, in a clean environment, and whatever they do to theirs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.scenes.live_functions import create, eventually, execution_role, invoke, messages
from tests.scenes.server import REGION, Server, running

WHO = """
import os, sys, tempfile
def handler(event, context):
    return {
        "version": list(sys.version_info[:2]),
        "environment": dict(os.environ),
        "tmp": tempfile.gettempdir(),
        "name": context.function_name,
        "memory": context.memory_limit_in_mb,
        "arn": context.invoked_function_arn,
        "left": context.get_remaining_time_in_millis(),
        "cwd": os.getcwd(),
    }
"""
NODE = """
import { tmpdir } from "node:os";
export const handler = async (event, context) => ({
  version: process.version, environment: process.env, tmp: tmpdir(), name: context.functionName,
});
"""
NASTY = """
import os, subprocess, sys, time
def handler(event, context):
    what = event["what"]
    if what == "exit":
        os._exit(3)
    if what == "close":
        os.close(1); os.close(2)
        return "closed"
    if what == "garbage":
        os.write(1, bytes(range(256)) * 40)
        return "wrote"
    if what == "flood":
        for _ in range(20_000):
            print("x" * 100)
        sys.stdout.flush()
        return "flooded"
    if what == "children":
        child = "import time; time.sleep(60)"
        made = [subprocess.Popen([sys.executable, "-c", child]) for _ in range(5)]
        if event.get("then") == "exit":
            print("pids", *[each.pid for each in made], flush=True)
            os._exit(0)
        print("pids", *[each.pid for each in made], flush=True)
        time.sleep(60)
    if what == "large":
        return "y" * event["size"]
    return "fine"
"""
HANGS = "import time\ntime.sleep(60)\ndef handler(event, context):\n    return 1\n"
SECRET = "SEKISHO_TEST_SECRET"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    os.environ[SECRET] = "of the server"
    try:
        with running() as found:
            role = execution_role(found)
            create(found, "nasty", NASTY, role, timeout=3)
            create(found, "hangs", HANGS, role, timeout=2)
            yield found
    finally:
        del os.environ[SECRET]


def role_of(server: Server) -> str:
    arn: str = server.client("iam").get_role(RoleName="worker")["Role"]["Arn"]
    return arn


def has_python(minor: int) -> bool:
    homes = (Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions").glob(f"3.{minor}.*")
    return any((home / "bin" / f"python3.{minor}").is_file() for home in homes)


@pytest.mark.parametrize("minor", [9, 10, 11, 12, 13])
def test_python(server: Server, minor: int) -> None:
    name, runtime = f"who{minor}", f"python3.{minor}"
    create(server, name, WHO, role_of(server), runtime=runtime, environment={"OWN": "yes"}, memory=512)
    told = invoke(server, name)
    if has_python(minor):
        assert told["version"] == [3, minor]
    found = told["environment"]
    assert found["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{runtime}"
    assert (told["name"], int(told["memory"]), found["OWN"]) == (name, 512, "yes")
    assert told["arn"].endswith(f":function:{name}") and 0 < told["left"] <= 10_000
    check_environment(found, name)


def check_environment(found: dict[str, str], name: str) -> None:
    """docs: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""
    assert SECRET not in found and not any(key.startswith("SEKISHO") for key in found)
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == REGION
    assert found["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert found["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert found["AWS_LAMBDA_LOG_GROUP_NAME"] == f"/aws/lambda/{name}"
    assert "/[$LATEST]" in found["AWS_LAMBDA_LOG_STREAM_NAME"]
    assert found["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
    assert found["_HANDLER"] == "app.handler" and found["TZ"] == ":UTC"
    assert found["AWS_ACCESS_KEY_ID"].startswith("ASIA") and found["AWS_SESSION_TOKEN"]
    assert found["LAMBDA_TASK_ROOT"] and found["LAMBDA_RUNTIME_DIR"]


def test_node(server: Server) -> None:
    create(server, "node", NODE, role_of(server), runtime="nodejs20.x")
    told = invoke(server, "node")
    if "version" not in told:
        pytest.skip(f"no Node.js on this machine: {told}")
    assert told["environment"]["AWS_EXECUTION_ENV"] == "AWS_Lambda_nodejs20.x"
    check_environment(told["environment"], "node")


def nasty(server: Server, **event: Any) -> Any:
    return invoke(server, "nasty", event)


def test_a_handler_that_exits(server: Server) -> None:
    error = nasty(server, what="exit")
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")
    assert nasty(server, what="fine") == "fine"


def test_a_handler_that_closes_its_output(server: Server) -> None:
    assert nasty(server, what="close") == "closed"
    assert nasty(server, what="fine") == "fine"
    assert nasty(server, what="exit")["errorType"] == "Runtime.ExitError", "that process has no output any more"


def test_output_that_is_no_text(server: Server) -> None:
    assert nasty(server, what="garbage") == "wrote"
    assert any("\ufffd" in line for line in messages(server, "nasty"))
    assert nasty(server, what="fine") == "fine"


def test_a_flood_of_output(server: Server) -> None:
    before = sum(line.startswith("xxxx") for line in messages(server, "nasty"))
    assert nasty(server, what="flood") == "flooded"
    assert sum(line.startswith("xxxx") for line in messages(server, "nasty")) - before == 20_000


def test_payloads_of_six_megabytes(server: Server) -> None:
    """docs: 6 MB each for request and response."""
    assert len(nasty(server, what="large", size=6_000_000)) == 6_000_000
    assert nasty(server, what="large", size=6_300_000)["errorType"] == "Function.ResponseSizeTooLarge"
    assert nasty(server, what="fine", filling="z" * 6_000_000) == "fine"


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("then", ["exit", "time out"])
def test_children_end_with_their_function(server: Server, then: str) -> None:
    error = nasty(server, what="children", then=then)
    wanted = "Runtime.ExitError" if then == "exit" else "Sandbox.Timedout"
    assert error["errorType"] == wanted, error
    line = [line for line in eventually(server, "nasty", "pids ") if line.startswith("pids ")][-1]
    pids = [int(word) for word in line.split()[1:]]
    end = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < end:
        time.sleep(0.05)
    assert len(pids) == 5 and not any(map(alive, pids))


def test_module_code_that_hangs(server: Server) -> None:
    begun = time.monotonic()
    error = invoke(server, "hangs", 1)
    assert error["errorType"] == "Sandbox.Timedout" and time.monotonic() - begun < 15


def test_temporary_files_are_each_sandboxes_own(server: Server) -> None:
    places = []
    for name in ("one", "two"):
        create(server, name, WHO, role_of(server))
        places.append(invoke(server, name)["tmp"])
    assert places[0] != places[1] and "/tmp" not in places
