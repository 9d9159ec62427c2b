"""IAM: users, groups, roles, policies and access keys."""

from sekisho.services.iam import (
    absent,
    account,
    attachments,
    groups,
    instance_profiles,
    managed_policies,
    roles,
    service_linked,
    simulate,
    tags,
    users,
)
from sekisho.services.operation import compose

OPERATIONS = compose(
    (
        roles.ops,
        users.ops,
        groups.ops,
        attachments.ops,
        managed_policies.ops,
        tags.ops,
        instance_profiles.ops,
        account.ops,
        simulate.ops,
        service_linked.ops,
        absent.ops,
    )
)
