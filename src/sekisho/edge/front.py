"""Connections hand their requests over here, and each goes to the plane it is for."""

from __future__ import annotations

from typing import Any

from sekisho.edge.control import ControlPlane
from sekisho.edge.dataplane import DataPlane
from sekisho.edge.http1 import Connection, Request, Ticker


class Front:
    """The ``http1.Application`` of a server."""

    __slots__ = ("_control", "_data", "connections", "ticker")

    def __init__(self, ticker: Ticker, data: DataPlane, control: ControlPlane[Any]) -> None:
        self.ticker = ticker
        self._data = data
        self._control = control
        self.connections: set[Connection] = set()

    def joined(self, connection: Connection) -> None:
        self.connections.add(connection)

    def left(self, connection: Connection) -> None:
        self.connections.discard(connection)

    def dispatch(self, connection: Connection, request: Request) -> None:
        """Answer, now or later."""
        if not request.api_id:
            self._control.serve(connection, request)
            return
        if request.api_path is not None:
            objection = self._control.guard.objection(request.host, request.headers)
            if objection:
                self._control.refuse(connection, request, objection)
                return
        self._data.serve(connection, request)
