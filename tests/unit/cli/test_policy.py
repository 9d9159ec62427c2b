"""``sekisho policy`` from the outside: exit statuses, JSON, messages that teach."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sekisho.cli.app import main

ACCOUNT = "123456789012"
BASE = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
VECTORS = Path(__file__).parents[2] / "vectors" / "iam"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource, **more}


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def writing(name: str, content: Any) -> str:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    return writing


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["policy", *words])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


def case(decision: str = "Allowed", **more: Any) -> dict[str, Any]:
    given = {"identityPolicies": [document(allow("*"))], "principal": ANN, "resourceAccount": ACCOUNT}
    when = {"action": "execute-api:Invoke", "resource": f"{BASE}/prod/GET/x", "context": {}}
    return {"id": "c1", "given": given, "when": when, "then": {"decision": decision}, **more}


def test_every_vector_passes(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in sorted(VECTORS.glob("*.json"))]
    status, out, _ = ask(capsys, "test", "--json", *files)
    found = json.loads(out)
    assert set(found) == {"passed", "failed", "cases"} and found["failed"] == 0 and status == 0
    assert all(set(row) == {"id", "passed", "expected", "got", "reason"} for row in found["cases"])


def test_a_failing_case(capsys: pytest.CaptureFixture[str], write: Any) -> None:
    status, out, _ = ask(capsys, "test", write("c.json", [case("ExplicitlyDenied"), case()]))
    assert status == 1 and "FAIL  c1" in out and "1 passed, 1 failed" in out
    validation = {"id": "v", "api": "iam:CreatePolicy", "document": document(allow("*")), "then": {"ok": True}}
    assert ask(capsys, "test", write("v.json", validation))[0] == 0
    validation["then"] = {"ok": False}
    assert ask(capsys, "test", write("v.json", validation))[0] == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ([case(extra=1)], "unknown member extra"),
        ([{**case(), "given": {**case()["given"], "scp": []}}], "unknown member given.scp"),
        ([{"id": "v", "api": "iam:CreatePolicy", "document": {}, "then": {"ok": True, "x": 1}}], "then.x"),
        ([{"id": "v", "api": "iam:Nothing", "document": {}, "then": {"ok": True}}], "api is one of"),
        ([case("Perhaps")], "then.decision is one of"),
        ("[" * 100_000, ""),
    ],
)
def test_unreadable_cases(capsys: pytest.CaptureFixture[str], write: Any, content: Any, said: str) -> None:
    status, out, err = ask(capsys, "test", "--json", write("c.json", content))
    assert status == 2 and out == "" and said in err
    assert ask(capsys, "test", "/nowhere.json")[0] == 2


def test_why_from_files_and_cases(capsys: pytest.CaptureFixture[str], write: Any) -> None:
    condition = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    words = ["why", "--identity", write("p.json", document(allow("*", Condition=condition))), "--principal", ANN]
    words += ["--action", "execute-api:Invoke", "--resource", f"{BASE}/prod/GET/x"]
    status, out, _ = ask(capsys, *words, "--json")
    found = json.loads(out)
    assert status == 1 and found["decision"] == "ImplicitlyDenied"
    assert any(item["kind"] == "miss.key-absent" for item in found["evidence"])
    status, out, _ = ask(capsys, *words, "--context", "aws:SourceIp=203.0.113.7")
    assert status == 0 and out.startswith("Allowed (identity-based policy")
    scp = write("s.json", document({"Effect": "Deny", "Action": "*", "Resource": "*"}))
    status, out, _ = ask(capsys, *words, "--context", "aws:SourceIp=203.0.113.7", "--scp", scp)
    assert status == 1 and out.startswith("ExplicitlyDenied (service control policy")
    cases = write("c.json", [case()])
    assert ask(capsys, "why", "--case", cases, "--id", "c1", "--lang", "ja")[0] == 0
    assert ask(capsys, "why", "--case", cases, "--id", "other")[0] == 2
    assert ask(capsys, "why", "--action", "a:b")[0] == 2


def test_who_can_and_prove_on_files(capsys: pytest.CaptureFixture[str], write: Any) -> None:
    files = ["--identity", write("p.json", document(allow(f"{BASE}/*/GET/pets/*"))), "--principal", ANN]
    status, out, _ = ask(capsys, "who-can", "execute-api:Invoke", f"{BASE}/prod/GET/pets/1", *files, "--json")
    rows = {row["principal"]: row["verdict"] for row in json.loads(out)["principals"]}
    assert status == 0 and rows[ANN] == "can" and rows["anonymous"] == "cannot"
    status, out, _ = ask(capsys, "prove", "nobody-but", "", "execute-api:Invoke", f"{BASE}/prod/POST/*", *files)
    assert status == 1 and "refuted" in out and "/prod/POST/" in out
    status, out, _ = ask(capsys, "prove", "nobody-but", ANN, "execute-api:Invoke", f"{BASE}/prod/POST/*", *files)
    assert status == 0 and out.startswith("proved")


TEMPLATE = {
    "Parameters": {"Stage": {"Type": "String", "Default": "prod"}},
    "Resources": {
        "Api": {
            "Type": "AWS::ApiGateway::RestApi",
            "Properties": {
                "Policy": document(allow("execute-api:/prod/*", Principal={"AWS": "arn:aws:iam::444455556666:root"}))
            },
        },
        "Ops": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "Policies": [
                    {
                        "PolicyName": "p",
                        "PolicyDocument": document(
                            allow(
                                {  # type: ignore[arg-type]
                                    "Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/${Stage}/*"
                                }
                            )
                        ),
                    }
                ]
            },
        },
        "Function": {"Type": "AWS::Serverless::Function", "Properties": {}},
        "Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Fn::GetAtt": ["Function", "Arn"]},
                "Action": "lambda:InvokeFunction",
                "Principal": "apigateway.amazonaws.com",
            },
        },
    },
}


def test_templates(capsys: pytest.CaptureFixture[str], write: Any) -> None:
    resource = BASE.replace(":api", ":Api")
    path = write("t.json", TEMPLATE)
    status, out, _ = ask(capsys, "who-can", "execute-api:Invoke", f"{resource}/prod/*", "--template", path, "--json")
    found = json.loads(out)
    rows = {row["principal"]: row["verdict"] for row in found["principals"]}
    assert status == 0 and found["notUnderstood"] == []
    assert rows[f"arn:aws:iam::{ACCOUNT}:role/Ops"] == "can"
    assert rows["anybody in account 444455556666"] == "can"
    assert rows[f"arn:aws:iam::{ACCOUNT}:role/FunctionRole"] == "cannot"
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:Function"
    _, out, _ = ask(capsys, "who-can", "lambda:InvokeFunction", function, "--template", path, "--json")
    assert {r["principal"]: r["verdict"] for r in json.loads(out)["principals"]}[
        "service apigateway.amazonaws.com"
    ] == ("can")


def test_what_a_template_leaves_open_is_told_and_proves_nothing(capsys: pytest.CaptureFixture[str], write: Any) -> None:
    more = {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": [{"Fn::ImportValue": "x"}]}}
    path = write("t.json", {"Resources": {"Other": more}})
    status, out, _ = ask(capsys, "prove", "nobody-but", "root of *", "s3:GetObject", "*", "--template", path)
    assert status == 1 and "not settled" in out and "Other ManagedPolicyArns: Fn::ImportValue" in out
    assert ask(capsys, "who-can", "s3:GetObject", "*", "--template", write("x.json", "{}"))[0] == 2


def test_lint(capsys: pytest.CaptureFixture[str], write: Any) -> None:
    good = write("g.json", document(allow(f"{BASE}/prod/GET/*")))
    assert ask(capsys, "lint", good)[:2] == (0, "0 errors, 0 warnings\n")
    warned = write("w.json", document(allow(f"{BASE}/*/GET/*")))
    status, out, _ = ask(capsys, "lint", "--json", warned)
    (found,) = json.loads(out)["findings"]
    assert status == 0 and (found["id"], found["pointer"]) == ("wildcard-crosses-slash", "/Statement/0/Resource")
    status, out, _ = ask(capsys, "lint", write("b.json", document({"Effect": "Allow"})))
    assert status == 1 and "error: MalformedPolicyDocument" in out


def test_no_server(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["who-can", "s3:GetObject", "*", "--endpoint", "http://127.0.0.1:9"]
    status, _, err = ask(capsys, *words)
    assert status == 1 and "sekisho serve" in err
