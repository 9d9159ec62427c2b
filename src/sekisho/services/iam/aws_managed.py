"""AWS's own managed policies, as published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

AWS_MANAGED: Mapping[str, Mapping[str, Any]] = {}
