"""Tags of users, roles, managed policies and instance profiles: three operations each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sekisho.services.iam.constraints import IamOperations
from sekisho.services.iam.describe import tags_of
from sekisho.services.iam.entities import ROLE, USER, Record, own_policy, paged, policies, require_policy
from sekisho.services.iam.instance_profiles import profile_arn, profiles, require_profile
from sekisho.services.iam.tag_lists import merged
from sekisho.services.operation import Call, Run

ops = IamOperations()


def _register(
    noun: str,
    find: Callable[[Call], Record],
    find_own: Callable[[Call], Record],
    put: Callable[[Call, Record], None],
    arn: Callable[[Call], str],
) -> None:
    def tag(call: Call) -> Mapping[str, Any]:
        record = find_own(call)
        record["Tags"] = merged(record["Tags"], call.params["Tags"], noun)
        put(call, record)
        return {}

    def untag(call: Call) -> Mapping[str, Any]:
        record = find_own(call)
        gone = {key.lower() for key in call.params["TagKeys"]}
        record["Tags"] = [tag for tag in record["Tags"] if tag["Key"].lower() not in gone]
        put(call, record)
        return {}

    def list_tags(call: Call) -> Mapping[str, Any]:
        return paged(call, "Tags", tags_of(find(call)), lambda tag: tag["Key"])

    rows: tuple[tuple[str, Run], ...] = (
        (f"Tag{noun}", tag),
        (f"Untag{noun}", untag),
        (f"List{noun}Tags", list_tags),
    )
    for name, run in rows:
        ops(name, resource=arn)(run)


def _policy_arn(call: Call) -> str:
    return str(call.params.get("PolicyArn", "*"))


_register("Role", ROLE.require, ROLE.require_modifiable, ROLE.put, ROLE.arn)
_register("User", USER.require, USER.require, USER.put, USER.arn)
_register(
    "Policy",
    lambda call: require_policy(call, call.params["PolicyArn"]),
    lambda call: own_policy(call, call.params["PolicyArn"]),
    lambda call, record: policies(call).put(record["Arn"], record),
    _policy_arn,
)
_register(
    "InstanceProfile",
    require_profile,
    require_profile,
    lambda call, record: profiles(call).put(record["InstanceProfileName"], record),
    profile_arn,
)
