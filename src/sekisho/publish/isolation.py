"""Stored documents that cannot be compiled: at a start they must not take everything else down with them.

A stage that cannot be compiled is replaced by one whose every request is answered 500. A function, user, role or access
key that cannot be compiled does not exist, and a managed policy forbids everything to whoever has it (fail closed).
``left_out`` names them for the server's log. Changes are another matter: what cannot be compiled is refused before
anything has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from sekisho.config.api import OPEN, Route, Stage
from sekisho.config.integrations import Unsupported
from sekisho.config.router import Router
from sekisho.config.snapshot import Snapshot
from sekisho.kit.arn import function_arn
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.state.world import View

BROKEN: Final = "broken"
"""The member of ``Stage.settings`` that says why the stage could not be compiled."""
_FORBIDDING: Final = "a managed policy that cannot be read"
_NOTHING: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}

T = TypeVar("T")


def compiled_or(make: Callable[[], T | None], instead: T | None) -> T | None:
    """What ``make`` makes, or ``instead`` when it cannot."""
    try:
        return make()
    except Exception:
        return instead


def forbidding(arn: str) -> CompiledPolicy:
    """What stands for a managed policy that cannot be compiled."""
    return compile_policy(_NOTHING, name=_FORBIDDING, arn=arn)


def broken_stage(name: str, problem: Exception) -> Stage:
    """A stage that answers 500, whatever it is asked."""
    reason = f"its stored configuration cannot be read ({type(problem).__name__}: {problem})"
    router: Router[Route] = Router()
    for path in ("/", "/{proxy+}"):
        router.add(path, "ANY", Route("", path, "ANY", "", OPEN, Unsupported("NONE", reason, broken=True)))
    settings = {BROKEN: reason, "disableExecuteApiEndpoint": False}
    return Stage(name, "", {}, router, None, None, settings=settings)


def left_out(view: View, snapshot: Snapshot) -> Iterator[str]:
    """One sentence for everything in ``view`` that ``snapshot``, compiled from all of it, had to leave out."""
    for api in snapshot.apis.values():
        for stage in api.stages.values():
            reason = stage.settings.get(BROKEN)
            if reason:
                yield f"stage {stage.name} of API {api.id} answers 500: {reason}"
    identities = snapshot.identities
    known = {
        "user": {(user.account, user.name) for user in identities.users.values()},
        "role": {(role.account, role.name) for role in identities.roles.values()},
    }
    for partition in view.partitions():
        account, region, service, kind = partition
        for id_, _ in view.items(partition):
            if (service, kind) == ("lambda", "function"):
                found = function_arn(region, account, id_) in snapshot.functions
            elif service == "iam" and kind in known:
                found = (account, id_) in known[kind]
            elif (service, kind) == ("iam", "accesskey"):
                found = id_ in identities.keys
            elif (service, kind) == ("iam", "policy"):
                policy = identities.managed.get(id_)
                found = policy is None or policy.name != _FORBIDDING
            else:
                break
            if not found:
                yield f"the stored {kind} {id_} of account {account} cannot be read; it is as if it did not exist"
