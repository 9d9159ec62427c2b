"""Organizations: strict files, SCPs on both planes, and explanations that name them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError
from tests.scenes.calls import ACCOUNT
from tests.scenes.lab import Lab
from tests.scenes.server import running

from sekisho.cli.app import main
from sekisho.edge import organization
from sekisho.publish.publisher import publish
from sekisho.state.world import World

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def deny(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*"}]}


def file_of(*policies: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"accounts": {ACCOUNT: {"scps": [{"target": "root", "policies": list(policies)}], **more}}}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([], "expected"),
        ({"accounts": {}, "x": 1}, "expected"),
        ({"accounts": {"12": {}}}, "twelve digits"),
        ({"accounts": {ACCOUNT: {"scp": []}}}, "unknown member scp"),
        ({"accounts": {ACCOUNT: {"scps": {}}}}, "list of levels"),
        ({"accounts": {ACCOUNT: {"scps": [{"policies": [{}]}]}}}, "Syntax errors in policy."),
        ({"accounts": {ACCOUNT: {"managementAccount": "no"}}}, "true or false"),
    ],
)
def test_files_are_read_strictly(raw: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        organization.parse(raw)


def organize(lab: Lab, raw: dict[str, Any]) -> None:
    work = organization.store(lab.world, organization.parse(raw))
    with pytest.raises(StopIteration) as ended:
        next(work)
    changes = ended.value.value.overlay.changes()
    lab.world.apply(changes, lab.world.revision + 1)
    lab.snapshot = publish(lab.world, [change.key for change in changes], lab.snapshot, lab.world.revision)


def test_storing_twice_changes_nothing() -> None:
    world = World()
    documents = organization.parse(file_of(EVERYTHING))
    with pytest.raises(StopIteration) as ended:
        next(organization.store(world, documents))
    changes = ended.value.value.overlay.changes()
    assert len(changes) == 1
    world.apply(changes, 1)
    with pytest.raises(StopIteration) as ended:
        next(organization.store(world, documents))
    assert ended.value.value.overlay.changes() == ()


def test_the_data_plane_obeys_and_explains() -> None:
    lab = Lab()
    function = lab.function()
    api = lab.rest_api(function=function)
    lab.permit(api, function)
    lab.role("caller", json.dumps(EVERYTHING))
    key = lab.assume("caller")
    assert lab.request(api, key=key).status == 200
    organize(lab, file_of(EVERYTHING, deny("execute-api:*")))
    refused = lab.request(api, key=key)
    assert refused.status == 403
    assert lab.explain(refused.trace)["cause"] == "IAM_SCP_OR_BOUNDARY"
    organize(lab, file_of(EVERYTHING, deny("execute-api:*"), managementAccount=True))
    assert lab.request(api, key=key).status == 200
    organize(lab, file_of({**EVERYTHING, "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}))
    assert lab.request(api, key=key).status == 403


def test_a_server_with_an_organization(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "organization.json"
    path.write_text(json.dumps(file_of(EVERYTHING, deny("lambda:ListFunctions"))))
    with running("--enforce-iam", "--organization", str(path)) as server:
        iam = server.client("iam")
        iam.create_user(UserName="ann")
        iam.put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
        key = iam.create_access_key(UserName="ann")["AccessKey"]
        ann = server.client("lambda", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
        for client in (ann, server.client("lambda")):
            with pytest.raises(ClientError) as refused:
                client.list_functions()
            assert "with an explicit deny in a service control policy" in refused.value.response["Error"]["Message"]
        session = server.client("sts").get_session_token()["Credentials"]
        token = session["SessionToken"]
        with pytest.raises(ClientError) as refused:
            server.client(
                "lambda", key=session["AccessKeyId"], secret=session["SecretAccessKey"], aws_session_token=token
            ).list_functions()
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
        asked = {"action": "lambda:ListFunctions", "resource": "*"}
        found = requests.get(f"{server.url}/_sekisho/policy/who-can", params=asked, timeout=30).json()
        verdicts = {row["principal"]: row["verdict"] for row in found["principals"]}
        assert verdicts[f"arn:aws:iam::{ACCOUNT}:user/ann"] == "cannot"
        why = requests.get(
            f"{server.url}/_sekisho/policy/why",
            params={**asked, "principal": f"arn:aws:iam::{ACCOUNT}:user/ann"},
            timeout=30,
        ).json()
        assert why["decision"] == "ExplicitlyDenied" and why["decidedBy"]["layer"] == "service control policy"
        words = ["policy", "who-can", "lambda:ListFunctions", "*", "--endpoint", server.url, "--json"]
        assert main(words) == 0
        rows = {row["principal"]: row["verdict"] for row in json.loads(capsys.readouterr().out)["principals"]}
        assert rows[f"root of {ACCOUNT}"] == "cannot"
        other = {"allowed": "", "action": "lambda:GetFunction", "resource": "*"}
        proof = requests.get(f"{server.url}/_sekisho/policy/prove", params=other, timeout=30).json()
        assert proof["holds"] is False
        assert requests.get(f"{server.url}/_sekisho/policy/who-can", timeout=30).status_code == 400
        requests.post(f"{server.url}/_sekisho/reset", timeout=30)
        with pytest.raises(ClientError):
            server.client("lambda").list_functions()
