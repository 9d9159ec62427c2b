"""Events: answered at once, run later, kept across the server's sudden end."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.scenes.live_functions import create, eventually, execution_role, messages
from tests.scenes.server import running

SLEEPS = """
import time
def handler(event, context):
    print("begun", event["n"], context.aws_request_id, flush=True)
    time.sleep(event["seconds"])
    print("done", event["n"], flush=True)
"""


def test_the_sender_does_not_wait() -> None:
    with running() as server:
        create(server, "slow", SLEEPS, execution_role(server))
        client = server.client("lambda")
        begun = time.monotonic()
        answers = [
            client.invoke(
                FunctionName="slow", InvocationType="Event", Payload=json.dumps({"n": n, "seconds": 1.5}).encode()
            )
            for n in range(2)
        ]
        assert time.monotonic() - begun < 1.4
        for answer in answers:
            assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
            assert "FunctionError" not in answer
        told = eventually(server, "slow", "done", times=2)
        first = answers[0]["ResponseMetadata"]["RequestId"]
        assert any(f"begun 0 {first}" in line for line in told)


def test_an_event_survives_kill_9(tmp_path: Path) -> None:
    with running(data_dir=tmp_path) as server:
        create(server, "slow", SLEEPS, execution_role(server))
        event = json.dumps({"n": 7, "seconds": 2}).encode()
        answer = server.client("lambda").invoke(FunctionName="slow", InvocationType="Event", Payload=event)
        assert answer["StatusCode"] == 202
        eventually(server, "slow", "begun 7")
        server.process.kill()
        server.process.wait()
    with running(data_dir=tmp_path) as server:
        told = eventually(server, "slow", "done 7")
        again = [line for line in told if line.startswith("begun 7")]
        assert len(again) == 2 and len(set(again)) == 1, "the same request id"
    with running(data_dir=tmp_path) as server:
        time.sleep(1)
        assert sum(line.startswith("begun 7") for line in messages(server, "slow")) == 2
