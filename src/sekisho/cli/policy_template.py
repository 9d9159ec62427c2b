"""The principals and resource policies of a SAM or CloudFormation template, as far as they can be told without AWS.

Theory of operation. A template is read once. Names that AWS would make up are the logical ids: an API ``Api`` has the
id ``Api``, a function without a name is called by its logical id. ``Ref``, ``Fn::Sub``, ``Fn::GetAtt … Arn`` and
``Fn::Join`` are resolved from parameters' defaults, pseudo parameters and these names. Whatever cannot be resolved is
left out *and told*: an answer that rests on half a template must say so.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sekisho.cli.policy_inputs import InputProblem
from sekisho.policy.classes import classes, row_of
from sekisho.policy.combine import PolicyStack
from sekisho.policy.compile import CompiledPolicy, compile_policy
from sekisho.policy.pattern import ArnPattern
from sekisho.policy.prove import Actor
from sekisho.policy.request import Subject, SubjectKind

_SUB = re.compile(r"\$\{([^!}][^}]*)\}")


class _Unknown(Exception):
    """A value that only AWS knows; the message says what it was."""


def parse_template(text: str, path: str) -> dict[str, Any]:
    """The template as JSON with long intrinsic functions. YAML needs the ``yaml`` module."""
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise InputProblem(f"{path}: not JSON: {problem}") from None
    else:
        found = _yaml(text, path)
    if not isinstance(found, dict) or not isinstance(found.get("Resources"), dict):
        raise InputProblem(f'{path}: not a template: it has no "Resources"')
    return found


def _yaml(text: str, path: str) -> Any:
    try:
        yaml: Any = importlib.import_module("yaml")
    except ImportError:
        raise InputProblem(
            f"{path}: YAML needs the PyYAML package; or give JSON: aws cloudformation package --use-json"
        ) from None

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        pass

    def tagged(loader: Any, suffix: str, node: Any) -> Any:
        name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
        if isinstance(node, yaml.ScalarNode):
            value = loader.construct_scalar(node)
            return {name: value.split(".", 1) if suffix == "GetAtt" else value}
        if isinstance(node, yaml.SequenceNode):
            return {name: loader.construct_sequence(node, deep=True)}
        return {name: loader.construct_mapping(node, deep=True)}

    Loader.add_multi_constructor("!", tagged)
    try:
        return yaml.load(text, Loader=Loader)
    except (yaml.YAMLError, RecursionError) as problem:
        raise InputProblem(f"{path}: not YAML: {problem}") from None


class Template:
    """What was found; see ``read_template``."""

    def __init__(self, resources: Mapping[str, Any], parameters: Mapping[str, Any], account: str, region: str) -> None:
        self.resources = {name: raw for name, raw in resources.items() if isinstance(raw, dict)}
        self.parameters = parameters
        self.account = account
        self.region = region
        self.not_understood: list[str] = []
        self.actors: list[Actor] = []
        self.resource_policies: list[tuple[str, CompiledPolicy]] = []
        """(pattern of the resources, policy)."""

    # --- intrinsics

    def value(self, raw: Any) -> Any:
        """``raw`` with intrinsic functions resolved. Raises _Unknown."""
        if isinstance(raw, list):
            return [self.value(item) for item in raw]
        if not isinstance(raw, dict):
            return raw
        if len(raw) == 1:
            name, argument = next(iter(raw.items()))
            if name == "Ref":
                return self._ref(str(argument))
            if name == "Fn::Sub":
                return self._sub(argument)
            if name == "Fn::GetAtt":
                return self._attribute(argument)
            if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:
                return str(argument[0]).join(str(self.value(item)) for item in argument[1])
            if name.startswith("Fn::"):
                raise _Unknown(name)
        return {name: self.value(item) for name, item in raw.items()}

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.resources:
            kind = self.resources[name].get("Type")
            return self.arn(name) if kind == "AWS::IAM::ManagedPolicy" else self.name(name)
        parameter = self.parameters.get(name)
        if isinstance(parameter, dict) and "Default" in parameter:
            return parameter["Default"]
        raise _Unknown(f"Ref {name}")

    def _sub(self, argument: Any) -> str:
        text, values = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})

        def one(found: re.Match[str]) -> str:
            name = found.group(1)
            if name in values:
                return str(self.value(values[name]))
            return str(self._attribute(name.split(".", 1)) if "." in name else self._ref(name))

        return _SUB.sub(one, str(text)).replace("${!", "${")

    def _attribute(self, argument: Any) -> str:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if isinstance(parts, list) and len(parts) == 2 and parts[0] in self.resources and parts[1] == "Arn":
            return self.arn(parts[0])
        raise _Unknown(f"Fn::GetAtt {argument}")

    def properties(self, logical: str) -> dict[str, Any]:
        found = self.resources[logical].get("Properties")
        return found if isinstance(found, dict) else {}

    def name(self, logical: str) -> str:
        """The physical name, or the logical id where AWS would make one up."""
        member = {"Role": "RoleName", "User": "UserName", "Group": "GroupName", "Function": "FunctionName"}
        kind = str(self.resources[logical].get("Type")).rpartition("::")[2]
        given = self.properties(logical).get(member.get(kind, "ManagedPolicyName"))
        return str(self.value(given)) if given is not None else logical

    def arn(self, logical: str) -> str:
        """The ARN of a role, user, managed policy or function."""
        kind = str(self.resources[logical].get("Type"))
        path = str(self.properties(logical).get("Path") or "/")
        name = self.name(logical)
        if kind.startswith("AWS::IAM::"):
            folder = {"Role": "role", "User": "user", "Group": "group"}.get(kind.rpartition("::")[2], "policy")
            return f"arn:aws:iam::{self.account}:{folder}{path}{name}"
        if kind.endswith("::Function"):
            return f"arn:aws:lambda:{self.region}:{self.account}:function:{name}"
        raise _Unknown(f"the ARN of {logical}")

    # --- reading

    def of_type(self, *types: str) -> Iterator[str]:
        for logical, raw in self.resources.items():
            if raw.get("Type") in types:
                yield logical

    def attempt(self, where: str, read: Callable[[], Any]) -> Any:
        """What ``read`` gives; None, and a note, when it rests on something unknown."""
        try:
            return read()
        except _Unknown as unknown:
            self.not_understood.append(f"{where}: {unknown}")
        except (KeyError, TypeError, AttributeError, ValueError):
            self.not_understood.append(f"{where}: not of the expected form")
        return None

    def policies_for(self, resource: str) -> list[tuple[str, CompiledPolicy | None]]:
        """The resource policy that takes part for ``resource``."""
        asked = row_of(ArnPattern(resource, False))
        for pattern, policy in self.resource_policies:
            row = row_of(ArnPattern(pattern, False))
            if asked is not None and row is not None and classes(asked, (), (row,), 2_000).examples:
                return [(resource, policy)]
        return [(resource, None)]


def read_template(text: str, path: str, account: str, region: str) -> Template:
    """Everything that can be told of a template."""
    raw = parse_template(text, path)
    parameters = raw.get("Parameters")
    found = Template(raw["Resources"], parameters if isinstance(parameters, dict) else {}, account, region)
    _Principals(found).read()
    _functions(found)
    _apis(found)
    return found


class _Principals:
    """Roles, users and what is attached to them."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.inline: dict[str, list[CompiledPolicy]] = {}
        self.managed: dict[str, CompiledPolicy] = {}

    def read(self) -> None:
        t = self.template
        for logical in t.of_type("AWS::IAM::ManagedPolicy"):
            policy = self._document(logical, t.properties(logical).get("PolicyDocument"), f"managed policy {logical}")
            if policy is not None:
                self.managed[t.arn(logical)] = policy
                self._attach(logical, policy)
        for logical in t.of_type("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy"):
            policy = self._document(logical, t.properties(logical).get("PolicyDocument"), f"policy {logical}")
            if policy is not None:
                self._attach(logical, policy)
        for logical in t.of_type("AWS::IAM::Role", "AWS::IAM::User"):
            t.attempt(logical, lambda logical=logical: self._principal(logical))  # type: ignore[misc]
        for logical in t.of_type("AWS::Serverless::Function"):
            t.attempt(logical, lambda logical=logical: self._sam_role(logical))  # type: ignore[misc]

    def _document(self, logical: str, raw: Any, name: str) -> CompiledPolicy | None:
        document = self.template.attempt(f"{logical} {name}", lambda: self.template.value(raw))
        return compile_policy(document, name=name) if isinstance(document, dict) else None

    def _attach(self, logical: str, policy: CompiledPolicy) -> None:
        t = self.template
        properties = t.properties(logical)
        for member in ("Roles", "Users", "Groups", "RoleName", "UserName"):
            raw = properties.get(member)
            for item in raw if isinstance(raw, list) else [] if raw is None else [raw]:
                name = t.attempt(f"{logical} {member}", lambda item=item: t.value(item))  # type: ignore[misc]
                if name is not None:
                    self.inline.setdefault(f"{member[:4]}:{name}", []).append(policy)

    def _own(self, logical: str, properties: Mapping[str, Any]) -> list[CompiledPolicy]:
        t = self.template
        found: list[CompiledPolicy] = []
        for item in properties.get("Policies") or ():
            name = f"inline policy {item.get('PolicyName', '')} of {logical}"
            policy = self._document(logical, item.get("PolicyDocument"), name)
            found += [] if policy is None else [policy]
        for item in properties.get("ManagedPolicyArns") or ():
            arn = t.attempt(f"{logical} ManagedPolicyArns", lambda item=item: t.value(item))  # type: ignore[misc]
            if arn in self.managed:
                found.append(self.managed[arn])
            elif arn is not None:
                t.not_understood.append(f"{logical}: managed policy {arn} is not in the template")
        return found

    def _principal(self, logical: str) -> None:
        t = self.template
        properties = t.properties(logical)
        role = t.resources[logical]["Type"] == "AWS::IAM::Role"
        name, arn = t.name(logical), t.arn(logical)
        policies = [*self._own(logical, properties), *self.inline.get(f"{'Role' if role else 'User'}:{name}", ())]
        for group in properties.get("Groups") or ():
            group_name = t.value(group)
            policies += self.inline.get(f"Grou:{group_name}", ())
            for other in t.of_type("AWS::IAM::Group"):
                if t.name(other) == group_name:
                    policies += self._own(other, t.properties(other))
        boundary = self._boundary(logical, properties)
        subject = Subject(SubjectKind.USER, t.account, arn)
        if role:
            session = f"arn:aws:sts::{t.account}:assumed-role/{name}/session"
            subject = Subject(SubjectKind.ROLE_SESSION, t.account, session, arn)
            trust = self._document(logical, properties.get("AssumeRolePolicyDocument"), f"trust policy of {logical}")
            if trust is not None:
                t.resource_policies.append((arn, trust))
        t.actors.append(Actor(arn, subject, PolicyStack(identity=tuple(policies), boundary=boundary)))

    def _boundary(self, logical: str, properties: Mapping[str, Any]) -> CompiledPolicy | None:
        raw = properties.get("PermissionsBoundary")
        if raw is None:
            return None
        arn = self.template.attempt(f"{logical} PermissionsBoundary", lambda: self.template.value(raw))
        if arn in self.managed:
            return self.managed[arn]
        self.template.not_understood.append(f"{logical}: its permissions boundary is not known; taken to allow all")
        return None

    def _sam_role(self, logical: str) -> None:
        t = self.template
        properties = t.properties(logical)
        if "Role" in properties:
            return
        raw = properties.get("Policies") or []
        policies: list[CompiledPolicy] = []
        for item in raw if isinstance(raw, list) else [raw]:
            if isinstance(item, dict) and "Statement" in item:
                document = {"Version": "2012-10-17", **item}
                policy = self._document(logical, document, f"policy of function {logical}")
                policies += [] if policy is None else [policy]
            else:
                shown = item if isinstance(item, str) else next(iter(item), "") if isinstance(item, dict) else item
                t.not_understood.append(f"{logical}: the policy {shown} is not in the template")
        name = f"{logical}Role"
        arn, session = f"arn:aws:iam::{t.account}:role/{name}", f"arn:aws:sts::{t.account}:assumed-role/{name}/session"
        subject = Subject(SubjectKind.ROLE_SESSION, t.account, session, arn)
        t.actors.append(Actor(arn, subject, PolicyStack(identity=tuple(policies))))


