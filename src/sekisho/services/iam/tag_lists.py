"""Lists of tags: what IAM accepts, and how new ones join old ones.

Keys are compared without regard to case, but keep the case they were given in.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sekisho.services.iam.constraints import invalid
from sekisho.services.iam.entities import limit_exceeded
from sekisho.services.operation import Call, ServiceError

QUOTA = 50
_SPELLING = re.compile(r"[\w\s.:/=+\-@]*")


def new_tags(call: Call, noun: str) -> list[dict[str, str]]:
    """The params' ``Tags``, checked, for something about to be created. Raises InvalidInput and others."""
    return merged([], call.params.get("Tags") or [], noun)


def merged(old: list[dict[str, str]], new: list[dict[str, str]], noun: str) -> list[dict[str, str]]:
    """``old`` overwritten and extended with ``new``. Raises ValidationError, InvalidInput, LimitExceeded."""
    if len(new) > QUOTA:
        raise invalid("Tags", new, f"Member must have length less than or equal to {QUOTA}")
    added: dict[str, dict[str, str]] = {}
    for number, tag in enumerate(new, 1):
        _check_tag(number, tag)
        if tag["Key"].lower() in added:
            raise ServiceError(
                "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        added[tag["Key"].lower()] = {"Key": tag["Key"], "Value": tag["Value"]}
    kept = {tag["Key"].lower(): tag for tag in old} | added
    if len(kept) > QUOTA:
        raise limit_exceeded(f"Cannot exceed quota for TagsPer{noun}: {QUOTA}")
    return list(kept.values())


def _check_tag(number: int, tag: Mapping[str, str]) -> None:
    key, value = tag["Key"], tag["Value"]
    for text, most, member in ((key, 128, "key"), (value, 256, "value")):
        where = f"tags.{number}.member.{member}"
        if len(text) > most:
            raise invalid(where, text, f"Member must have length less than or equal to {most}")
        if not _SPELLING.fullmatch(text):
            raise invalid(
                where,
                text,
                r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]" + "+*"[most > 128],
            )
    if not key:
        raise invalid(f"tags.{number}.member.key", key, "Member must have length greater than or equal to 1")
    if key.lower().startswith("aws:"):
        raise ServiceError("InvalidInput", "Tag keys that start with aws: are reserved for system use.")
