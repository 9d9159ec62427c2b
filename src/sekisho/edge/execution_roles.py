"""The credentials a function finds in its environment: a session of its execution role, judged by IAM like any other.

Lambda assumes the role itself; such sessions are not stored, because the processes that hold them end with the server.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
"""

from __future__ import annotations

from collections.abc import Callable

from sekisho.config.keyring import KIND, SERVICE, Sessions
from sekisho.config.snapshot import Snapshot
from sekisho.edge.runtimes.environment import Credentials
from sekisho.functions.invocation import FunctionSpec
from sekisho.kit.arn import sts_arn
from sekisho.kit.ids import Entropy, access_key_id, secret_key, session_token
from sekisho.services.sts.records import SessionRecord
from sekisho.state.world import GLOBAL, Key

SESSION_SECONDS = 12 * 3600.0


def credentials_for(
    role_arn: str,
    function: FunctionSpec,
    *,
    snapshot: Snapshot,
    sessions: Sessions,
    entropy: Entropy,
    wall: Callable[[], float],
) -> Credentials:
    """A fresh session. Of a role that does not exist (any more) it is one that nobody accepts, as on AWS."""
    now = wall()
    id_ = access_key_id(entropy, "ASIA")
    expires = now + SESSION_SECONDS
    made = Credentials(id_, secret_key(entropy), session_token(entropy), expires)
    role = snapshot.identities.roles.get(role_arn)
    if role is None:
        return made
    record: SessionRecord = {
        "AccessKeyId": id_,
        "SecretAccessKey": made.secret_key,
        "SessionToken": made.token,
        "Expiration": expires,
        "IssuedAt": now,
        "Kind": "role",
        "Arn": sts_arn(role.account, f"assumed-role/{role.name}/{function.name}"),
        "UserId": f"{role.unique_id}:{function.name}",
        "IssuerArn": role.arn,
        "IssuerId": role.unique_id,
        "SessionName": function.name,
        "Policies": None,
        "Tags": {},
        "TransitiveTags": [],
        "SourceIdentity": "",
        "Mfa": False,
    }
    sessions.note([(Key(role.account, GLOBAL, SERVICE, KIND, id_), record)])
    return made
