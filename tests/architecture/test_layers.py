"""The layer table, import cycles and purity: what a habit that no program checks would be a wish for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "sekisho"

MAY_IMPORT: dict[str, set[str]] = {
    "kit": set(),
    "policy": {"kit"},
    "sigv4": {"kit"},
    "faults": {"kit"},
    "vtl": {"kit"},
    "functions": {"kit"},
    "config": {"kit", "policy", "vtl", "functions", "faults"},
    "gateway": {"kit", "policy", "sigv4", "faults", "vtl", "functions", "config"},
    "explain": {"kit", "policy", "faults", "functions", "config", "gateway"},
    "wire": {"kit", "sigv4"},
    "state": {"kit"},
    "services": {"kit", "policy", "sigv4", "vtl", "functions", "config", "state", "wire", "faults"},
    "publish": {"kit", "policy", "vtl", "functions", "config", "gateway", "faults", "state", "services"},
    "edge": {
        "kit",
        "policy",
        "sigv4",
        "faults",
        "vtl",
        "functions",
        "config",
        "gateway",
        "explain",
        "wire",
        "state",
        "services",
        "publish",
    },
    "cli": {"kit", "policy", "config", "explain", "edge"},
}

IMPURE_MODULES = {
    "asyncio",
    "http.client",
    "multiprocessing",
    "random",
    "secrets",
    "select",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "urllib.request",
}
IMPURE_CALLS = {("time", "time"), ("time", "monotonic"), ("datetime", "now"), ("datetime", "utcnow"), ("os", "environ")}
IMPURE_PACKAGES = {"edge", "cli"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager"}

MODULES = sorted(SOURCE.rglob("*.py"))


def package_of(path: Path) -> str:
    parts = path.relative_to(SOURCE).parts
    return parts[0] if len(parts) > 1 else ""


def module_name(path: Path) -> str:
    parts = ("sekisho", *path.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> list[str]:
    """Every absolute module name imported anywhere in the file, deferred and TYPE_CHECKING imports included."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the layer"
            assert node.module is not None
            found.append(node.module)
            found.extend(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_follow_the_layer_table(path: Path) -> None:
    package = package_of(path)
    if not package:
        return
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] != "sekisho" or len(parts) < 2:
            continue
        assert parts[1] == package or parts[1] in MAY_IMPORT[package], f"{package} may not import {name}"


def test_services_never_import_services() -> None:
    for path in (SOURCE / "services").rglob("*.py"):
        inside = path.relative_to(SOURCE / "services").parts
        for name in imports_of(path):
            parts = name.split(".")
            if parts[:2] != ["sekisho", "services"] or len(parts) < 3:
                continue
            folder = (SOURCE / "services" / parts[2]).is_dir()
            assert not folder or (len(inside) > 1 and parts[2] == inside[0]), f"{path} imports {name}"


def test_publish_reads_records_only() -> None:
    for path in (SOURCE / "publish").rglob("*.py"):
        for name in imports_of(path):
            parts = name.split(".")
            if parts[:2] == ["sekisho", "services"] and len(parts) >= 4:
                assert parts[3] in ("records", "aws_managed"), f"{path} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_only_the_edge_does_io(path: Path) -> None:
    if package_of(path) in IMPURE_PACKAGES or not package_of(path):
        return
    for name in imports_of(path):
        assert name not in IMPURE_MODULES and name.split(".")[0] not in IMPURE_MODULES, f"{path} imports {name}"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in IMPURE_CALLS, f"{path}:{node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("open", "input", "print"), f"{path}:{node.lineno}"


def test_no_import_cycles() -> None:
    names = {module_name(path): path for path in MODULES}
    graph = {
        name: {imported for imported in imports_of(path) if imported in names and imported != name}
        for name, path in names.items()
    }
    done: set[str] = set()
    walking: list[str] = []

    def visit(name: str) -> None:
        if name in done:
            return
        assert name not in walking, " → ".join([*walking[walking.index(name) :], name])
        walking.append(name)
        for imported in sorted(graph[name]):
            # A package's __init__ re-exports its modules; importing a sibling runs it first but is no cycle of ideas.
            if name.startswith(imported + "."):
                continue
            visit(imported)
        walking.pop()
        done.add(name)

    for name in sorted(graph):
        visit(name)


def test_names_say_something() -> None:
    for path in MODULES:
        assert path.stem not in FORBIDDEN_NAMES, path


def test_init_files_only_reexport() -> None:
    for path in MODULES:
        if path.name != "__init__.py":
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            names = isinstance(node, ast.Assign | ast.AnnAssign)
            assert docstring or names or isinstance(node, ast.Import | ast.ImportFrom), f"{path}:{node.lineno}"
