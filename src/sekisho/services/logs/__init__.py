"""Amazon CloudWatch Logs."""

from sekisho.services.logs import absent, events, groups, resource_policies, streams
from sekisho.services.operation import compose

OPERATIONS = compose((groups.ops, streams.ops, events.ops, resource_policies.ops, absent.ops))
"""Every operation of CloudWatch Logs that is implemented, by name."""
