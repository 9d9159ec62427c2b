"""API calls as command lines of the AWS CLI."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from sekisho.explain.explanation import ApiCall

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def kebab(name: str) -> str:
    """``PutRolePolicy`` → ``put-role-policy``, ``restApiId`` → ``rest-api-id``."""
    return "-".join(part.lower() for part in _WORD.split(name))


def _value(value: Any) -> str:
    if isinstance(value, str):
        return shlex.quote(value)
    return shlex.quote(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def command_line(call: ApiCall, *, region: str = "") -> str:
    """The ``aws`` command that makes this call, quoted for a POSIX shell."""
    words = ["aws", call.service, kebab(call.operation)]
    for name, value in call.parameters.items():
        flag = f"--{kebab(name)}"
        if isinstance(value, bool):
            words.append(flag if value else f"--no-{kebab(name)}")
        else:
            words += [flag, _value(value)]
    if region and call.service not in ("iam", "sts"):
        words += ["--region", region]
    return " ".join(words)
