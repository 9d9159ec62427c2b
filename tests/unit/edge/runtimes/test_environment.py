from __future__ import annotations

from pathlib import Path

from sekisho.edge.runtimes.environment import Credentials, Folders, build
from sekisho.functions.invocation import FunctionSpec


def built(**own: str) -> dict[str, str]:
    spec = FunctionSpec(
        "1", "eu-west-1", "f", "$LATEST", "python3.12", "a.b", "0" * 64, 3.0, 128, own, "role", "/aws/lambda/f", "1"
    )
    return build(
        spec,
        Credentials("key", "secret", "token"),
        log_stream="s",
        endpoint_url="http://127.0.0.1:1",
        upstreams={"dynamodb": "http://d", "S3 Control": "http://s"},
        task_root=Path("/task"),
        runtime_dir=Path("/runtime"),
        scratch=Path("/scratch"),
        interpreter_dir=Path("/python/bin"),
    )


def test_what_lambda_sets_wins_over_the_functions_own_variables() -> None:
    variables = built(AWS_REGION="forged", _HANDLER="forged", AWS_LAMBDA_MAX_CONCURRENCY="4", PATH="/own", MINE="yes")
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert variables["_HANDLER"] == "a.b"
    assert "AWS_LAMBDA_MAX_CONCURRENCY" not in variables
    assert variables["PATH"] == "/own"
    assert variables["MINE"] == "yes"


def test_where_other_services_are() -> None:
    variables = built()
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert variables["AWS_ENDPOINT_URL_DYNAMODB"] == "http://d"
    assert variables["AWS_ENDPOINT_URL_S3_CONTROL"] == "http://s"


def test_names_and_values_that_no_process_can_have() -> None:
    variables = built(**{"A=B": "x", "C": "nul\0", "D": "ok"})
    assert "A=B" not in variables
    assert "C" not in variables
    assert variables["D"] == "ok"


def test_scratch_folders_are_private_and_go(tmp_path: Path) -> None:
    folders, owner = Folders(tmp_path), object()
    scratch = folders.scratch(owner)
    (scratch / "left.txt").write_text("x")
    assert scratch.stat().st_mode & 0o777 == 0o700
    assert folders.scratch(owner) == scratch
    assert list(scratch.iterdir()) == []
    folders.discard_scratch(owner)
    assert not scratch.exists()
