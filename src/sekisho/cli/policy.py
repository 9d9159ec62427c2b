"""``sekisho policy``: test, explain, search, lint and prove IAM policies, from files or on a running server."""

from __future__ import annotations

import argparse
import json
import sys
import urllib.parse
from collections.abc import Callable
from typing import Any, NamedTuple

from sekisho.cli.client import ServerProblem, endpoint, get_json
from sekisho.cli.policy_inputs import (
    InputProblem,
    ValidationCase,
    read_cases,
    read_context,
    read_policies,
    read_policy,
    read_text,
)
from sekisho.explain.permissions import (
    decided_by,
    prove,
    prove_text,
    who,
    who_text,
    why,
    why_text,
)
from sekisho.explain.render import LANGUAGES
from sekisho.policy.cases import Case
from sekisho.policy.combine import PolicyStack, decide
from sekisho.policy.compile import CompiledPolicy
from sekisho.policy.lint import lint
from sekisho.policy.prove import Actor, Target
from sekisho.policy.request import MappingContext, Question, Value, subject_from
from sekisho.policy.validate import PolicyKind, validate

EXAMPLES = """\
examples:
  sekisho policy test cases/*.json --json
  sekisho policy why --identity reader.json --principal arn:aws:iam::123456789012:user/ann \\
      --action execute-api:Invoke --resource arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/pets
  sekisho policy why --principal arn:aws:iam::123456789012:role/caller --action execute-api:Invoke --resource ARN
  sekisho policy who-can execute-api:Invoke 'arn:aws:execute-api:us-east-1:123456789012:api/prod/*' --template t.json
  sekisho policy lint policy.json
  sekisho policy prove nobody-but arn:aws:iam::123456789012:role/ops execute-api:Invoke ARN-PATTERN

Without policy files or a template, 'why', 'who-can' and 'prove' ask the running server.
exit status: 0 done (all cases pass, allowed, nothing wrong, proved); 1 not so; 2 used wrongly or input unreadable.
"""
_RAW = argparse.RawDescriptionHelpFormatter


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "policy",
        help="test, explain, search, lint and prove IAM policies",
        description="Ask the policy engine: of files, of a template, or of a running server.",
        epilog=EXAMPLES,
        formatter_class=_RAW,
    )
    asked = parser.add_subparsers(title="questions", metavar="QUESTION", required=True)
    _add_test(asked)
    _add_why(asked)
    _add_who_can(asked)
    _add_lint(asked)
    _add_prove(asked)


