"""What is remembered of requests: bounded, sampled under load, refused ones always and on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson

from sekisho.config.snapshot import EMPTY
from sekisho.edge.recorder import KEPT_BODY, SERVED_PER_SECOND, Recorder
from sekisho.gateway.request import GatewayRequest
from sekisho.gateway.trace import Trace
from sekisho.kit.headers import Headers


def trace(number: int, status: int = 200, received: float = 100.0, body: bytes = b"") -> Trace:
    request = GatewayRequest("GET", "/p", "/p", "", Headers(), body, "h", "a", "r", "127.0.0.1")
    made = Trace(request, EMPTY, received, f"id{number}", f"x{number}")
    made.status = status
    return made


def with_recorder(work: Callable[[Recorder], None], **bounds: int) -> list[dict[str, object]]:
    """Run ``work``, then write what waits; returns the stored records."""
    lines: list[bytes] = []

    async def run() -> None:
        recorder = Recorder(
            asyncio.get_running_loop(),
            lambda t: {"requestId": t.request_id, "received": t.received},
            lambda t: {"kept": t.request_id},
            lines.append,
            **bounds,
        )
        work(recorder)
        recorder.flush()

    asyncio.run(run())
    return [orjson.loads(line) for line in lines]


def test_count_and_bytes_are_bounded() -> None:
    def work(recorder: Recorder) -> None:
        for number in range(10):
            recorder.note(trace(number))
        assert [d["requestId"] for d in recorder.recent(10)] == ["id9", "id8", "id7"]
        assert recorder.find("id9") is recorder.find("x9") is not None and recorder.find("id1") is None

    with_recorder(work, kept=3)

    def heavy(recorder: Recorder) -> None:
        for number in range(4):
            recorder.note(trace(number, body=b"x" * 2 * KEPT_BODY))
        found = recorder.find("id3")
        assert found is not None and len(found.request.body) == KEPT_BODY
        assert recorder.find("id0") is None

    with_recorder(heavy, kept_bytes=3 * KEPT_BODY)


def test_under_load_served_requests_are_sampled_and_refused_ones_are_not() -> None:
    def work(recorder: Recorder) -> None:
        for number in range(SERVED_PER_SECOND + 50):
            recorder.note(trace(number))
        recorder.note(trace(9000, 403))
        recorder.note(trace(9001, 200, 101.0))
        assert len(recorder.recent(10_000)) == SERVED_PER_SECOND + 2

    [stored] = with_recorder(work)
    assert stored["trace"] == "id9000" and stored["kept"] == {"kept": "id9000"}


def test_denied_calls() -> None:
    def work(recorder: Recorder) -> None:
        recorder.note_call({"requestId": "c", "received": 5.0}, 7)
        assert recorder.find_call("c") is not None and recorder.find_call("d") is None
        recorder.forget()
        assert recorder.recent(5) == []

    [stored] = with_recorder(work)
    assert stored["revision"] == 7 and stored["kept"] == {}
