"""CloudWatch Logs' errors, each once. All are status 400.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from sekisho.services.operation import ServiceError


def invalid(message: str) -> ServiceError:
    """InvalidParameterException."""
    return ServiceError("InvalidParameterException", message, 400)


def constraint(value: object, member: str, rule: str) -> ServiceError:
    """InvalidParameterException, as AWS words what violates a shape's constraint."""
    return invalid(f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}")


def no_group() -> ServiceError:
    return ServiceError("ResourceNotFoundException", "The specified log group does not exist.", 400)


def no_stream() -> ServiceError:
    return ServiceError("ResourceNotFoundException", "The specified log stream does not exist.", 400)


def exists(what: str) -> ServiceError:
    return ServiceError("ResourceAlreadyExistsException", f"The specified {what} already exists", 400)


def unsupported(what: str, why: str) -> ServiceError:
    """What this server cannot honour is refused by name."""
    return invalid(f"{what} is not supported by this server: {why}")
