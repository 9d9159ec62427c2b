"""Functions log with the rights of their role, or not at all."""

from __future__ import annotations

from tests.scenes.live_functions import BASIC, create, eventually, execution_role, invoke, messages
from tests.scenes.server import running

SAYS = "def handler(event, context):\n    print('said', event)\n    return 'ok'\n"


def test_a_role_without_logs_rights_logs_nothing() -> None:
    with running("--enforce-iam") as server:
        create(server, "f", SAYS, execution_role(server, logs=False))
        assert invoke(server, "f", 1) == "ok"
        assert messages(server, "f") == []
        assert server.client("logs").describe_log_groups()["logGroups"] == []
        server.client("iam").attach_role_policy(RoleName="worker", PolicyArn=BASIC)
        assert invoke(server, "f", 2) == "ok"
        told = eventually(server, "f", "said 2")
        assert not any("said 1" in line for line in told)


def test_without_enforcement_every_function_logs() -> None:
    with running() as server:
        create(server, "f", SAYS, execution_role(server, logs=False))
        assert invoke(server, "f", 1) == "ok"
        eventually(server, "f", "said 1")
