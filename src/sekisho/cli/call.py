"""``sekisho call``: sign a request and send it, then show the answer, its log record and, on failure, why."""

from __future__ import annotations

import argparse
import http.client
import json
import re
import sys
import urllib.parse
from pathlib import Path
from typing import Any, NamedTuple

from sekisho.cli.client import ServerProblem, endpoint, explanation_path, get_json, request_path
from sekisho.explain.render import LANGUAGES, as_text

EXAMPLES = """\
examples:
  sekisho call GET https://abcde12345.execute-api.us-east-1.amazonaws.com/prod/pets \\
      --role arn:aws:iam::123456789012:role/caller
  sekisho call POST http://127.0.0.1:4566/restapis/abcde12345/prod/_user_request_/pets --data '{"name": "Rex"}'
  sekisho call GET https://abcde12345.execute-api.us-east-1.amazonaws.com/prod/ --access-key AKIA... --secret-key ...

Addresses of execute-api hosts are sent to the server named by --endpoint, with the Host header of the address.
Without --role, --profile or --access-key the request is sent unsigned.
exit status: 0 the answer is below 400; 1 it is not, or none came; 2 usage.
"""


_METHOD = re.compile(r"[A-Za-z]{1,20}")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


class Signer(NamedTuple):
    """Credentials to sign with."""

    access_key: str
    secret_key: str
    token: str | None


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "call",
        help="call an API, signed, and see the answer, the log record and the reason of a failure",
        description="Sign a request, send it, and show the answer, the access-log record and, on failure, why.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("method", metavar="METHOD")
    parser.add_argument("url", metavar="URL")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--role", metavar="ROLE_ARN", help="assume this role and sign with its session")
    who.add_argument("--profile", metavar="NAME", help="sign with a profile of the AWS configuration")
    who.add_argument("--access-key", metavar="ID", help="sign with this access key (needs --secret-key)")
    parser.add_argument("--secret-key", metavar="SECRET")
    parser.add_argument("--session-token", metavar="TOKEN")
    parser.add_argument("--header", action="append", default=[], metavar="'NAME: VALUE'", help="add a header field")
    parser.add_argument("--token", metavar="TOKEN", help="send 'Authorization: Bearer TOKEN'")
    parser.add_argument("--data", metavar="TEXT", help="the body; @FILE reads a file")
    parser.add_argument("--region", help="region of the signature (default: from the address, else us-east-1)")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="language of the explanation (default: en)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--endpoint", metavar="URL", help="address of the server (default: http://127.0.0.1:4566)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Send the request and report."""
    if options.access_key and not options.secret_key:
        print("sekisho call: --access-key needs --secret-key", file=sys.stderr)
        return 2
    try:
        return _call(options)
    except ServerProblem as problem:
        print(f"sekisho call: {problem}", file=sys.stderr)
        return 1


def _call(options: argparse.Namespace) -> int:
    url = _address(options.url)
    if url is None:
        print(f"sekisho call: {options.url!r} is no http(s) address", file=sys.stderr)
        return 2
    if not _METHOD.fullmatch(options.method):
        print(f"sekisho call: {options.method!r} is no HTTP method", file=sys.stderr)
        return 2
    base = endpoint(options.endpoint)
    if ".execute-api." not in f"{url.hostname}." and not options.endpoint:
        base = f"{url.scheme}://{url.netloc}"
    region = options.region or _region_of(url.hostname or "")
    headers: list[tuple[str, str]] = []
    for field in options.header:
        name, colon, value = field.partition(":")
        if not colon or not _NAME.fullmatch(name.strip()) or not _VALUE.fullmatch(value.strip()):
            print(f"sekisho call: --header wants 'NAME: VALUE', not {field!r}", file=sys.stderr)
            return 2
        headers.append((name.strip(), value.strip()))
    if options.token:
        headers.append(("Authorization", f"Bearer {options.token}"))
    body = _body(options.data)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    signer = _signer(options, base, region)
    host = url.netloc.rsplit("@", 1)[-1]
    signed = _sign(options.method.upper(), url, host, headers, body, signer, region) if signer else headers
    status, reason, answer_headers, answer = _send(base, options.method.upper(), target, host, signed, body)
    report = _report(options, base, status, answer_headers, answer)
    if options.json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        _print(report, reason, options.lang)
    return 0 if status < 400 else 1


def _address(text: str) -> urllib.parse.SplitResult | None:
    """The address, with what may not stand in a request line percent-encoded; None when it is none of the web."""
    try:
        url = urllib.parse.urlsplit(text)
        if url.scheme not in ("http", "https") or not url.hostname or (url.port or 1) < 1:
            return None
    except ValueError:
        return None
    path = urllib.parse.quote(url.path, safe="%/:@!$&'()*+,;=~-._")
    query = urllib.parse.quote(url.query, safe="%/:@!$&'()*+,;=~-._?[]")
    return url._replace(path=path, query=query, fragment="")


