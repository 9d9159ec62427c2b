"""``sekisho token``: have the running server make a token for a JWT or Cognito authorizer."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from sekisho.cli.client import ServerProblem, endpoint, get_json, post_json

EXAMPLES = """\
examples:
  sekisho token --user-pool us-east-1_aBcD1234 --client-id app1
  sekisho token --user-pool us-east-1_aBcD1234 --use access --scope "orders/read orders/write"
  sekisho token --issuer https://example.auth0.com/ --audience api --scope read:orders
  sekisho token --audience api --claim role=admin --claim 'cognito:groups=["a","b"]'
  sekisho token --user-pool us-east-1_aBcD1234 --expires-in -60        one that has expired
  curl -H "Authorization: $(sekisho token --user-pool us-east-1_aBcD1234)" http://127.0.0.1:4566/...

Tokens are signed with the server's own key. The server verifies the tokens of every Cognito user pool, of its own
issuers (http://127.0.0.1:4566/_sekisho/issuer/NAME), and of every issuer named here by --issuer with that key, so the
authorizer is configured as on AWS and no network is needed. Only this server accepts these tokens.
'POST /_sekisho/reset' forgets issuers that were named by --issuer.

exit status: 0 printed; 1 the server did not answer, or cannot make the token; 2 used wrongly.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "token",
        help="make a token for a JWT or Cognito authorizer",
        description="Print a JSON Web Token that the running server's JWT and Cognito authorizers accept.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--issuer", metavar="URL", help="exactly as the authorizer is configured with it (default: one of this server)"
    )
    who.add_argument("--user-pool", metavar="POOL-ID", help="a Cognito user pool, such as us-east-1_aBcD1234")
    parser.add_argument("--audience", action="append", default=[], metavar="AUD", help="the claim aud (repeatable)")
    parser.add_argument("--client-id", metavar="ID", help="the app client; aud of ID tokens, client_id of others")
    parser.add_argument("--scope", metavar='"A B"', help="scopes with blanks between them")
    parser.add_argument(
        "--use", choices=("id", "access"), help="kind of a user pool's token (default: access with --scope, else id)"
    )
    parser.add_argument("--username", metavar="NAME", help="whom it is for (default: local-user)")
    parser.add_argument(
        "--claim",
        action="append",
        default=[],
        type=_claim,
        metavar="NAME=VALUE",
        help="a further claim; VALUE is JSON, or else text; null takes a claim away (repeatable)",
    )
    parser.add_argument(
        "--expires-in", type=int, default=3600, metavar="SECONDS", help="may be negative (default: 3600)"
    )
    parser.add_argument("--kid", help="name another key in the header than the one that signs")
    parser.add_argument("--json", action="store_true", help="print the token with its header and claims")
    parser.add_argument("--endpoint", metavar="URL", help="address of the server (default: http://127.0.0.1:4566)")
    parser.set_defaults(run=run)


def _claim(text: str) -> tuple[str, Any]:
    name, equal, value = text.partition("=")
    if not name or not equal:
        raise argparse.ArgumentTypeError("expected NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def order_of(options: argparse.Namespace) -> dict[str, Any]:
    """What is asked of the server."""
    order = {
        "issuer": options.issuer,
        "userPool": options.user_pool,
        "audience": options.audience,
        "clientId": options.client_id,
        "scope": options.scope,
        "use": options.use,
        "username": options.username,
        "claims": dict(options.claim),
        "expiresIn": options.expires_in,
        "kid": options.kid,
    }
    return {name: value for name, value in order.items() if value not in (None, [], {})}


def run(options: argparse.Namespace) -> int:
    """Print a token; what is worth knowing about it goes to standard error."""
    base = endpoint(options.endpoint)
    try:
        if options.issuer:
            _register(base, options.issuer)
        made = post_json(base, "/_sekisho/issuer/token", order_of(options))
    except ServerProblem as problem:
        print(f"sekisho token: {problem}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(made, indent=2, ensure_ascii=False))
        return 0
    print(made["token"], flush=True)
    if sys.stderr.isatty():
        print(f"sekisho token: {about(made)}", file=sys.stderr)
    return 0


def _register(base: str, issuer: str) -> None:
    """Have the server verify the issuer's tokens with its own key, and say so when that is new."""
    known = get_json(base, "/_sekisho/issuer")["standsFor"]
    post_json(base, "/_sekisho/issuer/map", {"issuer": issuer})
    after = get_json(base, "/_sekisho/issuer")["standsFor"]
    if issuer in after and issuer not in known:
        print(f"sekisho token: from now on this server accepts its own key for {issuer}", file=sys.stderr)


def about(made: dict[str, Any]) -> str:
    """One sentence about a token."""
    note = f"signed for {made['issuer']} with this server's own key"
    if made["issuer"].startswith("https://cognito-idp."):
        note += "; the tokens of every Cognito user pool are verified with it here"
    return note
