"""Real processes running AWS's real runtime interface client."""

from __future__ import annotations

import asyncio
import hashlib
import io
import itertools
import json
import os
import re
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvloop

from sekisho.edge.sandboxes import Credentials, Limits, Sandboxes
from sekisho.functions.invocation import (
    Failed,
    FunctionSpec,
    GaveUp,
    InvocationResult,
    InvokeFunction,
    Returned,
    Throttled,
    Unavailable,
)

CODE = """
import json, logging, os, sys, time
COUNT = 0

def echo(event, context):
    global COUNT
    COUNT += 1
    return {"event": event, "count": COUNT, "pid": os.getpid()}

def world(event, context):
    import boto3
    try:
        import sekisho
        leaked = True
    except ImportError:
        leaked = False
    return {
        "env": dict(os.environ), "cwd": os.getcwd(), "id": context.aws_request_id, "arn": context.invoked_function_arn,
        "left": context.get_remaining_time_in_millis(),
        "custom": context.client_context and context.client_context.custom,
        "boto3": boto3.__name__, "leaked": leaked, "fds": sorted(map(int, os.listdir("/proc/self/fd"))),
        "sid": os.getsid(0), "pid": os.getpid(), "version": sys.version_info[:2],
    }

def talk(event, context):
    print("printed")
    logging.getLogger().error("two\\nlines")
    sys.stderr.write("error stream\\n")
    return None

def boom(event, context):
    raise ValueError("bad")

def leave(event, context):
    if event == "child":
        import subprocess
        child = subprocess.Popen(["sleep", "60"])
        print("child", child.pid)
    os._exit(3) if event != "exit0" else sys.exit(0)

def sleep(event, context):
    print("sleeping")
    time.sleep(event)
    return "slept"

def big(event, context):
    return "x" * event

def odd(event, context):
    return {1, 2}
"""


