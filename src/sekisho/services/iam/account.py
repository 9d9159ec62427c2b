"""What is asked about the account as a whole.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html and
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sekisho.policy.validate import INLINE_TOTAL, LIMITS, PolicyKind
from sekisho.services.iam import describe
from sekisho.services.iam.attachments import ATTACHED_QUOTA
from sekisho.services.iam.aws_managed import AWS_MANAGED
from sekisho.services.iam.constraints import IamOperations
from sekisho.services.iam.entities import GROUP, ROLE, USER, no_such, paged, policies
from sekisho.services.iam.groups import GROUPS_PER_USER
from sekisho.services.iam.instance_profiles import profiles
from sekisho.services.iam.managed_policies import VERSIONS, usage
from sekisho.services.iam.users import KEYS_PER_USER
from sekisho.services.operation import Call, ServiceError

ops = IamOperations()

_LISTS = {
    "User": "UserDetailList",
    "Group": "GroupDetailList",
    "Role": "RoleDetailList",
    "LocalManagedPolicy": "Policies",
    "AWSManagedPolicy": "Policies",
}


@ops("GetAccountAuthorizationDetails")
def get_account_authorization_details(call: Call) -> Mapping[str, Any]:
    wanted = call.params.get("Filter") or list(_LISTS)
    found = [(kind, name, detail) for kind, name, detail in _details(call) if kind in wanted]
    part = paged(call, "All", found, lambda item: f"{item[0]}/{item[1]}")
    out: dict[str, Any] = {member: [] for member in _LISTS.values()}
    for kind, _, detail in part.pop("All"):
        out[_LISTS[kind]].append(detail)
    return out | part


def _details(call: Call) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, record in USER.table(call).items():
        out = describe.user(record) | _attached(record) | {"GroupList": list(record["Groups"])}
        yield "User", name, out | {"UserPolicyList": describe.inline_list(record)}
    for name, record in GROUP.table(call).items():
        yield (
            "Group",
            name,
            describe.group(record) | _attached(record) | {"GroupPolicyList": describe.inline_list(record)},
        )
    for name, record in ROLE.table(call).items():
        out = describe.role(call, record) | _attached(record) | {"RolePolicyList": describe.inline_list(record)}
        out |= {"InstanceProfileList": _profiles_of(call, name), "RoleLastUsed": {}}
        # Lists of details leave out what the shape RoleDetail does not have.
        yield "Role", name, {m: v for m, v in out.items() if m not in ("Description", "MaxSessionDuration")}
    attached, boundaries = usage(call)
    for arn, record in policies(call).items():
        yield "LocalManagedPolicy", arn, _policy_detail(record, attached[arn], boundaries[arn])
    for arn, record in AWS_MANAGED.items():
        if attached[arn] or boundaries[arn]:
            yield "AWSManagedPolicy", arn, _policy_detail(record, attached[arn], boundaries[arn])


def _attached(record: Mapping[str, Any]) -> dict[str, Any]:
    return {"AttachedManagedPolicies": [describe.attached(arn) for arn in record["Attached"]]}


def _policy_detail(record: Mapping[str, Any], attached: int, boundaries: int) -> dict[str, Any]:
    versions = [describe.policy_version(record, version, with_document=True) for version in record["Versions"]]
    return describe.policy_summary(record, attached, boundaries) | {"PolicyVersionList": versions}


def _profiles_of(call: Call, role: str) -> list[dict[str, Any]]:
    members = ("Path", "InstanceProfileName", "InstanceProfileId", "Arn", "CreateDate")
    return [
        {member: record[member] for member in members}
        | {"Roles": [describe.role_summary(call, ROLE.require(call, name)) for name in record["Roles"]]}
        for _, record in profiles(call).items()
        if role in record["Roles"]
    ]


@ops("GetAccountSummary")
def get_account_summary(call: Call) -> Mapping[str, Any]:
    counts = {
        "Users": len(USER.table(call)),
        "Groups": len(GROUP.table(call)),
        "Roles": len(ROLE.table(call)),
        "Policies": len(policies(call)),
        "InstanceProfiles": len(profiles(call)),
        "PolicyVersionsInUse": sum(len(record["Versions"]) for _, record in policies(call).items()),
    }
    return {"SummaryMap": counts | _SUMMARY}


_SUMMARY = {
    "UsersQuota": 5000,
    "GroupsQuota": 300,
    "RolesQuota": 1000,
    "PoliciesQuota": 1500,
    "InstanceProfilesQuota": 1000,
    "PolicyVersionsInUseQuota": 10000,
    "VersionsPerPolicyQuota": VERSIONS,
    "PolicySizeQuota": LIMITS[PolicyKind.MANAGED].size,
    "AssumeRolePolicySizeQuota": LIMITS[PolicyKind.TRUST].size,
    "UserPolicySizeQuota": INLINE_TOTAL["user"],
    "GroupPolicySizeQuota": INLINE_TOTAL["group"],
    "RolePolicySizeQuota": INLINE_TOTAL["role"],
    "AttachedPoliciesPerUserQuota": ATTACHED_QUOTA,
    "AttachedPoliciesPerGroupQuota": ATTACHED_QUOTA,
    "AttachedPoliciesPerRoleQuota": ATTACHED_QUOTA,
    "GroupsPerUserQuota": GROUPS_PER_USER,
    "AccessKeysPerUserQuota": KEYS_PER_USER,
    "SigningCertificatesPerUserQuota": 2,
    "ServerCertificates": 0,
    "ServerCertificatesQuota": 20,
    "MFADevices": 0,
    "MFADevicesInUse": 0,
    "Providers": 0,
    "AccountMFAEnabled": 0,
    "AccountAccessKeysPresent": 0,
    "AccountSigningCertificatesPresent": 0,
    "GlobalEndpointTokenVersion": 1,
}


_ALIAS_ID = "account"


@ops("ListAccountAliases")
def list_account_aliases(call: Call) -> Mapping[str, Any]:
    found = call.global_table("account").get(_ALIAS_ID)
    return {"AccountAliases": [found["Alias"]] if found else [], "IsTruncated": False}


@ops("CreateAccountAlias")
def create_account_alias(call: Call) -> Mapping[str, Any]:
    alias = call.params["AccountAlias"]
    for partition in call.store.partitions():
        other = partition[2:] == ("iam", "account") and partition.account != call.account
        if other and any(record["Alias"] == alias for _, record in call.store.items(partition)):
            raise ServiceError("EntityAlreadyExists", f"The account alias {alias} already exists.", 409)
    # One alias per account: a new one takes the old one's place.
    call.global_table("account").put(_ALIAS_ID, {"Alias": alias})
    return {}


@ops("DeleteAccountAlias")
def delete_account_alias(call: Call) -> Mapping[str, Any]:
    alias = call.params["AccountAlias"]
    found = call.global_table("account").get(_ALIAS_ID)
    if found is None or found["Alias"] != alias:
        raise no_such(f"The account alias {alias} cannot be found.")
    call.global_table("account").delete(_ALIAS_ID)
    return {}
