"""A data folder with a document that cannot be read: the server starts, says so, and serves the rest."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import requests
from bench.mock import mock_api
from tests.scenes.server import running


def test_one_bad_stage_answers_500_and_others_serve(tmp_path: Path) -> None:
    with running(data_dir=tmp_path) as server:
        api = mock_api(server.url)
        gateway = server.client("apigateway")
        deployment = gateway.get_deployments(restApiId=api)["items"][0]["id"]
        gateway.create_stage(restApiId=api, stageName="bad", deploymentId=deployment)
    with sqlite3.connect(tmp_path / "world.sqlite") as database:
        changed = database.execute("UPDATE records SET document = '{}' WHERE kind = 'stage' AND id LIKE '%/bad'")
        assert changed.rowcount == 1
    database.close()
    process = subprocess.Popen(
        [sys.executable, "-m", "sekisho", "serve", "--port", "0", "--data-dir", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        base = f"{found.group()}/restapis/{api}"
        assert requests.get(f"{base}/prod/_user_request_/mock", timeout=10).json() == {"ok": True}
        broken = requests.get(f"{base}/bad/_user_request_/mock", timeout=10)
        assert (broken.status_code, broken.json()) == (500, {"message": "Internal server error"})
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert f"sekisho: stage bad of API {api} answers 500: " in said and "Traceback" not in said
