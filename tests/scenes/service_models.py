"""The service models for tests: read from the installed botocore, compiled once per test process."""

from __future__ import annotations

import functools
import gzip
import importlib.util
import json
from pathlib import Path
from typing import Any

from sekisho.wire.dispatch import Dispatcher
from sekisho.wire.model import API_VERSIONS, Models


@functools.cache
def load(service: str) -> dict[str, Any]:
    """A service model's document."""
    spec = importlib.util.find_spec("botocore")
    assert spec is not None and spec.origin is not None
    path = Path(spec.origin).parent / "data" / service / API_VERSIONS[service] / "service-2.json.gz"
    document: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return document


MODELS = Models(load)
DISPATCHER = Dispatcher(MODELS)
