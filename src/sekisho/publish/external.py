"""The two compilers that configuration text goes through: mapping templates and access-log formats."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from sekisho.faults.fault import Kind
from sekisho.gateway.context.variables import compile_format
from sekisho.gateway.trace import Trace


def compile_template(text: str) -> Any:
    """A mapping template ready to be rendered."""
    return import_module("sekisho.vtl").compile_template(text)


def compile_log_format(line: str, kind: Kind) -> Callable[[Trace], str]:
    """An access-log format as a function from a trace to a line."""
    return compile_format(line.rstrip("\r\n"), kind)
