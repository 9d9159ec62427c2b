"""What the stories share: a server of their own, boto3 clients, and how things are shown."""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import requests

ACCOUNT = "123456789012"


def trust(principal: Mapping[str, str]) -> str:
    """A trust policy that lets ``principal`` assume the role."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def archive(source: str) -> bytes:
    """A deployment package with one module, ``index``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("index.py", source)
    return buffer.getvalue()


class Stage:
    """The server's address and the clients of the account's administrator."""

    def __init__(self, url: str, region: str) -> None:
        self.url = url
        self.region = region
        self.session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
        self.clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self.clients:
            # The service name is a value here, which the typed overloads of boto3 do not cover.
            make: Any = self.session.client
            self.clients[service] = make(service, endpoint_url=self.url)
        return self.clients[service]

    def function(self, name: str, source: str) -> str:
        """A Python function; returns its ARN."""
        iam, lambda_ = self.client("iam"), self.client("lambda")
        if not any(role["RoleName"] == "function" for role in iam.list_roles()["Roles"]):
            iam.create_role(RoleName="function", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
            iam.attach_role_policy(
                RoleName="function", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
            )
        arn: str = lambda_.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="index.handler",
            Role=f"arn:aws:iam::{ACCOUNT}:role/function",
            Code={"ZipFile": archive(source)},
        )["FunctionArn"]
        lambda_.get_waiter("function_active_v2").wait(FunctionName=name)
        return arn

    def log_record(self, request_id: str, group: str = "access") -> str:
        """The access-log line of a request, read through CloudWatch Logs."""
        for _ in range(50):
            found = self.client("logs").filter_log_events(logGroupName=group, filterPattern=f'"{request_id}"')
            if found["events"]:
                return str(found["events"][0]["message"])
            time.sleep(0.1)
        raise SystemExit("the access-log record did not arrive")

    def explanation(self, request_id: str, lang: str) -> dict[str, Any]:
        """Why the request failed, from the server."""
        answer = requests.get(f"{self.url}/_sekisho/requests/{request_id}/explanation?lang={lang}", timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def apply(self, remedy: Mapping[str, Any]) -> None:
        """Make the remedy's calls with boto3."""
        for step in remedy["patch"]:
            method = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", step["operation"]).lower()
            getattr(self.client(step["service"]), method)(**step["parameters"])


def show(title: str, text: str) -> None:
    """A heading and what belongs under it."""
    print(f"\n── {title} " + "─" * max(3, 88 - len(title)))
    print(text)


def show_why(why: Mapping[str, Any]) -> None:
    """An explanation with its remedies."""
    evidence = "\n".join(f"  · {item['text']}" for item in why["evidence"])
    show(f"why ({why['fault']}, {why['cause']}, blame: {why['blame']})", f"{why['headline']}\n{evidence}")
    for number, remedy in enumerate(why["remedies"], 1):
        lines = [remedy["summary"], *(f"  $ {line}" for line in remedy["commands"])]
        if remedy["answer"]:
            lines.append(f"  → {remedy['answer']}")
        lines.append(f"  tried: {'yes' if remedy['proven'] else 'no'}, up to {remedy['proven_up_to']}")
        if remedy.get("template"):
            lines.append("  in the template:\n" + "\n".join(f"    {line}" for line in remedy["template"].splitlines()))
        show(f"remedy {number}", "\n".join(lines))


def play(tell: Callable[[str, str], None], description: str | None) -> int:
    """Start a server on a free port with throw-away state, tell the story, stop the server."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lang", choices=("en", "ja"), default="en", help="language of the explanation")
    options = parser.parse_args()
    server = subprocess.Popen(
        [sys.executable, "-m", "sekisho", "serve", "--port", "0", "--ephemeral"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            raise SystemExit(f"the server did not start: {line!r}")
        print(line.strip())
        tell(found.group(), options.lang)
    finally:
        server.terminate()
        server.wait(timeout=20)
    return 0
