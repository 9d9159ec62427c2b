"""Is the request well formed? What a method's request validator asks for (``config.validation``).

Parameters that are required must be there and not blank; a body that a model describes must fit its schema. What is
wrong with a body is told to ``$context.error.validationErrorString`` and to nobody else.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
vectors: validation/*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sekisho.config.validation import JSON, RequestValidator
from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.payload.v1 import query_values
from sekisho.kit.outcome import PASS

_UNREAD: Final[Mapping[str, Sequence[str]]] = {}


def model(x: Exchange) -> Outcome:
    """REST: nothing is validated unless the method has a validator."""
    extras = x.trace.route.extras
    if not extras:
        return PASS
    validator: RequestValidator | None = extras.get("compiled")
    if validator is None:
        return PASS
    request = x.request
    if validator.required:
        query = query_values(request.query) if request.query else _UNREAD
        missing = validator.missing(request.headers, query, x.trace.path_parameters)
        if missing:
            return Reject(Fault.PARAMETERS_MISSING, {"parameters": ", ".join(missing)})
    media = request.headers.get("content-type")
    problem = validator.body_problem(media, request.body)
    if problem is not None:
        x.trace.fields["error.validationErrorString"] = problem
        return Reject(Fault.BODY_INVALID, {"media": media or JSON, "problem": problem})
    return PASS
