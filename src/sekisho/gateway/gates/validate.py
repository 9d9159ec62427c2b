"""Is the request well formed? What a method's request validator asks for.

Parameters that are required must be there and not blank. A body that a model describes must be there and be JSON;
models themselves are not judged here, so a body that is JSON passes.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
vectors: validation/*.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from sekisho.faults.fault import Fault, Reject
from sekisho.gateway.exchange import Exchange, Outcome
from sekisho.gateway.payload.v1 import query_values
from sekisho.kit.outcome import PASS

_PREFIX: Final = "method.request."
_PLACES: Final = ("header", "path", "querystring")
"""The order in which missing parameters are named. vector: validation/missing-all."""
_BODY_INVALID: Final = Reject(Fault.BODY_INVALID, {})


def model(x: Exchange) -> Outcome:
    """REST: nothing is validated unless the method has a validator."""
    extras = x.trace.route.extras
    if not extras:
        return PASS
    validator = extras.get("validator")
    if validator is None:
        return PASS
    if validator.get("validateRequestParameters"):
        missing = _missing(x, extras["requestParameters"])
        if missing:
            return Reject(Fault.PARAMETERS_MISSING, {"parameters": ", ".join(missing)})
    if validator.get("validateRequestBody") and not _is_body(x, extras["requestModels"]):
        return _BODY_INVALID
    return PASS


def _missing(x: Exchange, parameters: Mapping[str, bool]) -> list[str]:
    """The required parameters that the request does not have, headers first."""
    names: dict[str, list[str]] = {place: [] for place in _PLACES}
    query: dict[str, list[str]] | None = None
    for parameter, required in parameters.items():
        place, _, name = parameter.removeprefix(_PREFIX).partition(".")
        if not required or place not in names:
            continue
        if place == "header":
            value = x.request.headers.get(name.lower())
        elif place == "path":
            value = x.trace.path_parameters.get(name)
        else:
            query = query_values(x.request.query) if query is None else query
            value = "".join(query.get(name) or ())
        if not value or not value.strip():
            names[place].append(name)
    return [name for place in _PLACES for name in names[place]]


def _is_body(x: Exchange, models: Mapping[str, Any]) -> bool:
    """Whether the body can be what the model of its content type describes; without such a model everything can."""
    media = (x.request.headers.get("content-type") or "application/json").partition(";")[0].strip().lower()
    if media not in models:
        return True
    try:
        orjson.loads(x.request.body)
    except orjson.JSONDecodeError:
        return False
    return True
