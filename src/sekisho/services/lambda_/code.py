"""The code of a function as it is uploaded: checked, and kept under its hash.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from sekisho.services.lambda_ import archive
from sekisho.services.lambda_.refusals import invalid, too_large, unsupported
from sekisho.services.operation import Call, ServiceError

MAX_REQUEST = 69_905_067
"""Bytes of a request that carries 50 MB of archive in base64; the number AWS names."""
MAX_STORAGE = 75 * 1024**3
"""All functions and versions of an account and region."""


def upload(call: Call, params: Mapping[str, Any], where: str = "", *, keep: bool = True) -> dict[str, Any]:
    """The record's members of the archive in ``params``; with ``keep`` its bytes become a blob of the unit of work.

    ``where`` prefixes member names in messages (``Code.`` for CreateFunction). Raises ServiceError.
    """
    for name in ("S3Bucket", "S3Key", "S3ObjectVersion", "S3ObjectStorageMode"):
        if params.get(name):
            raise unsupported(f"{where}{name}", f"there is no S3 here; send the archive as {where}ZipFile")
    for name in ("ImageUri", "SourceKMSKeyArn"):
        if params.get(name):
            raise unsupported(f"{where}{name}", f"send an unencrypted zip archive as {where}ZipFile")
    zipped = params.get("ZipFile")
    if zipped is None:
        raise invalid("Please provide a source for function code.")
    if len(zipped) > archive.MAX_ZIPPED:
        raise too_large(MAX_REQUEST, call.operation)
    found = archive.problem(zipped)
    if found is not None:
        raise invalid(found.message)
    digest = hashlib.sha256(zipped)
    if keep:
        call.store.blobs[digest.hexdigest()] = bytes(zipped)
    return {
        "CodeKey": digest.hexdigest(),
        "CodeSha256": base64.b64encode(digest.digest()).decode(),
        "CodeSize": len(zipped),
    }


def check_storage(call: Call, added: int) -> None:
    """All code of an account and region fits 75 GB. Raises ServiceError."""
    if added + used(call) > MAX_STORAGE:
        raise ServiceError("CodeStorageExceededException", "Code storage limit exceeded.", 400, Type="User")


def used(call: Call) -> int:
    """Bytes of the archives of all functions and versions."""
    return sum(doc["CodeSize"] for kind in ("function", "version") for _, doc in call.table(kind).items())
