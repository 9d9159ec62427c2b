"""``python -m bench [NAME…]``: every figure with its budget. Exit status 1 when a budget is missed."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable

from bench.figures import Figure, table

BENCHES = ("start", "sigv4", "jwt", "policy", "mock", "proxy", "authorizer")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], help=f"which: {', '.join(BENCHES)} (default: all)")
    options = parser.parse_args()
    figures: list[Figure] = []
    for name in options.names or BENCHES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        measure: Callable[[], list[Figure]] = importlib.import_module(f"bench.{name}").measure
        figures += measure()
    print(table(figures))
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
