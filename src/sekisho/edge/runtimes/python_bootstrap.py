"""Runs inside a sandbox: starts AWS's own runtime interface client for Python on a function's handler.

Executed as a script by whichever interpreter the function asked for (3.9 and later), so it imports nothing of this
project and nothing heavy. Two things differ from ``python -m awslambdaric``:

* The transport. awslambdaric's is a compiled extension for one Python version and one platform; ``RuntimeClient``
  below speaks the same Runtime API over one kept socket, and sends an answer together with the next question.
* No thread pool. For Python 3.12 and later awslambdaric builds and tears down a thread pool per invocation in order to
  handle signals while it waits; that costs two thirds of the throughput. Functions still see ``AWS_EXECUTION_ENV``.

Everything that a function can notice (context, errors, logging, marshalling) is awslambdaric's.

Arguments: process id of the server, limit of the address space in bytes (0: none), and either ``run`` with the handler
and the folder of the runtime's packages, or ``exec`` with a program that inherits the confinement.
"""

from __future__ import annotations

import os
import socket
import sys
import types

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real typing module costs every sandbox a millisecond
    from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def confine(server_pid: int, address_space: int) -> None:
    """Die with the server, gain no privileges, dump no core, keep to Lambda's number of files."""
    if sys.platform == "linux":
        # docs: https://man7.org/linux/man-pages/man2/prctl.2.html
        import ctypes

        prctl = ctypes.CDLL(None, use_errno=True).prctl
        prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0)
        prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != server_pid:
        os._exit(1)  # the server died before the line above could tie us to it
    import resource

    limit(resource, resource.RLIMIT_CORE, 0)
    limit(resource, resource.RLIMIT_NOFILE, 1024)
    if address_space:
        limit(resource, resource.RLIMIT_AS, address_space)


def limit(resource: Any, what: int, most: int) -> None:
    """Lower a limit; never raise one."""
    hard = resource.getrlimit(what)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    try:
        resource.setrlimit(what, (most, most))
    except (OSError, ValueError):
        pass


class RuntimeClient:
    """What awslambdaric expects of its ``runtime_client`` extension.

    A small answer is kept back until the next question, which follows at once, so that both travel together; the
    acknowledgement is read there too. Large answers can be refused (413), so they are sent and checked at once.
    """

    DEFER_UP_TO = 1 << 20

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._address = (host, int(port))
        self._host = address.encode()
        self._next = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: " + self._host + b"\r\n\r\n"
        self._socket: socket.socket | None = None
        self._rest = b""
        self._deferred = b""

    def initialize_client(self, user_agent: str) -> None:
        """Part of the extension's interface; nothing to do."""

    def next(self) -> tuple[bytes, dict[str, Any]]:
        """Wait for work: (event bytes, header mapping)."""
        deferred, self._deferred = self._deferred, b""
        self._send(deferred + self._next)
        if deferred:
            self._acknowledged("response", self._read())
        status, headers, body = self._read()
        if status != 200:
            raise RuntimeError(f"Failed to get next. Response code: {status}")
        found: dict[str, Any] = {}
        for line in headers:
            name, _, value = line.partition(": ")
            found[name] = value
        found["Lambda-Runtime-Deadline-Ms"] = int(found["Lambda-Runtime-Deadline-Ms"])
        return body, found

    def post_invocation_result(
        self, invoke_id: str, content: bytes, content_type: str = "application/json", invocation_id: Any = None
    ) -> None:
        """Answer the invocation."""
        request = b"".join(
            (
                b"POST /2018-06-01/runtime/invocation/",
                invoke_id.encode(),
                b"/response HTTP/1.1\r\nHost: ",
                self._host,
                b"\r\nContent-Type: ",
                content_type.encode(),
                b"\r\nContent-Length: ",
                b"%d" % len(content),
                b"\r\n\r\n",
                content,
            )
        )
        if len(content) <= self.DEFER_UP_TO:
            self._deferred = request
        else:
            self._send(request)
            self._acknowledged("response", self._read())

    def post_error(self, invoke_id: str, error_response_data: str, xray_fault: str, invocation_id: Any = None) -> None:
        """Report that the invocation failed."""
        content = error_response_data.encode("utf-8", "surrogatepass")
        self._send(
            b"POST /2018-06-01/runtime/invocation/%s/error HTTP/1.1\r\nHost: %s\r\n"
            b"Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: Unhandled\r\n"
            b"Content-Length: %d\r\n\r\n" % (invoke_id.encode(), self._host, len(content)) + content
        )
        self._acknowledged("error", self._read())

    @staticmethod
    def _acknowledged(what: str, reply: tuple[int, list[str], bytes]) -> None:
        if reply[0] != 202:
            raise RuntimeError(f"Failed to post invocation {what}. Response code: {reply[0]}")

    def _send(self, data: bytes) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(self._address)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            os.set_inheritable(self._socket.fileno(), False)
        self._socket.sendall(data)

    def _read(self) -> tuple[int, list[str], bytes]:
        """One HTTP response: (status, header lines, body)."""
        assert self._socket is not None
        data, receive = self._rest, self._socket.recv
        while True:
            end = data.find(b"\r\n\r\n")
            if end >= 0:
                break
            more = receive(65536)
            if not more:
                raise RuntimeError("The Runtime API closed the connection")
            data += more
        lines = data[:end].decode("utf-8").split("\r\n")
        length = 0
        for line in lines:
            if line.startswith("Content-Length: "):
                length = int(line[16:])
        body_end = end + 4 + length
        if len(data) < body_end:
            parts, have = [data], len(data)
            while have < body_end:
                more = receive(min(1 << 20, body_end - have))
                if not more:
                    raise RuntimeError("The Runtime API closed the connection")
                parts.append(more)
                have += len(more)
            data = b"".join(parts)
        self._rest = data[body_end:]
        return int(lines[0][9:12]), lines[1:], data[end + 4 : body_end]


def whole_records(sink: Any) -> None:
    """Keep a record of several lines together: the server's end of the pipe turns carriage returns back."""

    def log(self: Any, msg: str, frame_type: Any = None) -> None:
        sys.stdout.write(msg.rstrip("\n").replace("\n", "\r") + "\n")

    def log_error(self: Any, message_lines: list[str]) -> None:
        self.log("\n".join(message_lines))

    sink.log = log
    sink.log_error = log_error


def main() -> None:
    """Confine the process, lay out ``sys.path`` as Lambda does, hand over to awslambdaric."""
    server_pid, address_space, what, handler = sys.argv[1:5]
    confine(int(server_pid), int(address_space))
    if what == "exec":
        os.execv(handler, sys.argv[4:])
    packages = sys.argv[5]
    if sys.path and sys.path[0] == __file__.rpartition("/")[0]:
        del sys.path[0]
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    sys.path.append(packages)
    import site

    site.setquit()  # started with -S, so that nobody's site-packages are seen; exit() and quit() still exist

    client = RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"])
    stand_in = types.ModuleType("runtime_client")
    for name in ("initialize_client", "next", "post_invocation_result", "post_error"):
        setattr(stand_in, name, getattr(client, name))
    sys.modules["runtime_client"] = stand_in

    from awslambdaric import bootstrap
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    whole_records(bootstrap.StandardLogSink)
    sys.argv[:] = [f"{packages}/bootstrap", handler]
    bootstrap.run(handler, LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"], False))


if __name__ == "__main__":
    main()
