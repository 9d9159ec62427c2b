"""Compiles what every request passes through to machine code, with mypyc (docs/decisions/0005).

The sources stay ordinary, typed Python: without a C compiler they run as they are, only slower. Used in two ways:

- as hatchling's build hook, when ``pip`` builds Sekisho: the wheel contains the compiled modules;
- as a program in a checkout: ``python hatch_build.py`` compiles in place, beside the sources, ``--clean`` removes what
  was compiled, ``--list`` names the sources.

``SEKISHO_INTERPRETED=1`` keeps the hook from compiling.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools.errors import CompileError

ROOT = Path(__file__).resolve().parent
SOURCE = ROOT / "src"
SCRATCH = ROOT / "build" / "compiled"
GROUP = "sekisho"
"""All modules make one extension, ``sekisho__mypyc``, so that they call each other directly."""

COMPILED = (
    "kit/headers.py",
    "kit/ids.py",
    "kit/instants.py",
    "kit/memory.py",
    "kit/outcome.py",
    "kit/glob.py",
    "sigv4/canonical.py",
    "sigv4/claim.py",
    "sigv4/verify.py",
    "faults/fault.py",
    "policy/request.py",
    "policy/values.py",
    "policy/evaluate.py",
    "policy/combine.py",
    "policy/compile.py",
    "policy/pattern.py",
    "policy/principals.py",
    "policy/operators.py",
    "policy/classes.py",
    "policy/witness.py",
    "config/api.py",
    "config/context.py",
    "config/identities.py",
    "config/integrations.py",
    "config/authorizers.py",
    "config/functions.py",
    "config/keyring.py",
    "config/router.py",
    "config/snapshot.py",
    "functions/invocation.py",
    "functions/runtime_api.py",
    "functions/concurrency.py",
    "gateway/effects.py",
    "gateway/entry.py",
    "gateway/exchange.py",
    "gateway/ledger.py",
    "gateway/pipeline.py",
    "gateway/record.py",
    "gateway/request.py",
    "gateway/respond.py",
    "gateway/trace.py",
    "gateway/gates/*.py",
    "gateway/kinds/*.py",
    "gateway/integrations/mock.py",
    "gateway/integrations/lambda_.py",
    "gateway/integrations/http_lambda.py",
    "gateway/integrations/authority.py",
    "gateway/payload/*.py",
    "gateway/context/variables.py",
    "gateway/authorizers/lambda_.py",
    "gateway/authorizers/answer.py",
    "gateway/authorizers/decision.py",
    "edge/addressing.py",
    "edge/dataplane.py",
    "edge/driver.py",
    "edge/entropy.py",
    "edge/front.py",
    "edge/function_log.py",
    "edge/http1.py",
    "edge/log_rights.py",
    "edge/logline.py",
    "edge/outbox.py",
    "edge/recorder.py",
    "edge/runtime_server.py",
    "edge/sandbox.py",
    "edge/sandboxes.py",
    "edge/service_logs.py",
)
"""Patterns under ``src/sekisho``: what a request passes between its socket and its answer, no more. Compiling takes a
second for every two hundred lines."""


_KNOWN = "Treating generator comprehension as list"
"""What mypyc warns of and nobody needs to know."""


def sources() -> list[Path]:
    """The files that are compiled."""
    found = [path for pattern in COMPILED for path in sorted((SOURCE / "sekisho").glob(pattern))]
    return [path for path in found if path.name != "__init__.py"]


def remove_compiled() -> None:
    """Back to plain Python."""
    for path in [*SOURCE.glob(f"{GROUP}__mypyc*.so"), *(SOURCE / "sekisho").rglob("*.so")]:
        path.unlink()


def compile_in_place() -> None:
    """Compile into ``src``. Raises whatever the compiler raises; nothing compiled is left behind then."""
    from mypyc.build import mypycify
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext

    class Build(build_ext):
        def build_extensions(self) -> None:
            # The flags that the interpreter was built with (-g, -O3, -Wall) would make this take three times as long.
            words = self.compiler.compiler_so
            self.compiler.compiler_so = [word for word in words if not word.startswith(("-g", "-O", "-W"))]
            super().build_extensions()

    remove_compiled()
    shutil.rmtree(SCRATCH, ignore_errors=True)
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                extensions = mypycify(
                    ["--config-file=", "--ignore-missing-imports", *(str(p.relative_to(ROOT)) for p in sources())],
                    opt_level="1",
                    debug_level="0",
                    target_dir=str(SCRATCH),
                    group_name=GROUP,
                )
        finally:
            print(*(line for line in said.getvalue().splitlines() if _KNOWN not in line), sep="\n", end="")
        distribution = Distribution({"name": GROUP, "ext_modules": extensions, "package_dir": {"": "src"}})
        build = Build(distribution)
        build.inplace = True
        build.build_temp = str(SCRATCH)
        build.ensure_finalized()
        build.run()
    except BaseException:
        remove_compiled()
        raise
    finally:
        os.chdir(before)


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """What hatchling calls before it packs a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or os.environ.get("SEKISHO_INTERPRETED"):
            return
        try:
            compile_in_place()
        except (Exception, SystemExit) as problem:
            self.app.display_warning(f"{ADVICE} ({type(problem).__name__}: {problem})")
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"].append("*.so")
        for path in SOURCE.glob(f"{GROUP}__mypyc*.so"):
            build_data["force_include"][str(path)] = path.name


ADVICE = (
    "Sekisho could not be compiled and will run interpreted, two to three times slower. "
    "It needs a C compiler and Python's header files"
)
_SHORT = 200


def main(words: list[str]) -> int:
    """``--list``, ``--clean`` or, without words, compile. Exit status 0 also when there is no C compiler; 1 when mypyc
    does not accept the sources (it has said why)."""
    if words == ["--list"]:
        print(*(path.relative_to(ROOT) for path in sources()), sep="\n")
    elif words == ["--clean"]:
        remove_compiled()
    elif words:
        print(__doc__, file=sys.stderr)
        return 2
    else:
        try:
            compile_in_place()
        except CompileError as problem:
            # A long one repeats the compiler's whole command line; the compiler has said what is wrong itself.
            told = str(problem)
            print(f"{ADVICE}: {told}" if len(told) < _SHORT else f"{ADVICE}.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
