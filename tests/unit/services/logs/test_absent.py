"""What tools ask for about a log group."""

from __future__ import annotations

from tests.scenes.functions import Functions
from tests.scenes.logs import LogMemory


def test_groups_have_no_filters() -> None:
    cloud = Functions()
    cloud.answers = LogMemory()
    cloud("CreateLogGroup", "logs", logGroupName="g")
    assert cloud("DescribeSubscriptionFilters", "logs", logGroupName="g") == {"subscriptionFilters": []}
    assert cloud("DescribeMetricFilters", "logs", logGroupName="g") == {"metricFilters": []}
    assert cloud("DescribeMetricFilters", "logs") == {"metricFilters": []}
    assert cloud("DescribeDestinations", "logs") == {"destinations": []}
    for operation in ("DescribeSubscriptionFilters", "DescribeMetricFilters"):
        assert cloud.refused(operation, "logs", logGroupName="h").code == "ResourceNotFoundException"
