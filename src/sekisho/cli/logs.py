"""``sekisho logs``: read a log group of a running server, or the access log of an API, and follow it."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sekisho.cli.client import ServerProblem, endpoint

EXAMPLES = """\
examples:
  sekisho logs /aws/lambda/pets                    what the function pets printed
  sekisho logs pets --since 5m                     the same, of the last five minutes
  sekisho logs pets --follow --filter ERROR        new events as they come, those that hold ERROR
  sekisho logs --api abcde12345/prod --json        the access log of a stage, one JSON object per event

Without --since everything that is kept is shown; with --follow alone, what comes from now on.
exit status: 0 done; 1 no such log group, or no server; 2 usage.
"""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PAUSE = 1.0
_LATE = 5_000
"""Milliseconds that are read again when following: events of one moment may arrive one after another."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "logs",
        help="show a log group or the access log of an API",
        description="Show the events of a CloudWatch Logs group of the running server, oldest first.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("group", nargs="?", metavar="GROUP", help="log group, or the name of a function")
    which.add_argument("--api", metavar="ID/STAGE", help="the access log of this stage")
    parser.add_argument("--follow", "-f", action="store_true", help="go on with new events until interrupted")
    parser.add_argument("--since", type=_seconds, metavar="5m", help="only events of the last 30s, 5m, 2h, 1d …")
    parser.add_argument("--filter", default="", metavar="PATTERN", help="a filter pattern of CloudWatch Logs")
    parser.add_argument("--json", action="store_true", help="print one JSON object per event")
    parser.add_argument("--region", default=os.environ.get("AWS_REGION") or "us-east-1", help="(default: us-east-1)")
    parser.add_argument("--endpoint", metavar="URL", help="address of the server (default: http://127.0.0.1:4566)")
    parser.set_defaults(run=run)


def _seconds(text: str) -> int:
    found = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no span of time such as 30s, 5m, 2h or 1d")
    return int(found[1]) * _UNITS[found[2]]


def run(options: argparse.Namespace) -> int:
    """Print the events."""
    # botocore is slow to import; most commands do without it.
    import botocore.exceptions

    try:
        return _show(options)
    except ServerProblem as problem:
        print(f"sekisho logs: {problem}", file=sys.stderr)
    except botocore.exceptions.ClientError as problem:
        print(f"sekisho logs: {problem.response['Error'].get('Message') or problem}", file=sys.stderr)
    except botocore.exceptions.BotoCoreError as problem:
        print(
            f"sekisho logs: no Sekisho server answers at {endpoint(options.endpoint)} ({problem}); start one with "
            "'sekisho serve', or name it by --endpoint",
            file=sys.stderr,
        )
    return 1


def _show(options: argparse.Namespace) -> int:
    logs = _client("logs", options)
    group = _access_log(options) if options.api else _group(logs, options.group)
    now = int(time.time() * 1000)
    start = now - options.since * 1000 if options.since is not None else (now if options.follow else 0)
    seen: set[str] = set()
    while True:
        for event in _events(logs, group, start, options.filter):
            if event["eventId"] in seen:
                continue
            seen.add(event["eventId"])
            start = max(start, event["timestamp"] - _LATE)
            print(_line(event, options.json), flush=options.follow)
        if not options.follow:
            return 0
        time.sleep(_PAUSE)


def _client(service: str, options: argparse.Namespace) -> Any:
    import botocore.config
    import botocore.session

    environment = os.environ
    return botocore.session.Session().create_client(
        service,
        endpoint_url=endpoint(options.endpoint),
        region_name=options.region,
        aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID", "test"),
        aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY", "test"),
        aws_session_token=environment.get("AWS_SESSION_TOKEN"),
        config=botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5),
    )


def _group(logs: Any, name: str) -> str:
    """The group of that name, or of the function of that name."""
    tried = [name] if "/" in name else [name, f"/aws/lambda/{name}"]
    for each in tried:
        found = logs.describe_log_groups(logGroupNamePrefix=each).get("logGroups", [])
        if any(group["logGroupName"] == each for group in found):
            return each
    known = ", ".join(group["logGroupName"] for group in logs.describe_log_groups().get("logGroups", []))
    where = logs.meta.region_name
    hint = "; a function logs only when its role may, as with AWSLambdaBasicExecutionRole" if len(tried) > 1 else ""
    raise ServerProblem(f"there is no log group {' or '.join(tried)} in {where} (there are: {known or 'none'}){hint}")


def _access_log(options: argparse.Namespace) -> str:
    """The group that a stage's access log goes to."""
    import botocore.exceptions

    api, slash, stage = options.api.partition("/")
    if not slash or not stage:
        raise ServerProblem(f"--api wants ID/STAGE, such as abcde12345/prod, not {options.api!r}")
    try:
        found = _client("apigateway", options).get_stage(restApiId=api, stageName=stage).get("accessLogSettings", {})
        arn = found.get("destinationArn", "")
    except botocore.exceptions.ClientError:
        found = _client("apigatewayv2", options).get_stage(ApiId=api, StageName=stage).get("AccessLogSettings", {})
        arn = found.get("DestinationArn", "")
    if ":log-group:" not in arn:
        raise ServerProblem(f"stage {options.api} has no access log (accessLogSettings.destinationArn is not set)")
    return str(arn.split(":log-group:", 1)[1].removesuffix(":*"))


def _events(logs: Any, group: str, start: int, pattern: str) -> Iterator[Any]:
    asked: dict[str, Any] = {"logGroupName": group, "startTime": start}
    if pattern:
        asked["filterPattern"] = pattern
    while True:
        page = logs.filter_log_events(**asked)
        yield from page.get("events", [])
        token = page.get("nextToken")
        if not token:
            return
        asked["nextToken"] = token


def _line(event: Any, as_json: bool) -> str:
    if as_json:
        shown = {name: event[name] for name in ("timestamp", "logStreamName", "message", "eventId") if name in event}
        return json.dumps(shown, ensure_ascii=False)
    moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{event['timestamp'] % 1000:03d}Z {event['message'].rstrip()}"
