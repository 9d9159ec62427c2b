"""The Node.js client in real processes, where the machine has Node.js."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvloop

from sekisho.edge.runtimes import nodejs
from sekisho.edge.runtimes.interpreters import Interpreter
from sekisho.edge.sandboxes import Credentials, Sandboxes
from sekisho.functions.invocation import Failed, FunctionSpec, InvocationResult, InvokeFunction, Returned

FOUND = asyncio.run(nodejs.interpreters().nearest(20))
needs_node = pytest.mark.skipif(FOUND is None, reason="no Node.js runs on this machine")

FILES = {
    "index.js": """
        let count = 0;
        exports.echo = async (event, context) => ({ event, count: ++count, pid: process.pid });
        exports.context = async (event, context) => ({
          id: context.awsRequestId, arn: context.invokedFunctionArn, name: context.functionName,
          memory: context.memoryLimitInMB, left: context.getRemainingTimeInMillis(), client: context.clientContext,
          mine: process.env.MINE, env: process.env.AWS_EXECUTION_ENV, cwd: process.cwd(),
          trace: process.env._X_AMZN_TRACE_ID, secret: process.env.SERVER_SECRET,
        });
        exports.callback = (event, context, callback) => setTimeout(() => callback(null, 'later'), 5);
        exports.waits = (event, context, callback) => {
          callback(null, 'first');
          setTimeout(() => console.log('timer ran'), 50);
        };
        exports.quick = (event, context, callback) => {
          context.callbackWaitsForEmptyEventLoop = false;
          setTimeout(() => {}, 60000);
          callback(null, 'quick');
        };
        exports.never = () => {};
        exports.stuck = () => new Promise(() => {});
        exports.refuses = (event, context, callback) => callback(new TypeError('refused'));
        exports.throws = async () => { throw new RangeError('bad'); };
        exports.string = async () => { throw 'text'; };
        exports.later = async () => {
          setTimeout(() => { throw new Error('too late'); }, 5);
          await new Promise((resolve) => setTimeout(resolve, 5000));
        };
        exports.rejected = async () => {
          Promise.reject(new Error('lost'));
          await new Promise((resolve) => setTimeout(resolve, 5000));
        };
        exports.talk = async () => {
          console.log('a %s', 'b');
          console.error('two\\nlines');
          process.stdout.write('raw\\n');
        };
        exports.big = async (event) => 'x'.repeat(event);
        exports.circle = async () => { const o = {}; o.o = o; return o; };
        exports.leave = async () => process.exit(4);
        exports.value = 5;
        exports.deep = { er: { handler: async () => 'deep' } };
    """,
    "module.mjs": "import fs from 'node:fs';\nexport const handler = async () => typeof fs.readFileSync;\n",
    "lib/inner.cjs": "module.exports.handler = async () => 'inner';\n",
    "syntax.js": "exports.handler = async ( => 1;\n",
    "missing.js": "require('not-there');\n",
    "raises.js": "throw new Error('at start');\n",
}


def package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, text in FILES.items():
            made.writestr(name, text)
    return buffer.getvalue()


PACKAGE = package()
Ask = Callable[..., Awaitable[InvocationResult]]


def play(folder: Path, scene: Callable[[Ask, list[str]], Awaitable[None]]) -> None:
    assert FOUND is not None
    runtime = f"nodejs{FOUND.version}.x"

    async def run() -> None:
        messages: list[str] = []
        sandboxes = Sandboxes(
            read_code=lambda sha: PACKAGE,
            credentials=lambda role, spec: Credentials("key", "secret", "token"),
            write_log=lambda *entry: messages.extend(message for _, message in entry[4]),
            endpoint_url="http://127.0.0.1:1",
            data_dir=folder,
            warn=messages.append,
        )

        async def ask(handler: str, event: Any = None, **more: Any) -> InvocationResult:
            spec = FunctionSpec(
                "123456789012",
                "us-east-1",
                handler.replace(".", "-").replace("/", "-"),
                "$LATEST",
                runtime,
                handler,
                hashlib.sha256(PACKAGE).hexdigest(),
                5.0,
                256,
                {"MINE": "yes"},
                "role",
                "/aws/lambda/f",
                "1",
            )
            effect = InvokeFunction(
                spec, spec.arn, json.dumps(event).encode(), "id-" + handler.replace("/", "-"), 30.0, **more
            )
            return await sandboxes.invoke(effect)

        try:
            await asyncio.wait_for(scene(ask, messages), 30)
        finally:
            await sandboxes.close()

    uvloop.run(run())


def value(result: InvocationResult) -> Any:
    assert isinstance(result, Returned), result
    return json.loads(result.payload)


def error(result: InvocationResult) -> dict[str, Any]:
    assert isinstance(result, Failed), result
    found: dict[str, Any] = json.loads(result.payload)
    assert found["errorMessage"] == result.message
    return found


@needs_node
def test_warm_sandboxes_are_used_again(tmp_path: Path) -> None:
    async def scene(ask: Ask, messages: list[str]) -> None:
        first = value(await ask("index.echo", {"a": "ü"}))
        assert first == {"event": {"a": "ü"}, "count": 1, "pid": first["pid"]}
        for count in range(2, 20):
            assert value(await ask("index.echo", 1)) == {"event": 1, "count": count, "pid": first["pid"]}

    play(tmp_path, scene)


@needs_node
def test_context_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_SECRET", "x")

    async def scene(ask: Ask, messages: list[str]) -> None:
        seen = value(await ask("index.context", client_context='{"custom": {"k": 1}}', trace_id="Root=1"))
        assert 0 < seen.pop("left") <= 5000
        assert seen.pop("cwd").startswith(str(tmp_path))
        assert seen.pop("env").startswith("AWS_Lambda_nodejs")
        assert seen == {
            "id": "id-index.context",
            "arn": "arn:aws:lambda:us-east-1:123456789012:function:index-context",
            "name": "index-context",
            "memory": "256",
            "client": {"custom": {"k": 1}},
            "mine": "yes",
            "trace": "Root=1",
        }

    play(tmp_path, scene)


@needs_node
def test_ways_to_answer(tmp_path: Path) -> None:
    async def scene(ask: Ask, messages: list[str]) -> None:
        assert value(await ask("index.callback")) == "later"
        assert value(await ask("index.waits")) == "first"
        assert any(message.endswith("INFO\ttimer ran\n") for message in messages)
        assert value(await ask("index.quick")) == "quick"
        assert value(await ask("index.never")) is None
        assert value(await ask("index.stuck")) is None
        assert value(await ask("module.handler")) == "function"
        assert value(await ask("lib/inner.handler")) == "inner"
        assert value(await ask("index.deep.er.handler")) == "deep"
        assert len(value(await ask("index.big", 6_291_554))) == 6_291_554

    play(tmp_path, scene)


@needs_node
@pytest.mark.parametrize(
    ("handler", "kind", "error_type", "message"),
    [
        ("index.refuses", "raised", "TypeError", "refused"),
        ("index.throws", "raised", "RangeError", "bad"),
        ("index.string", "raised", "string", "text"),
        ("index.circle", "raised", "Runtime.StringifyError", "Unable to stringify response body"),
        ("index.later", "raised", "Error", "too late"),
        ("index.rejected", "raised", "Runtime.UnhandledPromiseRejection", "Error: lost"),
        (
            "index.leave",
            "exit",
            "Runtime.ExitError",
            "RequestId: id-index.leave Error: Runtime exited with error: exit status 4",
        ),
        ("index.nope", "init", "Runtime.HandlerNotFound", "index.nope is undefined or not exported"),
        ("index.value", "init", "Runtime.HandlerNotFound", "index.value is not a function"),
        ("absent.handler", "init", "Runtime.ImportModuleError", "Error: Cannot find module 'absent'"),
        ("missing.handler", "init", "Runtime.ImportModuleError", "Error: Cannot find module 'not-there'"),
        ("syntax.handler", "init", "Runtime.UserCodeSyntaxError", "SyntaxError: "),
        ("raises.handler", "init", "Error", "at start"),
        ("nodot", "init", "Runtime.MalformedHandlerName", "Bad handler"),
        ("../x.y", "init", "Runtime.MalformedHandlerName", "'../x.y' is not a valid handler name"),
    ],
)
def test_failures(tmp_path: Path, handler: str, kind: str, error_type: str, message: str) -> None:
    async def scene(ask: Ask, messages: list[str]) -> None:
        result = await ask(handler)
        found = error(result)
        assert isinstance(result, Failed)
        assert (result.kind, found["errorType"]) == (kind, error_type)
        assert found["errorMessage"].startswith(message)
        if kind != "exit":
            assert isinstance(found["trace"], list)
        assert value(await ask("index.echo", 1))["count"] == 1

    play(tmp_path, scene)


@needs_node
def test_the_console(tmp_path: Path) -> None:
    async def scene(ask: Ask, messages: list[str]) -> None:
        result = await ask("index.talk", want_log_tail=True)
        assert isinstance(result, Returned)
        lines = [message for message in messages if not message.startswith(("START", "END", "REPORT", "INIT_START"))]
        assert [message.split("\t")[1:] for message in lines[:2]] == [
            ["id-index.talk", "INFO", "a b\n"],
            ["id-index.talk", "ERROR", "two\nlines\n"],
        ]
        assert lines[2] == "raw\n"
        assert b"two\nlines\n" in result.log_tail

    play(tmp_path, scene)


def test_wanted_and_command() -> None:
    assert nodejs.wanted("nodejs20.x") == 20
    assert nodejs.wanted("nodejs") is None
    assert nodejs.wanted("python3.12") is None
    command = nodejs.command(Interpreter("/n", 20), "a.b", 128)
    assert command == ["/n", "--max-old-space-size=115", str(nodejs.BOOTSTRAP), "a.b"]
    assert nodejs.BOOTSTRAP.is_file()
