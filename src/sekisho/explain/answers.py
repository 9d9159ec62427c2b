"""What a function should have answered: its own answer in the shape that API Gateway reads.

The corrected answer is tried like any other cure: the request is played again with it in place of what was recorded.
How the function comes to give it is up to its author, so such a cure has no AWS calls.
"""

from __future__ import annotations

import json
from typing import Any

from sekisho.config.authorizers import LambdaAuthorizer
from sekisho.explain.case import Case, deployed
from sekisho.explain.explanation import ApiCall, Candidate, Said, say


def answering(value: Any, summary: str = "cure.answer") -> Candidate:
    """The cure "let the function answer this"."""
    text = json.dumps(value, ensure_ascii=False)
    return Candidate(Said(summary, {}), (), answer=text)


def corrected_reply(value: Any) -> dict[str, Any]:
    """A proxy answer with the same content: what is no reply becomes its body, what has another type is converted."""
    if not isinstance(value, dict) or not {"statusCode", "body", "headers", "multiValueHeaders"} & value.keys():
        return {"statusCode": 200, "body": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}
    known = ("statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded")
    reply = {name: value[name] for name in known if name in value}
    status = str(reply.get("statusCode", 200)).strip()
    reply["statusCode"] = int(status) if status.isdigit() and 100 <= int(status) <= 599 else 200
    body = reply.get("body")
    if body is not None and not isinstance(body, str):
        reply["body"] = json.dumps(body, ensure_ascii=False)
    many = reply.get("multiValueHeaders")
    if isinstance(many, dict):
        reply["multiValueHeaders"] = {
            name: [str(each) for each in given] if isinstance(given, list) else [str(given)]
            for name, given in many.items()
        }
    headers = reply.get("headers")
    if isinstance(headers, dict):
        reply["headers"] = {
            name: given if isinstance(given, str) else json.dumps(given) for name, given in headers.items()
        }
    return reply


def decisions(case: Case, authorizer: LambdaAuthorizer, value: Any) -> tuple[Candidate, ...]:
    """Cures of an authorizer's answer: the other response format where the answer has it, and the answer corrected."""
    found: list[Candidate] = []
    keys = value.keys() if isinstance(value, dict) else set()
    if authorizer.payload == "2.0" and ("policyDocument" if authorizer.simple else "isAuthorized") in keys:
        found += _other_format(case, authorizer)
    context = _context(value, nested=authorizer.payload == "2.0")
    more = {"context": context} if context else {}
    if authorizer.simple:
        found.append(answering({"isAuthorized": True, **more}))
    else:
        trace = case.trace
        resource = f"{trace.route.arn_prefix}{trace.request.method}{trace.local_path}"
        statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        principal = str(value.get("principalId") or "user") if isinstance(value, dict) else "user"
        found.append(answering({"principalId": principal, "policyDocument": document, **more}))
    return tuple(found)


def widened(case: Case, raw: bytes) -> tuple[Candidate, ...]:
    """The policy that was answered, for every method of the stage: a remembered one serves them all."""
    try:
        value: Any = json.loads(raw)
        document = dict(value["policyDocument"])
        given = document["Statement"]
        statements = [dict(each) for each in ([given] if isinstance(given, dict) else given)]
    except (ValueError, KeyError, TypeError):
        return ()
    for statement in statements:
        if statement.get("Effect") == "Allow":
            statement["Resource"] = f"{case.trace.route.arn_prefix}*"
    return (answering({**value, "policyDocument": {**document, "Statement": statements}}, "cure.answer-wider"),)


def _other_format(case: Case, authorizer: LambdaAuthorizer) -> list[Candidate]:
    wanted = not authorizer.simple
    update = ApiCall(
        "apigatewayv2",
        "UpdateAuthorizer",
        {"ApiId": case.trace.api.id, "AuthorizerId": authorizer.id, "EnableSimpleResponses": wanted},
    )
    said = say("cure.simple-on" if wanted else "cure.simple-off", name=authorizer.name)
    return [Candidate(said, deployed(case, update))]


def _context(value: Any, *, nested: bool) -> dict[str, Any]:
    """The answer's context with values that are allowed: REST APIs take no lists or objects."""
    context = value.get("context") if isinstance(value, dict) else None
    if not isinstance(context, dict):
        return {}
    return {
        str(name): given if nested or isinstance(given, str | int | float | bool) else json.dumps(given)
        for name, given in context.items()
        if given is not None
    }
