"""Who a request says it is from and where to: the credential scope, read without judging the signature.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

from __future__ import annotations

from typing import Final, NamedTuple

from sekisho.wire.message import WireRequest
from sekisho.wire.query import decode_pairs


class Scope(NamedTuple):
    """``AKID/date/region/service/aws4_request``, as claimed."""

    access_key_id: str
    date: str
    region: str
    service: str


class Host(NamedTuple):
    """``service.region.amazonaws.com``, either part empty when the host does not say."""

    service: str
    region: str


_NO_HOST: Final = Host("", "")


def read_scope(request: WireRequest) -> Scope | None:
    """The scope in the Authorization header or the presigned query; None when there is none to read."""
    text = request.headers.get("authorization")
    if text is not None:
        _, found, rest = text.partition("Credential=")
        if found:
            return _split(rest.partition(",")[0].strip())
        return None
    if "X-Amz-Credential=" in request.query:
        for name, value in decode_pairs(request.query):
            if name == "X-Amz-Credential":
                return _split(value)
    return None


def _split(credential: str) -> Scope | None:
    """An access key id may hold slashes no more than a region may: exactly five parts."""
    parts = credential.split("/")
    return Scope(*parts[:4]) if len(parts) == 5 else None


def read_host(request: WireRequest) -> Host:
    """What the host name says, when it is one of AWS's: ``lambda.eu-west-1.amazonaws.com``, ``iam.amazonaws.com``."""
    host = (request.headers.get("host") or "").partition(":")[0].lower()
    if not host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return _NO_HOST
    labels = host.removesuffix(".cn").removesuffix(".amazonaws.com").split(".")
    return Host(labels[0], labels[1] if len(labels) > 1 else "")
