"""Lambda authorizers in a few lines: the compiled authorizer, its function, and answers of it."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.scenes.pipeline import ACCOUNT, API, REGION, function

from sekisho.config.authorizers import IdentitySource, LambdaAuthorizer
from sekisho.config.functions import Function
from sekisho.config.integrations import Authority
from sekisho.config.patterns import compile_pattern
from sekisho.functions.invocation import Returned

AUTHORIZER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:guard"
SOURCE_ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/authorizers/auth01"
_SOURCE = re.compile(r"(?:method\.|\$)?(?:request\.)?(header|querystring|stageVariables|context)\.(.+)")


def source(text: str) -> IdentitySource:
    """An identity source as configured: ``method.request.header.Authorization``, ``$context.routeKey`` …"""
    found = _SOURCE.fullmatch(text)
    assert found is not None
    name = found[2].lower() if found[1] == "header" else found[2]
    return IdentitySource(found[1], name, text)


def lambda_authorizer(
    *sources: str,
    kind: str = "TOKEN",
    payload: str = "REST",
    simple: bool = False,
    ttl: float = 0.0,
    role: str = "",
    validation: str = "",
    qualifier: str = "",
    arn: str = AUTHORIZER,
) -> LambdaAuthorizer:
    """An authorizer called ``guard``."""
    return LambdaAuthorizer(
        "auth01",
        "guard",
        kind,
        payload,
        simple,
        arn,
        qualifier,
        Authority.ROLE if role else Authority.SERVICE,
        role,
        SOURCE_ARN,
        tuple(source(each) for each in sources),
        compile_pattern(validation) if validation else None,
        ttl,
    )


def guard(granted: bool = True, source_arn: str = SOURCE_ARN) -> Function:
    """The authorizer's function, which API Gateway may call for it unless ``granted`` says otherwise."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": AUTHORIZER,
        "Condition": {"ArnLike": {"aws:SourceArn": source_arn}},
    }
    return function(*([statement] if granted else []), arn=AUTHORIZER)


def policy_answer(effect: str = "Allow", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """What an authorizer that answers with a policy returns."""
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": "somebody", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}, **more}


def answered(value: Any) -> Returned:
    """The authorizer's answer as its function returns it."""
    return Returned(json.dumps(value).encode(), "99999999-2222-4333-8444-555555555555", 0.01)
