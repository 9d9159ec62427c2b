"""The two compilers that configuration text goes through: mapping templates and access-log formats."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from sekisho.faults.fault import Kind


def compile_template(text: str) -> Any:
    """A mapping template ready to be rendered."""
    return import_module("sekisho.vtl").compile_template(text)


def compile_log_format(line: str, kind: Kind) -> Callable[[Any], str]:
    """An access-log format as a function from a trace to a line."""
    render: Callable[[Any], str] = import_module("sekisho.gateway.context.variables").compile_format(line, kind)
    return render
