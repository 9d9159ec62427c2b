"""``sekisho docs``: write the documents that are generated from the tables, or say which are out of date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sekisho.edge.documents import pages

EXAMPLES = """\
examples:
  sekisho docs --write docs      write operations.md, failures.md … into the folder docs
  sekisho docs --check docs      exit status 1 when one of them is out of date
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "docs",
        help="write the documents generated from the tables",
        description="Write, or check, the documents that are generated from the tables of the code.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", metavar="FOLDER", help="write them into this folder")
    what.add_argument("--check", metavar="FOLDER", help="compare them with this folder")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write or check."""
    folder = Path(options.write or options.check)
    stale = []
    for name, text in pages().items():
        path = folder / name
        if options.write:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print(f"out of date in {folder}: {', '.join(stale)}; run 'sekisho docs --write {folder}'", file=sys.stderr)
        return 1
    return 0
