"""Whether this installation runs compiled modules (docs/decisions/0005), and whether they are those of the sources."""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def is_compiled() -> bool:
    """Whether requests pass compiled modules."""
    spec = find_spec("sekisho.gateway.pipeline")
    return spec is not None and bool(spec.origin) and str(spec.origin).endswith(tuple(EXTENSION_SUFFIXES))


def outdated() -> list[Path]:
    """Sources in a checkout that are newer than what was compiled from them: their changes are not in force."""
    if not (_PACKAGE.parents[1] / "hatch_build.py").exists():
        return []
    suffix = EXTENSION_SUFFIXES[0]
    found = []
    for compiled in _PACKAGE.rglob(f"*{suffix}"):
        source = compiled.with_name(compiled.name.removesuffix(suffix) + ".py")
        if source.exists() and source.stat().st_mtime > compiled.stat().st_mtime:
            found.append(source)
    return sorted(found)