def _subcommand(
    asked: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    help_: str,
    examples: str,
) -> argparse.ArgumentParser:
    parser = asked.add_parser(
        name, help=help_, description=f"{help_[0].upper()}{help_[1:]}.", epilog=f"examples:\n{examples}",
        formatter_class=_RAW,
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")

    def guarded(options: argparse.Namespace) -> int:
        try:
            return run(options)
        except InputProblem as problem:
            print(f"sekisho policy {name}: {problem}", file=sys.stderr)
            return 2
        except ServerProblem as problem:
            print(f"sekisho policy {name}: {problem}", file=sys.stderr)
            return 1

    parser.set_defaults(run=guarded)
    return parser


def _print(options: argparse.Namespace, found: Any, text: Callable[[Any], str]) -> None:
    print(json.dumps(found, indent=2, ensure_ascii=False) if options.json else text(found))


# --- test


def _add_test(asked: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _subcommand(
        asked, "test", run_test, "decide cases from files and compare with what they expect",
        "  sekisho policy test cases.json\n  sekisho policy test cases/*.json --json | jq .cases"
        "\n\nThe format is described in docs/policies.md. Exit status: 1 a case fails, 2 unreadable.",
    )  # fmt: skip
    parser.add_argument("files", nargs="+", metavar="FILE", help="JSON array of cases; - for the standard input")


def run_test(options: argparse.Namespace) -> int:
    """Decide every case of every file."""
    cases = [case for path in options.files for case in read_cases(path)]
    rows = [_validated(case) if isinstance(case, ValidationCase) else _decided(case) for case in cases]
    passed = sum(row["passed"] for row in rows)
    found = {"passed": passed, "failed": len(rows) - passed, "cases": rows}
    _print(options, found, _test_text)
    return 0 if passed == len(rows) else 1


def _decided(case: Case) -> dict[str, Any]:
    decision = decide(case.question, case.stack, case.resource_policy)
    by = decided_by(decision)
    if decision.policy is None and not decision.allowed:
        reason = f"no statement of the {by['layer']} allows it"
    elif decision.policy is None:
        reason = "the root user of the account"
    else:
        reason = f"statement {by['statement']} of {by['policy'] or 'the ' + by['layer']}"
    return {
        "id": case.id,
        "passed": decision.verdict is case.expected,
        "expected": case.expected.value,
        "got": decision.verdict.value,
        "reason": reason,
    }


def _validated(case: ValidationCase) -> dict[str, Any]:
    problem = validate(case.document, case.kind)
    got: dict[str, Any] = {"ok": True}
    if problem is not None:
        got = {"ok": False, "code": problem.code, "message": problem.message}
    expected = {name: case.then[name] for name in ("ok", "code", "message") if name in case.then}
    shown = {name: got.get(name) for name in expected}
    reason = f"refused at {problem.pointer or 'the document'}" if problem else f"accepted as {case.kind.value}"
    return {"id": case.id, "passed": shown == expected, "expected": expected, "got": got, "reason": reason}


def _test_text(found: dict[str, Any]) -> str:
    lines = []
    for row in found["cases"]:
        lines.append(f"{'pass' if row['passed'] else 'FAIL'}  {row['id']}  {_short(row['got'])}: {row['reason']}")
        if not row["passed"]:
            lines.append(f"      expected {_short(row['expected'])}")
    lines.append(f"{found['passed']} passed, {found['failed']} failed")
    return "\n".join(lines)


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# --- policies from files


def _add_policy_files(parser: argparse.ArgumentParser) -> None:
    files = parser.add_argument_group("policy files", "give any of them to ask about files instead of the server")
    for name, what in (
        ("identity", "attached to the principal, its groups' included"),
        ("resource-policy", "of the resource; a role's trust policy for sts:AssumeRole"),
        ("boundary", "permissions boundary"),
        ("session", "session policy"),
        ("scp", "service control policy; every FILE is a level of its own, root first"),
        ("rcp", "resource control policy; every FILE is a level of its own, root first"),
        ("endpoint-policy", "VPC endpoint policy"),
    ):
        files.add_argument(f"--{name}", nargs="+", action="extend", default=[], metavar="FILE", help=what)
    parser.add_argument("--principal", metavar="ARN", help="who asks: an ARN, a service, or 'anonymous'")
    parser.add_argument("--resource-account", metavar="ID", help="account of the resource (default: that of its ARN)")
    _add_context(parser)
    _add_server(parser)


def _add_context(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--context", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="condition keys of the request"
    )


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--endpoint", metavar="URL", help="address of the server (default: http://127.0.0.1:4566)")


class _Files(NamedTuple):
    stack: PolicyStack
    resource_policy: CompiledPolicy | None


def _files(options: argparse.Namespace) -> _Files | None:
    """The policies named on the command line; None when there are none."""
    given = (
        options.identity, options.resource_policy, options.boundary, options.session, options.scp, options.rcp,
        options.endpoint_policy,
    )  # fmt: skip
    if not any(given):
        return None
    stack = PolicyStack(
        identity=read_policies(options.identity),
        boundary=_single(options.boundary, "--boundary"),
        session=read_policies(options.session) or None,
        scps=tuple((read_policy(path),) for path in options.scp),
        rcps=tuple((read_policy(path),) for path in options.rcp),
        endpoint=read_policies(options.endpoint_policy),
    )
    return _Files(stack, _single(options.resource_policy, "--resource-policy"))


def _single(paths: list[str], option: str) -> CompiledPolicy | None:
    if len(paths) > 1:
        raise InputProblem(f"{option} takes one file: there is at most one such policy")
    return read_policy(paths[0]) if paths else None


def _resource_account(options: argparse.Namespace, resource: str) -> str:
    fields = resource.split(":", 5)
    return options.resource_account or (fields[4] if len(fields) == 6 else "")


# --- why


def _add_why(asked: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _subcommand(
        asked, "why", run_why, "say why something is allowed or denied, statement by statement",
        "  sekisho policy why --identity p.json --boundary b.json --principal arn:aws:iam::123456789012:user/ann \\\n"
        "      --action s3:GetObject --resource arn:aws:s3:::bucket/key --context aws:SourceIp=203.0.113.7\n"
        "  sekisho policy why --case cases.json --id doc-scp-001 --lang ja\n"
        "  sekisho policy why --principal arn:aws:iam::123456789012:role/caller --action execute-api:Invoke "
        "--resource ARN\n\nexit status: 0 allowed, 1 denied, 2 used wrongly.",
    )  # fmt: skip
    parser.add_argument("--action", metavar="ACTION")
    parser.add_argument("--resource", metavar="ARN")
    parser.add_argument("--case", metavar="FILE", help="take everything from a decision case")
    parser.add_argument("--id", metavar="ID", help="which case of the file (default: the only one)")
    parser.add_argument("--lang", choices=LANGUAGES, default="en")
    _add_policy_files(parser)


def run_why(options: argparse.Namespace) -> int:
    """Explain one decision."""
    if options.case:
        case = _chosen_case(options.case, options.id)
        found = why(case.question, case.stack, case.resource_policy, options.lang)
    else:
        for name in ("principal", "action", "resource"):
            if not getattr(options, name):
                raise InputProblem(f"--{name} is missing (or use --case FILE --id ID)")
        files = _files(options)
        if files is None:
            found = _ask_server(options, "why", {"principal": options.principal, "lang": options.lang})
        else:
            principal = "" if options.principal == "anonymous" else options.principal
            question = Question(
                subject_from(principal), options.action, options.resource,
                _resource_account(options, options.resource), MappingContext(read_context(options.context)),
            )  # fmt: skip
            found = why(question, *files, lang=options.lang)
    _print(options, found, why_text)
    return 0 if found["decision"] == "Allowed" else 1


def _chosen_case(path: str, id_: str | None) -> Case:
    cases = [case for case in read_cases(path) if isinstance(case, Case) and id_ in (None, case.id)]
    if len(cases) != 1:
        raise InputProblem(f"{path}: {len(cases)} decision cases fit; name one by --id")
    return cases[0]


def _ask_server(options: argparse.Namespace, question: str, more: dict[str, str]) -> Any:
    asked = [("action", options.action), ("resource", options.resource), *more.items()]
    asked += [("context", pair) for pair in options.context]
    read_context(options.context)
    return get_json(endpoint(options.endpoint), f"/_sekisho/policy/{question}?{urllib.parse.urlencode(asked)}")


# --- who-can


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", metavar="ACTION", help="such as execute-api:Invoke")
    parser.add_argument("resource", metavar="RESOURCE", help="an ARN; wildcards ask about all it covers")
    parser.add_argument("--template", metavar="FILE", help="SAM or CloudFormation template with roles, users, policies")
    parser.add_argument("--account", default="123456789012", metavar="ID", help="account of a template")
    parser.add_argument("--region", default="us-east-1", help="region of a template")
    _add_policy_files(parser)


def _add_who_can(asked: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _subcommand(
        asked, "who-can", run_who_can, "list who can, who cannot, and who can under which conditions",
        "  sekisho policy who-can execute-api:Invoke arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/pets\n"
        "  sekisho policy who-can lambda:InvokeFunction ARN --template template.json --json\n"
        "  sekisho policy who-can s3:GetObject ARN --resource-policy bucket.json\n\n"
        "Condition keys that --context does not give stay open and come back as conditions.",
    )  # fmt: skip
    _add_target(parser)


def _sources(options: argparse.Namespace) -> tuple[list[Target], list[Actor], list[str]] | None:
    """Targets, principals and what was not understood, from files; None when the server is meant."""
    known: dict[str, Value | None] = {key.lower(): value for key, value in read_context(options.context).items()}
    account = _resource_account(options, options.resource)
    if options.template:
        from sekisho.cli.policy_template import read_template

        found = read_template(read_text(options.template), options.template, options.account, options.region)
        targets = [
            Target(options.action, resource, account or options.account, policy, known)
            for resource, policy in found.policies_for(options.resource)
        ]
        return targets, found.actors, found.not_understood
    files = _files(options)
    if files is None:
        return None
    arn = options.principal or f"arn:aws:iam::{account or '123456789012'}:user/the-principal"
    stack, resource_policy = files
    has_side = stack != PolicyStack()
    actors = [Actor(arn, subject_from("" if arn == "anonymous" else arn), stack)] if has_side else []
    return [Target(options.action, options.resource, account, resource_policy, known)], actors, []


def run_who_can(options: argparse.Namespace) -> int:
    """List everybody."""
    sources = _sources(options)
    if sources is None:
        found = _ask_server(options, "who-can", {})
    else:
        targets, actors, not_understood = sources
        found = {**who(targets, actors), "notUnderstood": not_understood}
    _print(options, found, lambda shown: "\n".join([who_text(shown), *_not_understood(shown)]))
    return 0


def _not_understood(found: dict[str, Any]) -> list[str]:
    rows = found.get("notUnderstood") or []
    return ["not understood, and left out:", *(f"  {row}" for row in rows)] if rows else []


# --- prove


def _add_prove(asked: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _subcommand(
        asked, "prove", run_prove, "prove that nobody but some principals can, or show a request by which others can",
        "  sekisho policy prove nobody-but ARN execute-api:Invoke \\\n"
        "      'arn:aws:execute-api:us-east-1:123456789012:api/prod/POST/*'\n"
        "  sekisho policy prove nobody-but 'arn:aws:iam::*:role/team-*,root of *' ACTION ARN --template t.json"
        "\n\nexit status: 0 proved, 1 refuted or not settled, 2 used wrongly.",
    )  # fmt: skip
    parser.add_argument("claim", choices=("nobody-but",))
    parser.add_argument(
        "allowed", metavar="PRINCIPALS", help="ARNs, separated by commas, with wildcards; '' for nobody"
    )
    _add_target(parser)


def run_prove(options: argparse.Namespace) -> int:
    """Prove or refute."""
    allowed = [name.strip() for name in options.allowed.split(",") if name.strip()]
    sources = _sources(options)
    if sources is None:
        found = _ask_server(options, "prove", {"allowed": ",".join(allowed)})
    else:
        targets, actors, not_understood = sources
        found = {**prove(allowed, targets, actors), "notUnderstood": not_understood}
        if found["holds"] and not_understood:
            found["holds"] = None  # What was left out may grant more.
    _print(options, found, lambda shown: "\n".join([prove_text(shown), *_not_understood(shown)]))
    return 0 if found["holds"] else 1


# --- lint


def _add_lint(asked: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _subcommand(
        asked, "lint", run_lint, "validate policies as AWS does, and warn of what they hardly mean",
        "  sekisho policy lint policy.json\n  sekisho policy lint --kind trust role-trust.json --json\n\n"
        "exit status: 0 no errors (warnings do not count), 1 errors, 2 a file cannot be read.",
    )  # fmt: skip
    parser.add_argument("files", nargs="+", metavar="FILE", help="a policy document; - for the standard input")
    kinds = [kind.name.lower() for kind in PolicyKind]
    parser.add_argument("--kind", choices=kinds, help="what the documents are (default: told from their looks)")


def run_lint(options: argparse.Namespace) -> int:
    """Print errors and warnings."""
    kind = PolicyKind[options.kind.upper()] if options.kind else None
    rows = [{"file": path, **remark._asdict()} for path in options.files for remark in lint(read_text(path), kind)]
    errors = sum(row["level"] == "error" for row in rows)
    found = {"errors": errors, "warnings": len(rows) - errors, "findings": rows}
    _print(options, found, _lint_text)
    return 1 if errors else 0


def _lint_text(found: dict[str, Any]) -> str:
    lines = [
        f"{row['file']}{row['pointer']}: {row['level']}: {row['message']} [{row['id']}]" for row in found["findings"]
    ]
    return "\n".join([*lines, f"{found['errors']} errors, {found['warnings']} warnings"])
