"""What a sandbox writes to its log stream: the function's own output between Lambda's START, END and REPORT lines.

One ``FunctionLog`` per sandbox, as one log stream per execution environment. A quiet invocation costs one call of the
writer; output of a running one is passed on as it comes, so that it can be followed.

Lines: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sekisho.functions.invocation import FunctionSpec

LogWriter = Callable[[str, str, str, str, list[tuple[int, str]]], None]
"""(account, region, group, stream, events as (milliseconds since the epoch, message))."""

MAX_EVENT = 262_118
"""256 KiB less the 26 bytes that CloudWatch Logs counts for each event; longer lines are cut into several events."""
TAIL = 4096


def stream_name(version: str, now: float) -> str:
    """``2026/01/31/[$LATEST]`` and 32 hexadecimal digits."""
    day = datetime.fromtimestamp(now, UTC)
    return f"{day.year:04d}/{day.month:02d}/{day.day:02d}/[{version}]{os.urandom(16).hex()}"


class FunctionLog:
    """Collects the events of one sandbox and hands them to the writer."""

    __slots__ = (
        "_account",
        "_clock",
        "_events",
        "_group",
        "_partial",
        "_region",
        "_tail",
        "_version",
        "_write",
        "stream",
    )

    def __init__(self, spec: FunctionSpec, write: LogWriter, clock: Callable[[], float]) -> None:
        self._account, self._region, self._group = spec.account, spec.region, spec.log_group
        self._version = spec.version
        self._write = write
        self._clock = clock
        self.stream = stream_name(spec.version, clock())
        self._events: list[tuple[int, str]] = []
        self._partial = b""
        self._tail: list[str] | None = None

    def say(self, message: str) -> None:
        """One event of Lambda itself; kept until the next flush."""
        self._events.append((int(self._clock() * 1000), message))
        if self._tail is not None:
            self._tail.append(message)

    def begin(self, request_id: str, want_tail: bool) -> None:
        """START."""
        self._tail = [] if want_tail else None
        self.say(f"START RequestId: {request_id} Version: {self._version}\n")

    def output(self, data: bytes) -> None:
        """Bytes that the process wrote; a carriage return inside a line is a line break inside one record."""
        if self._partial:
            data = self._partial + data
        lines = data.split(b"\n")
        self._partial = lines.pop()
        for line in lines:
            self._line(line)
        while len(self._partial) > MAX_EVENT:
            self._line(self._partial[:MAX_EVENT])
            self._partial = self._partial[MAX_EVENT:]
        self.flush()

    def _line(self, line: bytes) -> None:
        for start in range(0, len(line) or 1, MAX_EVENT):
            text = line[start : start + MAX_EVENT].decode("utf-8", "replace")
            self.say(text.replace("\r", "\n") + "\n")

    def end(
        self,
        request_id: str,
        duration: float,
        spec: FunctionSpec,
        max_memory_mb: int,
        init_duration: float | None = None,
        status: str = "",
        error_type: str = "",
    ) -> bytes:
        """END and REPORT; gives the log's tail when it was asked for. Durations in seconds.

        Since August 2025 the billed duration contains the initialisation.
        docs: https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/
        """
        if self._partial:
            partial, self._partial = self._partial, b""
            self._line(partial)
        milliseconds = duration * 1000
        billed = math.ceil(milliseconds + (init_duration or 0.0) * 1000)
        report = (
            f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\tBilled Duration: {billed} ms\t"
            f"Memory Size: {spec.memory_mb} MB\tMax Memory Used: {max_memory_mb} MB\t"
        )
        if init_duration is not None:
            report += f"Init Duration: {init_duration * 1000:.2f} ms\t"
        if status:
            report += f"Status: {status}\t"
        if error_type:
            report += f"Error Type: {error_type}\t"
        stamp = int(self._clock() * 1000)
        said = (stamp, f"END RequestId: {request_id}\n"), (stamp, report + "\n")
        self._events += said
        if self._tail is not None:
            self._tail += [message for _, message in said]
        tail, self._tail = self._tail, None
        self.flush()
        return b"" if tail is None else "".join(tail).encode()[-TAIL:]

    def flush(self) -> None:
        """Hand over what was collected."""
        if self._events:
            events, self._events = self._events, []
            self._write(self._account, self._region, self._group, self.stream, events)


def peak_memory_mb(pid: int) -> int:
    """The largest resident size so far, in MB; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return 0
    at = status.find(b"VmHWM:")
    return math.ceil(int(status[at + 6 : status.index(b"kB", at)]) / 1024) if at >= 0 else 0
