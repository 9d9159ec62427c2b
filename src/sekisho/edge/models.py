"""AWS's service models, read from the installed botocore's data files (botocore itself is not imported)."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path
from typing import Any

import orjson

from sekisho.wire.model import API_VERSIONS


def data_folder() -> Path:
    """botocore's data folder. Raises LookupError when botocore is not installed."""
    spec = importlib.util.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise LookupError("botocore is not installed: its service models are needed")
    return Path(spec.submodule_search_locations[0]) / "data"


def load_model(service: str) -> dict[str, Any]:
    """The parsed ``service-2`` document of a service of ``API_VERSIONS``."""
    folder = data_folder() / service / API_VERSIONS[service]
    packed = folder / "service-2.json.gz"
    content = gzip.decompress(packed.read_bytes()) if packed.exists() else (folder / "service-2.json").read_bytes()
    document: dict[str, Any] = orjson.loads(content)
    return document
