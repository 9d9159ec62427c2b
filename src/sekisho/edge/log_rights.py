"""May a function write its log? Lambda writes it in the execution role's name, so the role's policies decide.

Without ``logs:CreateLogStream`` and ``logs:PutLogEvents`` nothing is written, and nobody is told but here: once per
function and role, in the server's own log. While the log group does not exist, ``logs:CreateLogGroup`` is needed too.
Where IAM is not enforced (``enforced`` is False), writing a log is a call of the control plane like any other: it is
made all the same, and the server's log says that AWS would have refused it. Answers are kept until the role or its
policies change (a changed role is another object).

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from sekisho.config.context import CallerContext
from sekisho.config.identities import Principal, Role
from sekisho.config.snapshot import Snapshot
from sekisho.functions.invocation import FunctionSpec
from sekisho.kit.arn import sts_arn
from sekisho.policy.combine import decide
from sekisho.policy.request import Question, Subject, SubjectKind

WRITE: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
CREATE: Final = "logs:CreateLogGroup"
_MOST: Final = 4096


def _warn(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class LogRights:
    """Judges execution roles, and remembers."""

    def __init__(
        self,
        snapshot: Callable[[], Snapshot],
        group_exists: Callable[[FunctionSpec], bool],
        wall: Callable[[], float],
        warn: Callable[[str], None] = _warn,
        *,
        enforced: bool = True,
    ) -> None:
        self._enforced = enforced
        self._snapshot = snapshot
        self._group_exists = group_exists
        self._wall = wall
        self._warn = warn
        self._known: dict[tuple[str, str, str, bool], tuple[Role, bool]] = {}
        self._warned: set[tuple[str, str]] = set()
        self._seen: Snapshot | None = None
        self._sure: dict[str, tuple[FunctionSpec, bool]] = {}
        """By stream, what was said under the snapshot last seen: every commit makes another one."""

    def __call__(self, spec: FunctionSpec, stream: str) -> bool:
        """Whether events of ``spec`` may be written to ``stream``."""
        snapshot = self._snapshot()
        if snapshot is not self._seen or len(self._sure) > _MOST:
            self._seen = snapshot
            self._sure.clear()
        sure = self._sure.get(stream)
        if sure is not None and sure[0] is spec:
            return sure[1]
        found = self._judged(snapshot, spec, stream)
        self._sure[stream] = (spec, found)
        return found

    def _judged(self, snapshot: Snapshot, spec: FunctionSpec, stream: str) -> bool:
        role = snapshot.identities.roles.get(spec.role_arn)
        if role is None:
            # Deleted since the function was made, or everything was reset: nobody can write in its name.
            self._tell(spec, f"its role {spec.role_arn} does not exist")
            return False
        exists = self._group_exists(spec)
        key = (spec.arn, stream, spec.log_group, exists)
        known = self._known.get(key)
        if known is not None and known[0] is role:
            return known[1] or not self._enforced
        refused = self._refused(spec, stream, role, exists)
        if refused:
            self._tell(spec, f"its role {role.arn} may not do {refused}")
        if len(self._known) > _MOST:
            self._known.clear()
        self._known[key] = (role, not refused)
        return not refused or not self._enforced

    def _refused(self, spec: FunctionSpec, stream: str, role: Role, exists: bool) -> str:
        """The first action that is not allowed; empty when all are."""
        group = f"arn:aws:logs:{spec.region}:{spec.account}:log-group:{spec.log_group}"
        if not exists and not self._allowed(spec, role, CREATE, group):
            return CREATE
        resource = f"{group}:log-stream:{stream}"
        return next((action for action in WRITE if not self._allowed(spec, role, action, resource)), "")

    def _allowed(self, spec: FunctionSpec, role: Role, action: str, resource: str) -> bool:
        now = self._wall()
        arn = sts_arn(role.account, f"assumed-role/{role.name}/{spec.name}")
        unique_id = f"{role.unique_id}:{spec.name}"
        subject = Subject(SubjectKind.ROLE_SESSION, role.account, arn, role.arn, unique_id, role.service_linked)
        principal = Principal(subject, role.stack, spec.name, role.tags, issued_at=now)
        keys = {"lambda:sourcefunctionarn": spec.arn}
        context = CallerContext(principal, now, "", region=spec.region, extra=keys)
        return decide(Question(subject, action, resource, spec.account, context), role.stack, None).allowed

    def _tell(self, spec: FunctionSpec, reason: str) -> None:
        key = (spec.arn, reason)
        if key not in self._warned:
            self._warned.add(key)
            outcome = "is not written" if self._enforced else "would not be written on AWS"
            self._warn(f"sekisho: the log of function {spec.name} {outcome}: {reason}")
