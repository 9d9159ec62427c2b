"""What becomes of events: run once, tried again, dropped, taken up after a start, forgotten by a reset."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from dataclasses import replace
from typing import Any, cast

import pytest
from tests.scenes.edge_server import SPEC, run

from sekisho.config.functions import Function
from sekisho.config.snapshot import EMPTY, Snapshot
from sekisho.edge.asynchronous import KIND, OLDEST, RETRY_AFTER, SERVICE, Asynchronous
from sekisho.edge.commits import Commits, Written
from sekisho.functions.invocation import Failed, GaveUp, InvocationResult, InvokeFunction, Returned, Throttled
from sekisho.functions.invocation import Unavailable as Down
from sekisho.state.world import Partition, World

EVENT = InvokeFunction(SPEC, SPEC.arn + ":live", b'{"a": 1}', "r-1", 30.0, "{}", "Root=1", asynchronous=True)
KEPT = Partition(SPEC.account, SPEC.region, SERVICE, KIND)
RETURNED = Returned(b"null", "r-1", 0.0)
RAISED = Failed(b"{}", "no", "raised", "r-1", 0.0)
THROTTLED = Throttled("ReservedFunctionConcurrentInvocationLimitExceeded")


class Scene:
    """A world, its commits without a disk, and a runner that answers from a list."""

    def __init__(self, *answers: InvocationResult | None, world: World | None = None) -> None:
        self.world = world or World()
        self.answers = list(answers)
        self.started: list[InvokeFunction] = []
        self.waiting: list[Callable[[InvocationResult], None]] = []
        self.now = 1000.0
        function = Function(SPEC.arn, SPEC.account, SPEC.region, SPEC.name, {"$LATEST": SPEC}, {}, {})
        self.snapshot: Snapshot = replace(EMPTY, functions={SPEC.arn: function})
        self.events = Asynchronous(
            self.world, cast(Commits, self), self, lambda: self.snapshot, lambda: self.now, (0.01, 0.02)
        )

    async def run(self, begin: Callable[[], Generator[Any, Any, Written]]) -> Written:
        await asyncio.sleep(0)
        try:
            next(begin())
        except StopIteration as stop:
            written: Written = stop.value
            assert written.overlay is not None
            self.world.apply(written.overlay.changes(), self.world.revision + 1)
            return written
        raise AssertionError

    def start(self, effect: InvokeFunction, done: Callable[[InvocationResult], None]) -> None:
        self.started.append(effect)
        answer = self.answers.pop(0) if self.answers else None
        if answer is None:
            self.waiting.append(done)
        else:
            done(answer)

    @property
    def kept(self) -> list[Any]:
        return [record for _, record in self.world.items(KEPT)]

    async def until(self, condition: Callable[[], bool], seconds: float = 3.0) -> None:
        end = asyncio.get_running_loop().time() + seconds
        while not condition():
            assert asyncio.get_running_loop().time() < end
            await asyncio.sleep(0.002)


def scene(work: Callable[[Scene], Awaitable[None]], *answers: InvocationResult | None) -> Scene:
    made: list[Scene] = []

    async def begin() -> None:
        made.append(Scene(*answers))
        await work(made[0])
        await made[0].events.close()

    run(begin)
    return made[0]


def test_the_schedule_is_lambdas() -> None:
    """docs: one minute before the second attempt, two before the third; six hours at most."""
    assert (RETRY_AFTER, OLDEST) == ((60.0, 120.0), 21_600.0)


def test_an_event_is_kept_until_its_function_has_returned() -> None:
    async def work(it: Scene) -> None:
        assert await it.events.accept(EVENT) == GaveUp("r-1", 0.0)
        assert [record["InvokedArn"] for record in it.kept] == [EVENT.invoked_arn]
        await it.until(lambda: bool(it.waiting))
        assert it.kept, "while it runs, too"
        it.waiting[0](RETURNED)
        await it.until(lambda: not it.kept)

    [effect] = scene(work).started
    assert (effect.payload, effect.request_id, effect.invoked_arn) == (EVENT.payload, "r-1", EVENT.invoked_arn)
    assert (effect.client_context, effect.trace_id, effect.asynchronous) == ("{}", "Root=1", False)
    assert effect.patience == float("inf")


def test_a_function_that_fails_gets_it_three_times(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(it: Scene) -> None:
        await it.events.accept(EVENT)
        await it.until(lambda: len(it.started) == 3 and not it.kept)

    made = scene(work, RAISED, RAISED, RAISED)
    assert {effect.request_id for effect in made.started} == {"r-1"}
    assert "event r-1 for" in capsys.readouterr().err


def test_the_second_attempt_may_succeed() -> None:
    async def work(it: Scene) -> None:
        await it.events.accept(EVENT)
        await it.until(lambda: len(it.started) == 2 and not it.kept)

    scene(work, RAISED, RETURNED)


@pytest.mark.parametrize("refusal", [THROTTLED, Down("ServiceException", "no sandbox"), GaveUp("r-1", 0.0)])
def test_what_is_nobodys_fault_counts_for_nothing(refusal: InvocationResult) -> None:
    async def work(it: Scene) -> None:
        await it.events.accept(EVENT)
        await it.until(lambda: bool(it.kept) and it.kept[0]["Refusals"] == 1)
        assert (it.kept[0]["Failures"], it.kept[0]["NotBefore"]) == (0, it.now + 1)

    scene(work, refusal)


def test_pauses_double_until_five_minutes_and_six_hours(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(it: Scene) -> None:
        await it.events.accept(EVENT)
        await it.until(lambda: bool(it.waiting))
        key = next(iter(it.world.items(KEPT)))[0]
        pauses = []
        for _ in range(200):
            it.waiting.pop()(THROTTLED)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            if not it.kept:
                break
            pauses.append(it.kept[0]["NotBefore"] - it.now)
            it.now = it.kept[0]["NotBefore"]
            it.events.forget()
            it.events.resume()
            await it.until(lambda: bool(it.waiting))
        assert key == "r-1"
        assert pauses[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300] and set(pauses[9:]) == {300}
        assert it.now - 1000 <= OLDEST < it.now - 1000 + 300

    scene(work)
    assert "too old" in capsys.readouterr().err


def test_an_event_whose_function_is_gone_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    async def work(it: Scene) -> None:
        it.snapshot = EMPTY
        await it.events.accept(EVENT)
        await it.until(lambda: not it.kept)

    assert scene(work).started == []
    assert "its function is gone" in capsys.readouterr().err


def test_a_stop_leaves_events_for_the_next_start() -> None:
    async def work(it: Scene) -> None:
        await it.events.accept(EVENT)
        await it.until(lambda: bool(it.waiting))
        await it.events.close()
        it.waiting[0](Down("ServiceException", "Lambda was reset while the function ran."))
        await asyncio.sleep(0.01)
        assert it.kept[0]["Failures"] == it.kept[0]["Refusals"] == 0
        other = Scene(RETURNED, world=it.world)
        other.events.resume()
        await other.until(lambda: bool(other.started) and not other.kept)

    scene(work)


def test_a_reset_forgets_events_that_wait_and_that_run() -> None:
    async def work(it: Scene) -> None:
        await it.events.accept(EVENT)
        await it.until(lambda: bool(it.waiting))
        await it.events.accept(EVENT._replace(request_id="r-2"))
        it.world.clear()
        it.events.forget()
        it.waiting[0](RAISED)
        await asyncio.sleep(0.05)
        assert it.kept == [] and len(it.started) == 1

    scene(work)
