"""``sekisho serve``: start a server and keep it running until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import ctypes
import ipaddress
import os
import sys
import urllib.parse
from pathlib import Path

from sekisho.edge.settings import DEFAULT_ACCOUNT, DEFAULT_REGION, DEFAULT_ROOT_KEY, Settings

EXAMPLES = """\
examples:
  sekisho serve
  sekisho serve --ephemeral --port 0
  sekisho serve --enforce-iam --account-id 111122223333 --region ap-northeast-1
  sekisho serve --upstream dynamodb=http://127.0.0.1:8000
  SEKISHO_ROOT_ACCESS_KEY_ID=AKIA... SEKISHO_ROOT_SECRET_ACCESS_KEY=... sekisho serve --host 0.0.0.0 --enforce-iam

exit status: 0 stopped, 1 failed, 2 used wrongly (or the data folder is in use).
"""
ACCESS_KEY_VARIABLE = "SEKISHO_ROOT_ACCESS_KEY_ID"
SECRET_KEY_VARIABLE = "SEKISHO_ROOT_SECRET_ACCESS_KEY"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "serve",
        help="start a server",
        description="Serve API Gateway, Lambda, IAM, STS and CloudWatch Logs on one address.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=4566, help="port; 0 takes a free one (default: 4566)")
    parser.add_argument(
        "--data-dir", type=Path, default=Path(".sekisho"), help="where state is kept (default: .sekisho)"
    )
    parser.add_argument("--ephemeral", action="store_true", help="keep state in a temporary folder, removed at the end")
    parser.add_argument("--enforce-iam", action="store_true", help="judge control-plane calls by IAM as well")
    parser.add_argument("--account-id", type=_account, default=DEFAULT_ACCOUNT, help=f"(default: {DEFAULT_ACCOUNT})")
    parser.add_argument("--region", default=DEFAULT_REGION, help=f"(default: {DEFAULT_REGION})")
    parser.add_argument(
        "--root-access-key", metavar="ID", help=f"access key of the account's root (or {ACCESS_KEY_VARIABLE}; test)"
    )
    parser.add_argument(
        "--root-secret-key",
        metavar="SECRET",
        help=f"its secret; others can read command lines, so prefer {SECRET_KEY_VARIABLE} (default: test)",
    )
    parser.add_argument(
        "--insecure", action="store_true", help="allow other addresses than loopback without credentials of your own"
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let web pages of this origin use the control plane (repeatable; * for all)",
    )
    parser.add_argument(
        "--upstream",
        action="append",
        type=_upstream,
        default=[],
        metavar="SERVICE=URL",
        help="where functions reach a service that does not live here (repeatable)",
    )
    parser.add_argument(
        "--organization", type=Path, metavar="FILE", help="SCPs and RCPs of accounts, as JSON (docs/policies.md)"
    )
    parser.add_argument("--max-sandboxes", type=_count, default=0, help="function processes (default: twice the CPUs)")
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _account(text: str) -> str:
    if not (len(text) == 12 and text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError("an account id has twelve digits")
    return text


def _upstream(text: str) -> tuple[str, str]:
    service, _, url = text.partition("=")
    if not service or urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise argparse.ArgumentTypeError("expected SERVICE=URL, such as dynamodb=http://127.0.0.1:8000")
    return service, url


def take_from_environment(name: str) -> str:
    """The value of a variable, which is then gone: from the environment and from what ``/proc`` shows of it.

    Functions must not find the root's secret in the environment of the server they run under.
    """
    value = os.environ.get(name, "")
    if value:
        try:
            libc = ctypes.CDLL(None)
            libc.getenv.restype = ctypes.c_void_p
            place = libc.getenv(name.encode())
            if place:
                ctypes.memset(place, 0, len(os.fsencode(value)))
        except (OSError, AttributeError):
            pass  # No such C library; the variable is removed all the same.
        del os.environ[name]
    return value


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings, with the root's credentials from options or environment (from which they are removed)."""
    key = take_from_environment(ACCESS_KEY_VARIABLE)
    secret = take_from_environment(SECRET_KEY_VARIABLE)
    return Settings(
        host=options.host,
        port=options.port,
        data_dir=options.data_dir,
        ephemeral=options.ephemeral,
        enforce_iam=options.enforce_iam,
        account=options.account_id,
        region=options.region,
        root_access_key=options.root_access_key or key or DEFAULT_ROOT_KEY,
        root_secret_key=options.root_secret_key or secret or DEFAULT_ROOT_KEY,
        insecure=options.insecure,
        allow_origins=tuple(options.allow_origin),
        upstreams=dict(options.upstream),
        organization=options.organization,
        max_sandboxes=options.max_sandboxes,
    )


def objection(settings: Settings) -> str:
    """Why a server with these settings would be open to strangers, or empty."""
    if settings.insecure or _loopback(settings.host):
        return ""
    missing = []
    if settings.root_secret_key == DEFAULT_ROOT_KEY:
        missing.append(f"root credentials of your own ({ACCESS_KEY_VARIABLE} and {SECRET_KEY_VARIABLE})")
    if not settings.enforce_iam:
        missing.append("--enforce-iam")
    if not missing:
        return ""
    return (
        f"--host {settings.host} lets other machines create and run functions here. It needs {' and '.join(missing)}; "
        "or say --insecure if everybody who can reach this address may do everything."
    )


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def run(options: argparse.Namespace) -> int:
    """Serve until told to stop."""
    settings = settings_of(options)
    refused = objection(settings)
    if refused:
        print(f"sekisho serve: {refused}", file=sys.stderr)
        return 2
    if options.root_secret_key:
        print(
            f"sekisho serve: other processes can read --root-secret-key; prefer {SECRET_KEY_VARIABLE}.",
            file=sys.stderr,
        )
    if settings.organization is not None:
        from sekisho.edge import organization

        try:
            organization.read(settings.organization)
        except (OSError, ValueError) as problem:
            print(f"sekisho serve: --organization {problem}", file=sys.stderr)
            return 2
    from sekisho.edge.compiled import outdated
    from sekisho.edge.running import serve

    newer = outdated()
    if newer:
        print(
            f"sekisho serve: changes to {newer[0].name} are not in force until they are compiled; run make install.",
            file=sys.stderr,
        )
    return serve(settings)
