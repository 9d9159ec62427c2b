"""AWS-shaped identifiers, built from random bytes that the caller supplies (so that tests and replays are exact)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

Entropy = Callable[[int], bytes]
"""``entropy(n)`` gives n random bytes; the edge passes ``os.urandom``, tests a counter."""

_LOWER: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ALPHANUMERIC: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def pick(entropy: Entropy, alphabet: str, length: int) -> str:
    """``length`` characters of ``alphabet``, without modulo bias worth speaking of."""
    raw = int.from_bytes(entropy(length * 2), "big")
    out = []
    for _ in range(length):
        raw, index = divmod(raw, len(alphabet))
        out.append(alphabet[index])
    return "".join(out)


def api_id(entropy: Entropy) -> str:
    """Ten lower-case letters and digits, starting with a letter: REST and HTTP API ids."""
    return pick(entropy, _LOWER[:26], 1) + pick(entropy, _LOWER, 9)


def short_id(entropy: Entropy, length: int = 6) -> str:
    """Six lower-case letters and digits: resource, deployment, authorizer, validator ids."""
    return pick(entropy, _LOWER, length)


def unique_id(entropy: Entropy, prefix: str) -> str:
    """IAM's unique ids, such as ``AROA`` + 17 base-32 characters.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
    """
    return prefix + pick(entropy, _BASE32, 17)


def access_key_id(entropy: Entropy, prefix: str = "AKIA") -> str:
    """Access key ids: ``AKIA`` (users) or ``ASIA`` (sessions) + 16 base-32 characters."""
    return prefix + pick(entropy, _BASE32, 16)


def secret_key(entropy: Entropy) -> str:
    """Forty characters of base64 alphabet, as AWS secrets."""
    return base64.b64encode(entropy(30)).decode()


def session_token(entropy: Entropy) -> str:
    """An opaque session token; its content means nothing."""
    return "IQoJb3JpZ2luX2VjE" + base64.b64encode(entropy(120)).decode()


def uuid4(entropy: Entropy) -> str:
    """A version 4 UUID in lower case."""
    return uuid_text(entropy(16))


def uuid_text(raw: bytes) -> str:
    """A version 4 UUID of sixteen random bytes: the version stands in the 13th digit, the variant in the 17th."""
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:]}"


_VARIANT: Final = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def extended_request_id(entropy: Entropy) -> str:
    """The ``x-amz-apigw-id``: eleven bytes in base64url, ending with ``=`` (sixteen characters)."""
    return base64.urlsafe_b64encode(entropy(11)).decode()


def alphanumeric(entropy: Entropy, length: int) -> str:
    """Letters of both cases and digits, such as API key values."""
    return pick(entropy, _ALPHANUMERIC, length)
