"""What cannot exist is told as absent, for users that do."""

from __future__ import annotations

import pytest
from tests.scenes.iam import Account


@pytest.fixture
def account() -> Account:
    made = Account()
    made.iam("CreateUser", UserName="alice")
    return made


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("ListMFADevices", "MFADevices"),
        ("ListSSHPublicKeys", "SSHPublicKeys"),
        ("ListSigningCertificates", "Certificates"),
        ("ListServiceSpecificCredentials", "ServiceSpecificCredentials"),
    ],
)
def test_lists_of_users(account: Account, operation: str, member: str) -> None:
    assert account.iam(operation, UserName="alice")[member] == []
    assert account.refused("iam", operation, UserName="nobody")[0] == "NoSuchEntity"


@pytest.mark.parametrize(
    "operation",
    ["ListServerCertificates", "ListVirtualMFADevices", "ListOpenIDConnectProviders", "ListSAMLProviders"],
)
def test_lists_of_the_account(account: Account, operation: str) -> None:
    output = account.iam(operation)
    assert [value for value in output.values() if isinstance(value, list)] == [[]]


def test_what_is_not_found(account: Account) -> None:
    assert account.refused("iam", "GetLoginProfile", UserName="alice") == (
        "NoSuchEntity",
        "Login Profile for User alice cannot be found.",
        404,
    )
    assert account.refused("iam", "DeleteLoginProfile", UserName="alice")[0] == "NoSuchEntity"
    assert account.refused("iam", "GetAccountPasswordPolicy")[0] == "NoSuchEntity"