def _functions(t: Template) -> None:
    """Resource policies of functions, from AWS::Lambda::Permission."""
    statements: dict[str, list[dict[str, Any]]] = {}
    for logical in t.of_type("AWS::Lambda::Permission"):
        made = t.attempt(logical, lambda logical=logical: _permission(t, logical))  # type: ignore[misc]
        if made is not None:
            statements.setdefault(made[0], []).append(made[1])
    for arn, found in statements.items():
        document = {"Version": "2012-10-17", "Statement": found}
        t.resource_policies.append((arn, compile_policy(document, name=f"resource policy of {arn}")))


def _permission(t: Template, logical: str) -> tuple[str, dict[str, Any]]:
    found = t.value(t.properties(logical))
    function = str(found["FunctionName"])
    arn = function if function.startswith("arn:") else f"arn:aws:lambda:{t.region}:{t.account}:function:{function}"
    principal = str(found["Principal"])
    who: Any = {"AWS": principal} if ":" in principal or principal.isdigit() else {"Service": principal}
    statement: dict[str, Any] = {
        "Sid": logical, "Effect": "Allow", "Principal": "*" if principal == "*" else who,
        "Action": found["Action"], "Resource": arn,
    }  # fmt: skip
    condition: dict[str, Any] = {}
    if "SourceArn" in found:
        condition["ArnLike"] = {"AWS:SourceArn": found["SourceArn"]}
    if "SourceAccount" in found:
        condition["StringEquals"] = {"AWS:SourceAccount": str(found["SourceAccount"])}
    return arn, {**statement, **({"Condition": condition} if condition else {})}


def _apis(t: Template) -> None:
    """Resource policies of REST APIs."""
    for logical in t.of_type("AWS::ApiGateway::RestApi", "AWS::Serverless::Api"):
        properties = t.properties(logical)
        raw = properties.get("Policy")
        sam = (properties.get("Auth") or {}).get("ResourcePolicy") if isinstance(properties.get("Auth"), dict) else None
        if isinstance(sam, dict):
            raw = {"Version": "2012-10-17", "Statement": sam.get("CustomStatements") or []}
            more = sorted(set(sam) - {"CustomStatements"})
            if more:
                t.not_understood.append(f"{logical}: Auth.ResourcePolicy {', '.join(more)}")
        if raw is None:
            continue
        document = t.attempt(f"{logical} Policy", lambda raw=raw: t.value(raw))  # type: ignore[misc]
        if document is not None:
            pattern = f"arn:aws:execute-api:{t.region}:{t.account}:{logical}/*"
            t.resource_policies.append((pattern, compile_policy(document, name=f"resource policy of API {logical}")))
