"""Reading what no log group here has: subscription filters, metric filters, destinations.

They cannot be created on this server (those operations answer that they are not implemented), so the answers are simply
true; tools that describe a log group ask for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.services.logs.names import group, group_resource, reference
from sekisho.services.operation import Call, Operations

ops = Operations("logs")


@ops("DescribeSubscriptionFilters", resource=group_resource)
def describe_subscription_filters(call: Call) -> Mapping[str, Any]:
    group(call, reference(call))
    return {"subscriptionFilters": []}


@ops("DescribeMetricFilters", resource=group_resource)
def describe_metric_filters(call: Call) -> Mapping[str, Any]:
    if call.params.get("logGroupName"):
        group(call, reference(call))
    return {"metricFilters": []}


@ops("DescribeDestinations", resource="arn:aws:logs:{region}:{account}:destination:*")
def describe_destinations(call: Call) -> Mapping[str, Any]:
    return {"destinations": []}
