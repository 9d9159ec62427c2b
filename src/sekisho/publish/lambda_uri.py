"""Which function a URI of API Gateway's names, stage variables resolved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

VARIABLE: Final = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")
LAMBDA_URI: Final = re.compile(
    r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/"
    r"(?P<arn>arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+)"
    r"(:(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?/invocations"
)

FUNCTION_ARN: Final = re.compile(
    r"(?P<arn>arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+)"
    r"(:(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)
"""HTTP APIs also take a function's own ARN."""


def resolve(text: str, variables: Mapping[str, str]) -> str:
    """``text`` with ``${stageVariables.x}`` replaced; a variable that is not set is empty."""
    return VARIABLE.sub(lambda found: variables.get(found[1], ""), text)
