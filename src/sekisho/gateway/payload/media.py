"""Which media types are binary.

An API's ``binaryMediaTypes`` match exactly, or by their right side (``image/*``); a wildcard on the left matches
nothing but ``*/*``, which matches everything. vectors: rest-proxy-response/binary-*.
"""

from __future__ import annotations


def is_binary(media_type: str, binary_types: tuple[str, ...]) -> bool:
    """Whether ``media_type`` (parameters are ignored) is one of ``binary_types``."""
    if not binary_types:
        return False
    media_type = media_type.partition(";")[0].strip().lower()
    for binary in binary_types:
        if binary == "*/*":
            return True
        if not media_type or binary.startswith("*/"):
            continue
        if binary.lower() == media_type:
            return True
        if binary.endswith("/*") and media_type.startswith(binary[:-1].lower()):
            return True
    return False
