"""A server as a process: event loop, signals, exit status."""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
import sqlite3
import sys

import uvloop

from sekisho.edge.assembly import product_for, sandboxes_for
from sekisho.edge.datafolder import FolderInUse
from sekisho.edge.server import Server, keep_private
from sekisho.edge.settings import Settings


def serve(settings: Settings) -> int:
    """Run a server until SIGINT or SIGTERM; returns the exit status."""
    keep_private()
    return asyncio.Runner(loop_factory=uvloop.new_event_loop).run(_serve(settings))


async def _serve(settings: Settings) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        server = Server(settings, lambda entropy: product_for(settings, entropy), sandboxes_for)
    except FolderInUse as problem:
        print(f"sekisho serve: {problem}", file=sys.stderr)
        return 2
    except (OSError, ValueError, LookupError, sqlite3.Error) as problem:
        print(f"sekisho serve: cannot use the data folder: {problem}", file=sys.stderr)
        return 1
    try:
        await server.start()
    except OSError as problem:
        advice = ""
        if problem.errno == errno.EADDRINUSE:
            advice = " Stop the program that uses it, or choose another --port (0 takes a free one)."
        where = f"{settings.host}:{settings.port}"
        print(f"sekisho serve: cannot listen on {where}: {problem.strerror}.{advice}", file=sys.stderr)
        await server.stop(0)
        return 1
    # What was made so far stays; collections need not look at it again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(25_000, 20, 50)
    print(
        f"sekisho listening on {server.endpoint_url} (account {settings.account}, region {settings.region})", flush=True
    )
    await stop.wait()
    await server.stop()
    return 0
