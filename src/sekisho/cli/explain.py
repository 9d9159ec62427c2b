"""``sekisho explain``: why a request failed, from a running server."""

from __future__ import annotations

import argparse
import json
import sys

from sekisho.cli.client import ServerProblem, endpoint, explanation_path, get_json
from sekisho.explain.render import LANGUAGES, as_text

EXAMPLES = """\
examples:
  sekisho explain 0f8a6f2c-2f0e-4f6b-9d07-1f8f0f5a3c11
  sekisho explain 0f8a6f2c-2f0e-4f6b-9d07-1f8f0f5a3c11 --lang ja
  sekisho explain 0f8a6f2c-2f0e-4f6b-9d07-1f8f0f5a3c11 --json | jq .remedies

The request id is the x-amzn-RequestId of the answer, or $context.requestId of the access log.
exit status: 0 explained; 1 the server does not know the request, or it was served; 2 usage.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "explain",
        help="say why a request failed, with evidence and remedies that were tried",
        description="Say why a request to an API, or a denied AWS call, failed.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("request_id", metavar="REQUEST-ID")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the explanation (default: en)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--endpoint", metavar="URL", help="address of the server (default: http://127.0.0.1:4566)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the explanation."""
    try:
        found = get_json(endpoint(options.endpoint), explanation_path(options.request_id, options.lang))
    except ServerProblem as problem:
        print(f"sekisho explain: {problem}", file=sys.stderr)
        return 1
    print(json.dumps(found, indent=2, ensure_ascii=False) if options.json else as_text(found, options.lang))
    return 0