def package(code: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("app.py", code)
    return buffer.getvalue()


PACKAGES = {
    hashlib.sha256(data).hexdigest(): data for data in (package(CODE), package("raise RuntimeError('no')"), b"x")
}
GOOD, RAISES, BAD = PACKAGES
IDS = itertools.count(1)


def function(work: str, /, **changed: Any) -> FunctionSpec:
    spec = FunctionSpec(
        account="123456789012",
        region="eu-west-1",
        name=f"f-{work}",
        version="$LATEST",
        runtime="python3.11",
        handler=f"app.{work}",
        code_sha256=GOOD,
        timeout=5.0,
        memory_mb=256,
        environment={"MINE": "yes", "AWS_LAMBDA_FUNCTION_NAME": "forged"},
        role_arn="arn:aws:iam::123456789012:role/r",
        log_group="/aws/lambda/f",
        revision="1",
    )
    return replace(spec, **changed)


def asking(spec: FunctionSpec, event: Any = None, **more: Any) -> InvokeFunction:
    more = {"patience": float("inf")} | more
    return InvokeFunction(spec, spec.arn, json.dumps(event).encode(), f"request-{next(IDS)}", **more)


class Scene:
    """Sandboxes whose logs are kept."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self.logs: list[tuple[str, str, str, str, list[tuple[int, str]]]] = []
        self.warnings: list[str] = []
        self.expires = float("inf")
        self.sandboxes = Sandboxes(
            read_code=PACKAGES.get,
            credentials=lambda role, spec: Credentials("ASIAKEY", "secret", role, self.expires),
            write_log=lambda *entry: self.logs.append(entry),
            endpoint_url="http://127.0.0.1:4566",
            data_dir=folder,
            upstreams={"dynamodb": "http://127.0.0.1:8000"},
            limits=limits or Limits(),
            warn=self.warnings.append,
        )

    def messages(self) -> list[str]:
        return [message for entry in self.logs for _, message in entry[4]]

    async def ask(self, spec: FunctionSpec, event: Any = None, **more: Any) -> InvocationResult:
        return await self.sandboxes.invoke(asking(spec, event, **more))


def play(folder: Path, scene: Callable[[Scene], Awaitable[None]], limits: Limits | None = None) -> None:
    async def run() -> None:
        stage = Scene(folder, limits)
        try:
            await asyncio.wait_for(scene(stage), 20)
        finally:
            await stage.sandboxes.close()
        assert list((folder / "functions" / "tmp").glob("*")) == []

    uvloop.run(run())


def value(result: InvocationResult) -> Any:
    assert isinstance(result, Returned), result
    return json.loads(result.payload)


def failure(result: InvocationResult) -> Failed:
    assert isinstance(result, Failed), result
    assert json.loads(result.payload)["errorMessage"] == result.message
    return result


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_warm_sandboxes_are_used_again(tmp_path: Path) -> None:
    async def scene(stage: Scene) -> None:
        first = value(await stage.ask(function("echo"), {"a": "ü"}))
        second = value(await stage.ask(function("echo"), [1]))
        assert first == {"event": {"a": "ü"}, "count": 1, "pid": first["pid"]}
        assert second == {"event": [1], "count": 2, "pid": first["pid"]}
        other = value(await stage.ask(function("echo", revision="2"), 0))
        assert other["pid"] != first["pid"]
        assert other["count"] == 1
        while not gone(first["pid"]):
            await asyncio.sleep(0.01)

    play(tmp_path, scene)


def test_the_world_of_a_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_SECRET", "s3cret")

    async def scene(stage: Scene) -> None:
        spec = function("world", runtime="python3.11")
        context = json.dumps({"custom": {"k": "v"}})
        seen = value(await stage.ask(spec, None, client_context=context, trace_id="Root=1-2-3"))
        env = seen["env"]
        assert "s3cret" not in json.dumps(seen)
        assert env["MINE"] == "yes"
        assert env["AWS_LAMBDA_FUNCTION_NAME"] == "f-world"
        assert env["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.11"
        assert env["AWS_ACCESS_KEY_ID"] == "ASIAKEY"
        assert env["AWS_SESSION_TOKEN"] == spec.role_arn
        assert env["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
        assert env["AWS_ENDPOINT_URL_DYNAMODB"] == "http://127.0.0.1:8000"
        assert env["_X_AMZN_TRACE_ID"] == "Root=1-2-3"
        assert env["LAMBDA_TASK_ROOT"] == seen["cwd"]
        assert (env["TZ"], env["_HANDLER"], env["AWS_REGION"]) == (":UTC", "app.world", "eu-west-1")
        assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", env["AWS_LAMBDA_LOG_STREAM_NAME"])
        assert seen["arn"] == spec.arn
        assert 0 < seen["left"] <= 5000
        assert seen["custom"] == {"k": "v"}
        assert seen["boto3"] == "boto3"
        assert seen["leaked"] is False
        assert seen["sid"] == seen["pid"]
        assert len(seen["fds"]) <= 6  # 0, 1, 2, the Runtime API, the listing itself, perhaps an entropy source

    play(tmp_path, scene)


def test_log_lines_and_tail(tmp_path: Path) -> None:
    async def scene(stage: Scene) -> None:
        result = await stage.ask(function("talk"), want_log_tail=True)
        assert isinstance(result, Returned)
        lines = stage.messages()
        assert lines[0] == "INIT_START Runtime Version: python:3.11\n"
        assert lines[1] == f"START RequestId: {result.request_id} Version: $LATEST\n"
        assert lines[2] == "printed\n"
        assert re.fullmatch(rf"\[ERROR\]\t\S+Z\t{result.request_id}\ttwo\nlines\n", lines[3])
        assert lines[4] == "error stream\n"
        assert lines[5] == f"END RequestId: {result.request_id}\n"
        report = (
            rf"REPORT RequestId: {result.request_id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
            r"Memory Size: 256 MB\tMax Memory Used: [1-9]\d* MB\tInit Duration: \d+\.\d\d ms\t\n"
        )
        assert re.fullmatch(report, lines[6])
        assert result.log_tail.decode() == "".join(lines[1:])
        assert {entry[:3] for entry in stage.logs} == {("123456789012", "eu-west-1", "/aws/lambda/f")}
        assert len({entry[3] for entry in stage.logs}) == 1
        again = await stage.ask(function("talk"))
        assert isinstance(again, Returned)
        assert again.log_tail == b""
        assert "Init Duration" not in stage.messages()[-1]

    play(tmp_path, scene)


def test_raising_returning_nonsense_and_too_much(tmp_path: Path) -> None:
    async def scene(stage: Scene) -> None:
        raised = failure(await stage.ask(function("boom")))
        error = json.loads(raised.payload)
        assert (raised.kind, error["errorType"], error["errorMessage"]) == ("raised", "ValueError", "bad")
        assert error["requestId"] == raised.request_id
        assert "in boom" in error["stackTrace"][0]
        odd = failure(await stage.ask(function("odd")))
        assert json.loads(odd.payload)["errorType"] == "Runtime.MarshalError"
        fits = await stage.ask(function("big"), 6_291_554)
        assert isinstance(fits, Returned)
        assert len(fits.payload) == 6_291_556
        large = failure(await stage.ask(function("big"), 6_291_555))
        assert large.kind == "response-size"
        assert json.loads(large.payload) == {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        }
        assert len(value(await stage.ask(function("big"), 3))) == 3

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("event", "reason"),
    [("now", "error: exit status 3"), ("exit0", "without"), ("child", "error: exit status 3")],
)
def test_a_process_that_exits(tmp_path: Path, event: str, reason: str) -> None:
    async def scene(stage: Scene) -> None:
        ended = failure(await stage.ask(function("leave"), event))
        assert ended.kind == "exit"
        text = "Runtime exited without providing a reason" if reason == "without" else f"Runtime exited with {reason}"
        assert json.loads(ended.payload) == {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {ended.request_id} Error: {text}",
        }
        if event == "child":
            child = next(int(text.split()[1]) for text in stage.messages() if text.startswith("child"))
            while not gone(child):
                await asyncio.sleep(0.01)
        assert value(await stage.ask(function("echo"), 1))["count"] == 1

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("changed", "error_type", "message"),
    [
        ({"handler": "missing.f"}, "Runtime.ImportModuleError", "Unable to import module 'missing': No module named"),
        ({"handler": "app.nope"}, "Runtime.HandlerNotFound", "Handler 'nope' missing on module 'app'"),
        ({"handler": "nodot"}, "Runtime.MalformedHandlerName", "Bad handler 'nodot'"),
        ({"code_sha256": RAISES}, "RuntimeError", "no"),
    ],
)
def test_module_code_that_fails(tmp_path: Path, changed: dict[str, Any], error_type: str, message: str) -> None:
    async def scene(stage: Scene) -> None:
        for _ in range(2):
            failed = failure(await stage.ask(function("echo", **changed), want_log_tail=True))
            assert failed.kind == "init"
            assert json.loads(failed.payload)["errorType"] == error_type
            assert failed.message.startswith(message)
            assert f"Status: error\tError Type: {error_type}\t".encode() in failed.log_tail

    play(tmp_path, scene)


def test_time_runs_out(tmp_path: Path) -> None:
    async def scene(stage: Scene) -> None:
        spec = function("sleep", timeout=0.25)
        late = failure(await stage.ask(spec, 30, want_log_tail=True))
        assert late.kind == "timeout"
        assert 0.25 <= late.duration < 2
        assert json.loads(late.payload) == {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {late.request_id} Error: Task timed out after 0.25 seconds",
        }
        tail = late.log_tail.decode()
        assert "sleeping\n" in tail
        assert f"{late.request_id} Task timed out after 0.25 seconds\n" in tail
        assert tail.endswith("Status: timeout\t\n")
        assert value(await stage.ask(spec, 0)) == "slept"
        late = failure(await stage.ask(spec, 30))  # with the timer of an earlier call still set
        assert 0.25 <= late.duration < 2

    play(tmp_path, scene)


def test_patience_runs_out_and_the_function_runs_on(tmp_path: Path) -> None:
    async def scene(stage: Scene) -> None:
        spec = function("sleep")
        value(await stage.ask(spec, 0))
        gave_up = await stage.ask(spec, 0.3, patience=0.1)
        assert isinstance(gave_up, GaveUp)
        assert 0.1 <= gave_up.duration < 0.3
        while not any(gave_up.request_id in text for text in stage.messages() if text.startswith("REPORT")):
            await asyncio.sleep(0.01)
        queued = asyncio.gather(stage.ask(spec, 0.5), stage.ask(replace(spec), 0, patience=0.02))
        slept, impatient = await queued
        assert value(slept) == "slept"
        assert isinstance(impatient, GaveUp)

    play(tmp_path, scene, Limits(sandboxes=1, burst=1))


def test_calls_that_wait_get_more_sandboxes_and_the_rest_queue(tmp_path: Path) -> None:
    async def scene(stage: Scene) -> None:
        spec = function("sleep")
        results = await asyncio.gather(*(stage.ask(spec, 0.1) for _ in range(6)))
        assert [value(result) for result in results] == ["slept"] * 6
        streams = {entry[3] for entry in stage.logs}
        assert 2 <= len(streams) <= 3

    play(tmp_path, scene, Limits(sandboxes=3, burst=3))


def test_reserved_concurrency_and_full_queues_throttle(tmp_path: Path) -> None:
    async def scene(stage: Scene) -> None:
        none = await stage.ask(function("echo", reserved_concurrency=0))
        assert none == Throttled("ReservedFunctionConcurrentInvocationLimitExceeded", none.request_id)
        one = function("sleep", reserved_concurrency=1)
        first, second = await asyncio.gather(stage.ask(one, 0.05), stage.ask(one, 0.05))
        assert value(first) == "slept"
        assert isinstance(second, Throttled)
        assert value(await stage.ask(one, 0)) == "slept"
        results = await asyncio.gather(*(stage.ask(function("sleep", name="g"), 0.05) for _ in range(4)))
        throttled = [result for result in results if isinstance(result, Throttled)]
        assert {result.reason for result in throttled} == {"ConcurrentInvocationLimitExceeded"}
        assert len(throttled) == 2

    play(tmp_path, scene, Limits(sandboxes=1, burst=1, queue=2))


def test_idle_sandboxes_of_others_make_room_and_old_ones_end(tmp_path: Path) -> None:
    async def scene(stage: Scene) -> None:
        first = value(await stage.ask(function("echo", name="a"), 0))["pid"]
        second = value(await stage.ask(function("echo", name="b"), 0))["pid"]
        while not gone(first):
            await asyncio.sleep(0.01)
        while not gone(second):  # idle for longer than the limit
            await asyncio.sleep(0.02)

    play(tmp_path, scene, Limits(sandboxes=1, burst=1, idle=0.2))


def test_expiring_credentials_retire_a_sandbox(tmp_path: Path) -> None:
    async def scene(stage: Scene) -> None:
        stage.expires = 0.0
        assert value(await stage.ask(function("echo"), 0))["count"] == 1
        assert value(await stage.ask(function("echo"), 0))["count"] == 1

    play(tmp_path, scene)


def test_what_cannot_run(tmp_path: Path) -> None:
    async def scene(stage: Scene) -> None:
        java = await stage.ask(function("echo", runtime="java21"))
        assert isinstance(java, Unavailable)
        assert (java.code, java.status) == ("InvalidRuntimeException", 502)
        assert "java21" in java.message
        bad = await stage.ask(function("echo", name="bad", code_sha256=BAD))
        assert isinstance(bad, Unavailable)
        assert (bad.code, bad.status) == ("InvalidZipFileException", 502)
        lost = await stage.ask(function("echo", name="lost", code_sha256="0" * 64))
        assert isinstance(lost, Unavailable)
        assert (lost.code, lost.status) == ("ServiceException", 500)

    play(tmp_path, scene)


def test_another_pythons_runtime(tmp_path: Path) -> None:
    """The asked version where the machine has it, else the nearest one with one warning; functions see the name."""

    async def scene(stage: Scene) -> None:
        for name in ("a", "b"):
            seen = value(await stage.ask(function("world", name=name, runtime="python3.13", timeout=15), 0))
            assert seen["env"]["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
            assert stage.warnings == [] if seen["version"] == [3, 13] else len(stage.warnings) == 1

    play(tmp_path, scene)


def test_forget_and_close_leave_nobody_waiting(tmp_path: Path) -> None:
    async def scene(stage: Scene) -> None:
        pid = value(await stage.ask(function("echo"), 0))["pid"]
        asked = asyncio.create_task(stage.ask(function("sleep"), 30))
        await asyncio.sleep(0.3)
        stage.sandboxes.forget()
        assert isinstance(await asked, Unavailable)
        while not gone(pid):
            await asyncio.sleep(0.01)
        assert value(await stage.ask(function("echo"), 0))["count"] == 1
        await stage.sandboxes.close()
        assert isinstance(await stage.ask(function("echo"), 0), Throttled)

    play(tmp_path, scene)
