"""Node.js runtimes: interpreters and the command line of a sandbox.

AWS's own client for Node.js is an npm package with a compiled part, which a Python release cannot bring along;
``nodejs_bootstrap.mjs`` speaks the same Runtime API and keeps to the documented behaviour of handlers, contexts, errors
and the console. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from sekisho.edge.runtimes.interpreters import Interpreter, Interpreters

_RUNTIME = re.compile(r"nodejs(\d{1,2})\.x")
_PROBE = ("-e", "console.log(process.versions.node.split('.')[0] + ' ' + process.execPath)")

BOOTSTRAP = Path(__file__).with_name("nodejs_bootstrap.mjs")


def wanted(runtime: str) -> int | None:
    """The major version of a Node.js runtime's name; None for other runtimes."""
    match = _RUNTIME.fullmatch(runtime)
    return int(match[1]) if match else None


def interpreters() -> Interpreters:
    """This machine's Node.js versions from 16 on."""
    return Interpreters(_candidates, _PROBE, _understand, range(16, 31))


def _candidates(major: int) -> Iterator[str]:
    managers = (
        (Path(os.environ.get("NVM_DIR") or Path.home() / ".nvm") / "versions" / "node", f"v{major}.*", "bin/node"),
        (Path.home() / ".local/share/fnm/node-versions", f"v{major}.*", "installation/bin/node"),
        (Path.home() / ".volta/tools/image/node", f"{major}.*", "bin/node"),
        (Path.home() / ".local/share/mise/installs/node", f"{major}.*", "bin/node"),
    )
    for home, pattern, program in managers:
        for folder in sorted(home.glob(pattern), reverse=True):
            yield str(folder / program)
    on_path = shutil.which("node")
    if on_path:
        yield on_path
    yield from ("/usr/bin/node", "/usr/local/bin/node", "/opt/homebrew/bin/node")


def _understand(output: str) -> Interpreter | None:
    version, _, path = output.partition(" ")
    return Interpreter(path, int(version)) if version.isdecimal() and path else None


def command(interpreter: Interpreter, handler: str, memory_mb: int) -> list[str]:
    """The command line of a sandbox; the heap is bounded as on Lambda, the machine's other limits by the launcher."""
    heap = max(memory_mb * 9 // 10, 64)
    return [interpreter.path, f"--max-old-space-size={heap}", str(BOOTSTRAP), handler]
