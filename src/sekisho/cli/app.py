"""The ``sekisho`` command: finds the subcommand and runs it.

Each command is a module with ``add_parser(commands)``, which sets ``run`` to a function of the parsed options that
returns the exit status: 0 done, 1 failed, 2 used wrongly. Only the module of the command that is asked for is imported.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from typing import Any

from sekisho.edge.settings import version

COMMANDS = {
    "serve": "sekisho.cli.serve",
    "call": "sekisho.cli.call",
    "explain": "sekisho.cli.explain",
    "policy": "sekisho.cli.policy",
    "token": "sekisho.cli.token",
    "logs": "sekisho.cli.logs",
    "docs": "sekisho.cli.docs",
}
"""Command → module. The order is that of the help."""

EXAMPLES = """\
examples:
  sekisho serve                                    start a server on http://127.0.0.1:4566
  sekisho serve --ephemeral --port 0               one for tests: nothing is kept, any free port
  sekisho serve --enforce-iam                      judge control-plane calls by IAM as well
  aws --endpoint-url http://127.0.0.1:4566 apigateway get-rest-apis
  sekisho call GET http://127.0.0.1:4566/restapis/abcde12345/prod/_user_request_/pets
  sekisho explain REQUEST_ID                       why a request was refused

exit status: 0 done, 1 failed, 2 used wrongly.
'sekisho COMMAND --help' says more about a command.
"""


class _Version(argparse.Action):
    """Looks the version up, and the form of the installation, only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from sekisho.edge.compiled import is_compiled

        print(f"sekisho {version()} ({'compiled' if is_compiled() else 'interpreted'})")
        parser.exit()


def available() -> dict[str, str]:
    """The commands of this installation."""
    return {name: module for name, module in COMMANDS.items() if importlib.util.find_spec(module)}


def build_parser(only: str = "") -> argparse.ArgumentParser:
    """The parser; with the options of ``only``, or of every command when it is empty."""
    parser = argparse.ArgumentParser(
        prog="sekisho",
        description="Self-hosted API Gateway, Lambda, IAM, STS and CloudWatch Logs that checks permissions as AWS does "
        "and explains every failure.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    modules = {only: COMMANDS[only]} if only else available()
    for module in modules.values():
        importlib.import_module(module).add_parser(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    only = words[0] if words and words[0] in available() else ""
    parser = build_parser(only)
    options = parser.parse_args(words)
    if not options.command:
        parser.print_help(sys.stderr)
        return 2
    try:
        status: int = options.run(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) has gone; leave nothing for the interpreter to complain about at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
