"""What an account here never has: passwords, devices, certificates, identity providers.

Nothing of this can be created, so its lists are empty and its members are not found. Tools that clean up after a user
or take stock of an account ask for these lists and can go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.services.iam.constraints import IamOperations
from sekisho.services.iam.entities import USER, caller_user, no_such, under_path, user_arn
from sekisho.services.operation import Call, Run

ops = IamOperations()

_OF_USERS = {
    "ListMFADevices": "MFADevices",
    "ListSSHPublicKeys": "SSHPublicKeys",
    "ListSigningCertificates": "Certificates",
}
_OF_ACCOUNTS = {
    "ListServerCertificates": ("ServerCertificateMetadataList", "server-certificate"),
    "ListVirtualMFADevices": ("VirtualMFADevices", "mfa"),
}
_OF_ACCOUNTS_IN_ONE_PAGE = {
    "ListOpenIDConnectProviders": "OpenIDConnectProviderList",
    "ListSAMLProviders": "SAMLProviderList",
}


def _of_user(member: str, *, paged: bool = True) -> Run:
    def run(call: Call) -> Mapping[str, Any]:
        USER.require(call, call.params.get("UserName") or caller_user(call))
        return {member: [], "IsTruncated": False} if paged else {member: []}

    return run


def _of_account(answer: Mapping[str, Any]) -> Run:
    return lambda call: dict(answer)


for _name, _member in _OF_USERS.items():
    ops(_name, resource=user_arn)(_of_user(_member))
ops("ListServiceSpecificCredentials", resource=user_arn)(_of_user("ServiceSpecificCredentials", paged=False))
for _name, (_member, _kind) in _OF_ACCOUNTS.items():
    ops(_name, resource=under_path(_kind))(_of_account({_member: [], "IsTruncated": False}))
for _name, _member in _OF_ACCOUNTS_IN_ONE_PAGE.items():
    ops(_name)(_of_account({_member: []}))


def _no_login_profile(call: Call) -> Mapping[str, Any]:
    user = USER.require(call, call.params.get("UserName") or caller_user(call))["UserName"]
    raise no_such(f"Login Profile for User {user} cannot be found.")


ops("GetLoginProfile", resource=user_arn)(_no_login_profile)
ops("DeleteLoginProfile", resource=user_arn)(_no_login_profile)


@ops("GetAccountPasswordPolicy")
def get_account_password_policy(call: Call) -> Mapping[str, Any]:
    raise no_such(f"The Password Policy with domain name {call.account} cannot be found.")