def _region_of(host: str) -> str:
    parts = host.split(".")
    if len(parts) > 2 and parts[1] == "execute-api" and "-" in parts[2]:
        return parts[2]
    return "us-east-1"


def _body(data: str | None) -> bytes:
    if data is None:
        return b""
    if data.startswith("@"):
        try:
            return Path(data[1:]).read_bytes()
        except OSError as problem:
            raise ServerProblem(f"cannot read {data[1:]}: {problem.strerror}") from None
    return data.encode()


def _signer(options: argparse.Namespace, base: str, region: str) -> Signer | None:
    if options.access_key:
        return Signer(options.access_key, options.secret_key, options.session_token)
    if options.profile:
        # botocore is slow to import; only signing needs it.
        import botocore.exceptions
        import botocore.session

        session = botocore.session.Session(profile=options.profile)
        try:
            found = session.get_credentials()
        except botocore.exceptions.BotoCoreError as problem:
            raise ServerProblem(str(problem)) from None
        if found is None:
            raise ServerProblem(f"profile {options.profile!r} has no credentials")
        frozen = found.get_frozen_credentials()
        return Signer(str(frozen.access_key), str(frozen.secret_key), frozen.token)
    if options.role:
        return _assume(options.role, base, region)
    return None


def _assume(role: str, base: str, region: str) -> Signer:
    import os

    import botocore.exceptions
    import botocore.session

    session = botocore.session.Session()
    # The service's operations are made at run time, which types cannot know.
    client: Any = session.create_client(
        "sts",
        endpoint_url=base,
        region_name=region,
        aws_access_key_id=os.environ.get("AWS_ACCESS_KEY_ID", "test"),
        aws_secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
        aws_session_token=os.environ.get("AWS_SESSION_TOKEN"),
    )
    try:
        found = client.assume_role(RoleArn=role, RoleSessionName="sekisho-call")["Credentials"]
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as problem:
        raise ServerProblem(f"cannot assume {role}: {problem}") from None
    return Signer(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def _sign(
    method: str,
    url: urllib.parse.SplitResult,
    host: str,
    headers: list[tuple[str, str]],
    body: bytes,
    signer: Signer,
    region: str,
) -> list[tuple[str, str]]:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    address = urllib.parse.urlunsplit((url.scheme, host, url.path or "/", url.query, ""))
    request = AWSRequest(method, address, headers={"Host": host}, data=body)
    for name, value in headers:
        request.headers.add_header(name, value)
    SigV4Auth(Credentials(*signer), "execute-api", region).add_auth(request)
    return [(name, value) for name, value in request.headers.items() if name.lower() != "host"]


def _send(
    base: str, method: str, target: str, host: str, headers: list[tuple[str, str]], body: bytes
) -> tuple[int, str, list[tuple[str, str]], bytes]:
    at = urllib.parse.urlsplit(base)
    make = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
    connection = make(at.netloc, timeout=120)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host)
        for name, value in headers:
            connection.putheader(name, value.encode())
        if body or method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.reason, answer.getheaders(), answer.read()
    except (OSError, ValueError, http.client.HTTPException) as problem:
        raise ServerProblem(
            f"no answer from {base} ({problem}); start a server with 'sekisho serve', or name it with --endpoint"
        ) from None
    finally:
        connection.close()


def _report(
    options: argparse.Namespace, base: str, status: int, headers: list[tuple[str, str]], body: bytes
) -> dict[str, Any]:
    names = {name.lower(): value for name, value in headers}
    report: dict[str, Any] = {
        "status": status,
        "headers": headers,
        "body": body.decode("utf-8", "replace"),
        "accessLog": None,
        "explanation": None,
    }
    request_id = names.get("x-amzn-requestid") or names.get("apigw-requestid")
    if request_id:
        try:
            report["accessLog"] = get_json(base, request_path(request_id)).get("accessLog")
            report["explanation"] = get_json(base, explanation_path(request_id, options.lang))
        except ServerProblem:
            # It was served and nothing is wrong with it, or it came from somewhere that is no Sekisho.
            pass
    return report


def _print(report: dict[str, Any], reason: str, lang: str) -> None:
    print(f"{report['status']} {reason}")
    for name, value in report["headers"]:
        print(f"{name}: {value}")
    print()
    print(report["body"])
    if report["accessLog"]:
        print(f"\naccess log: {report['accessLog']}")
    if report["explanation"]:
        print()
        print(as_text(report["explanation"], lang))
