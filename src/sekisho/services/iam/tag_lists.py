"""Lists of tags: what IAM accepts, and how new ones join old ones.

Keys are compared without regard to case, but keep the case they were given in.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
"""

from __future__ import annotations

from sekisho.services.iam.entities import limit_exceeded
from sekisho.services.operation import Call, ServiceError

QUOTA = 50


def new_tags(call: Call, noun: str) -> list[dict[str, str]]:
    """The params' ``Tags``, checked, for something about to be created. Raises InvalidInput, LimitExceeded."""
    return merged([], call.params.get("Tags") or [], noun)


def merged(old: list[dict[str, str]], new: list[dict[str, str]], noun: str) -> list[dict[str, str]]:
    """``old`` overwritten and extended with ``new``. Raises InvalidInput, LimitExceeded."""
    added: dict[str, dict[str, str]] = {}
    for tag in new:
        key = tag["Key"].lower()
        if key.startswith("aws:"):
            raise ServiceError("InvalidInput", "Tag keys that start with aws: are reserved for system use.")
        if key in added:
            raise ServiceError(
                "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        added[key] = {"Key": tag["Key"], "Value": tag["Value"]}
    kept = {tag["Key"].lower(): tag for tag in old} | added
    if len(kept) > QUOTA:
        raise limit_exceeded(f"Cannot exceed quota for TagsPer{noun}: {QUOTA}")
    return list(kept.values())
