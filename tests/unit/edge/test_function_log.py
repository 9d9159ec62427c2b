from __future__ import annotations

import os
import re

import pytest

from sekisho.edge.function_log import MAX_EVENT, FunctionLog, peak_memory_mb, stream_name
from sekisho.functions.invocation import FunctionSpec

SPEC = FunctionSpec("1", "r", "f", "7", "python3.12", "a.b", "0" * 64, 3.0, 128, {}, "role", "/aws/lambda/f", "1")


class Scene:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.written: list[list[tuple[int, str]]] = []
        self.log = FunctionLog(SPEC, lambda *entry: self.written.append(entry[4]), lambda: self.now)

    def messages(self) -> list[str]:
        return [message for events in self.written for _, message in events]


def test_the_streams_name() -> None:
    assert re.fullmatch(r"2023/11/14/\[7\][0-9a-f]{32}", stream_name("7", 1_700_000_000.0))


def test_a_quiet_invocation_is_one_write() -> None:
    scene = Scene()
    scene.log.begin("r1", False)
    scene.now += 1
    assert scene.log.end("r1", 0.0012345, SPEC, 30) == b""
    assert scene.written == [
        [
            (1_700_000_000_000, "START RequestId: r1 Version: 7\n"),
            (1_700_000_001_000, "END RequestId: r1\n"),
            (
                1_700_000_001_000,
                "REPORT RequestId: r1\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t"
                "Max Memory Used: 30 MB\t\n",
            ),
        ]
    ]


def test_output_is_passed_on_line_by_line_as_it_comes() -> None:
    scene = Scene()
    scene.log.begin("r1", True)
    scene.log.output(b"one\ntw")
    assert scene.messages()[1:] == ["one\n"]
    scene.log.output(b"o\rlines\n\nlast \xff")
    tail = scene.log.end("r1", 0.0, SPEC, 1, init_duration=0.25, status="error", error_type="E")
    messages = scene.messages()
    assert messages[1:5] == ["one\n", "two\nlines\n", "\n", "last \ufffd\n"]
    assert messages[-1].endswith("Init Duration: 250.00 ms\tStatus: error\tError Type: E\t\n")
    assert "Billed Duration: 250 ms" in messages[-1]
    assert tail.decode() == "".join(messages)


def test_the_tail_is_the_last_four_kilobytes() -> None:
    scene = Scene()
    scene.log.begin("r1", True)
    scene.log.output(b"x" * 5000 + b"\n")
    tail = scene.log.end("r1", 0.0, SPEC, 1)
    assert len(tail) == 4096
    assert tail.startswith(b"xxx")


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_endless_lines_become_several_events(end: bytes) -> None:
    scene = Scene()
    for _ in range(5):
        scene.log.output(b"x" * 100_000)
    scene.log.output(end)
    scene.log.end("r1", 0.0, SPEC, 1)
    lengths = [len(message) for message in scene.messages() if message.startswith("x")]
    assert lengths == [MAX_EVENT + 1, 500_000 - MAX_EVENT + 1]


def test_peak_memory() -> None:
    assert 1 < peak_memory_mb(os.getpid()) < 4000
    assert peak_memory_mb(2**31 - 1) == 0
