"""Lambda's errors, each once: code, status and the words AWS uses.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html (and each operation's Errors section).
"""

from __future__ import annotations

from sekisho.services.operation import ServiceError


def invalid(message: str) -> ServiceError:
    """400 InvalidParameterValueException."""
    return ServiceError("InvalidParameterValueException", message, 400, Type="User")


def constraint(value: object, member: str, rule: str) -> ServiceError:
    """400 ValidationException, as AWS words what violates a shape's constraint."""
    message = f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    return ServiceError("ValidationException", message, 400)


def not_found(message: str) -> ServiceError:
    """404 ResourceNotFoundException."""
    return ServiceError("ResourceNotFoundException", message, 404, Type="User")


def no_function(arn: str) -> ServiceError:
    """404 for a function, version or alias that does not exist; ``arn`` as it was asked for."""
    return not_found(f"Function not found: {arn}")


def no_alias(arn: str) -> ServiceError:
    """404 of the operations that look for an alias."""
    return not_found(f"Cannot find alias arn: {arn}")


def conflict(message: str) -> ServiceError:
    """409 ResourceConflictException."""
    return ServiceError("ResourceConflictException", message, 409, Type="User")


def stale(getter: str) -> ServiceError:
    """412: the caller's RevisionId is not the latest; ``getter`` names the operations that tell it."""
    message = (
        "The RevisionId provided does not match the latest RevisionId. "
        f"Call the {getter} API to retrieve the latest RevisionId"
    )
    return ServiceError("PreconditionFailedException", message, 412, Type="User")


def too_large(limit: int, operation: str) -> ServiceError:
    """413: the request's body is over ``limit`` bytes. AWS calls Invoke ``InvokeFunction`` here.

    The code is not in the service model; recorded in https://github.com/awslabs/aws-athena-query-federation/issues/793.
    """
    message = f"Request must be smaller than {limit} bytes for the {operation} operation"
    return ServiceError("RequestEntityTooLargeException", message, 413, Type="User")


def event_too_large(size: int, limit: int) -> ServiceError:
    """413 of asynchronous invocations; recorded in https://github.com/ASFHyP3/hyp3/issues/2241."""
    message = f"{size} byte payload is too large for the Event invocation type (limit {limit} bytes)"
    return ServiceError("RequestEntityTooLargeException", message, 413, Type="User")


def unsupported(property_name: str, why: str) -> ServiceError:
    """What this server cannot honour is refused by name, never stored in silence."""
    return invalid(f"{property_name} is not supported by this server: {why}")
