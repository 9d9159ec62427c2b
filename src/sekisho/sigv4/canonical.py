"""Signature Version 4: canonical request, string to sign, signing key.

Theory of operation. The canonical request is rebuilt from what was on the wire, not from a parsed URL: the path is
normalised (empty and dot segments removed) and URI-encoded once more, as every service but S3 does; query pairs are
sorted as they were sent. Header text is latin-1, one character for each byte, so that whatever bytes a client hashed
are hashed again. Derived keys are memoised: a client signs many requests with one key, date, region and service.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from sekisho.kit.headers import Headers
from sekisho.kit.memory import remember

ALGORITHM: Final = "AWS4-HMAC-SHA256"
TERMINATOR: Final = "aws4_request"
UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
EMPTY_SHA256: Final = hashlib.sha256(b"").hexdigest()

_PLAIN_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?", re.ASCII).fullmatch
"""Paths that are their own canonical form."""
_BLANKS: Final = re.compile(r"[ \t\n\r\f\v]+")
_PATH_SAFE: Final = "/~"
_QUERY_SAFE: Final = "-_.~%&="


def canonical_path(raw: str) -> str:
    """The canonical URI of a path as it was sent: ``/a%20b//./c`` → ``/a%2520b/c``."""
    if _PLAIN_PATH(raw):
        return raw
    if not raw:
        return "/"
    kept: list[str] = []
    for part in raw.split("/"):
        if part == "..":
            if kept:
                kept.pop()
        elif part and part != ".":
            kept.append(part)
    path = "/" + "/".join(kept)
    if kept and raw.endswith("/"):
        path += "/"
    return quote(_wire_bytes(path), safe=_PATH_SAFE)


def canonical_query(raw: str, *, presigned: bool = False) -> str:
    """The pairs of a raw query string in order of name and value; without the signature when ``presigned``."""
    if not raw:
        return ""
    pairs = []
    for pair in raw.split("&"):
        name, _, value = pair.partition("=")
        if presigned and name == "X-Amz-Signature":
            continue
        pairs.append((name, value))
    if len(pairs) > 1:
        pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def encoded_query(raw: str) -> str:
    """``raw`` with the characters encoded that a client should have encoded (``a=b/c`` → ``a=b%2Fc``)."""
    return quote(_wire_bytes(raw), safe=_QUERY_SAFE)


def canonical_headers(signed_headers: str, headers: Headers) -> str | None:
    """The canonical header lines of ``signed_headers`` (``host;x-amz-date``); None when one of them was not sent."""
    get = headers.index().get
    lines = []
    for name in signed_names(signed_headers):
        values = get(name)
        if values is None:
            return None
        if len(values) == 1:
            value = values[0]
            if not _no_blank(value):
                value = _trim(value)
            lines.append(f"{name}:{value}\n")
        else:
            lines.append(f"{name}:{','.join([_trim(value) for value in values])}\n")
    return "".join(lines)


_names: Final[dict[str, tuple[str, ...]]] = {}
_REMEMBERED_NAMES: Final = 1024


def signed_names(signed_headers: str) -> tuple[str, ...]:
    """The names in ``SignedHeaders``. Remembered: a client signs the same ones each time."""
    found = _names.get(signed_headers)
    if found is not None:
        return found
    names = tuple(signed_headers.split(";"))
    return remember(_names, signed_headers, names) if len(signed_headers) <= _REMEMBERED_NAMES else names


_no_blank: Final = re.compile(r"[!-~]+").fullmatch


def _trim(value: str) -> str:
    """Blanks at the ends removed, inner runs of blanks made one."""
    if "  " in value or "\t" in value or value[:1].isspace() or value[-1:].isspace() or "\n" in value:
        return _BLANKS.sub(" ", value).strip(" ")
    return value


def canonical_request(method: str, path: str, query: str, headers: str, signed_headers: str, payload_hash: str) -> str:
    """The canonical request of parts that are already canonical."""
    return f"{method}\n{path}\n{query}\n{headers}\n{signed_headers}\n{payload_hash}"


def string_to_sign(amz_date: str, scope: str, canonical: str) -> str:
    """The string to sign; ``scope`` is ``date/region/service/aws4_request``."""
    return f"{ALGORITHM}\n{amz_date}\n{scope}\n{hashlib.sha256(_wire_bytes(canonical)).hexdigest()}"


@lru_cache(maxsize=4096)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The derived key: ``date`` is ``YYYYMMDD``."""
    key = hmac.digest(b"AWS4" + _wire_bytes(secret), _wire_bytes(date), "sha256")
    for part in (region, service, TERMINATOR):
        key = hmac.digest(key, _wire_bytes(part), "sha256")
    return key


def signature(key: bytes, to_sign: str) -> str:
    """The signature in lower-case hexadecimal."""
    return hmac.digest(key, _wire_bytes(to_sign), "sha256").hex()


_hashes: Final[dict[tuple[str, str, str, str], tuple[Any, Any]]] = {}


def _begun(secret: str, date: str, region: str, service: str) -> tuple[Any, Any]:
    """Both hashes of HMAC (RFC 2104) with the derived key already taken in: what is left to do for each request."""
    signed_with = (secret, date, region, service)
    found = _hashes.get(signed_with)
    if found is not None:
        return found
    key = signing_key(secret, date, region, service).ljust(64, b"\0")
    begun = (hashlib.sha256(key.translate(_INNER)), hashlib.sha256(key.translate(_OUTER)))
    return remember(_hashes, signed_with, begun)


def derived_signature(secret: str, date: str, region: str, service: str, to_sign: str) -> str:
    """``signature`` with the key of ``signing_key``."""
    inner, outer = _begun(secret, date, region, service)
    inner, outer = inner.copy(), outer.copy()
    inner.update(_wire_bytes(to_sign))
    outer.update(inner.digest())
    found: str = outer.hexdigest()
    return found


_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


def payload_hash(body: bytes) -> str:
    """The hash of a payload, in lower-case hexadecimal."""
    return hashlib.sha256(body).hexdigest() if body else EMPTY_SHA256


def _wire_bytes(text: str) -> bytes:
    """The bytes behind latin-1 text; text that never was on a wire is UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
