"""The world that a sandbox sees: its environment variables and folders. Nothing of the server's own environment.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sekisho.functions.invocation import FunctionSpec


class Credentials(NamedTuple):
    """A session of the execution role."""

    access_key: str
    secret_key: str
    token: str
    expires: float = float("inf")
    """Epoch seconds; sandboxes are replaced before."""


class Folders:
    """Where sandboxes' files are, below the data folder."""

    def __init__(self, data_dir: Path) -> None:
        base = data_dir.absolute() / "functions"
        self.code = base / "code"
        self.packages = base / "runtime" / "python"
        self.compiled = base / "compiled"
        self._scratch = base / "tmp"

    def scratch(self, sandbox: object) -> Path:
        """A folder for one sandbox's temporary files (``/tmp`` on Lambda)."""
        folder = self._scratch / f"{os.getpid()}-{id(sandbox):x}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        return folder

    def discard_scratch(self, sandbox: object) -> None:
        """Delete that folder."""
        shutil.rmtree(self._scratch / f"{os.getpid()}-{id(sandbox):x}", ignore_errors=True)


def build(
    spec: FunctionSpec,
    session: Credentials,
    *,
    log_stream: str,
    endpoint_url: str,
    upstreams: Mapping[str, str],
    task_root: Path,
    runtime_dir: Path,
    scratch: Path,
    interpreter_dir: Path,
) -> dict[str, str]:
    """The whole environment. The function's own variables win over conveniences, never over what Lambda reserves."""
    variables = {
        "PATH": f"{interpreter_dir}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "AWS_ENDPOINT_URL": endpoint_url,
    }
    for service, url in upstreams.items():
        name = re.sub(r"[^A-Z0-9]", "_", service.upper())
        variables[f"AWS_ENDPOINT_URL_{name}"] = url
    variables.update(
        (name, value) for name, value in spec.environment.items() if "\0" not in name + value and "=" not in name
    )
    variables |= {
        "_HANDLER": spec.handler,
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_ACCESS_KEY_ID": session.access_key,
        "AWS_SECRET_ACCESS_KEY": session.secret_key,
        "AWS_SESSION_TOKEN": session.token,
        "LAMBDA_TASK_ROOT": str(task_root),
        "LAMBDA_RUNTIME_DIR": str(runtime_dir),
    }
    # They would take the process away from awslambdaric's one-at-a-time mode or its log pipe.
    for name in ("AWS_LAMBDA_MAX_CONCURRENCY", "_LAMBDA_TELEMETRY_LOG_FD", "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"):
        variables.pop(name, None)
    return variables
