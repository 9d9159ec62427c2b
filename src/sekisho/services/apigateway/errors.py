"""The error shapes of API Gateway's control plane, with AWS's statuses."""

from __future__ import annotations

from sekisho.services.operation import ServiceError


def bad_request(message: str) -> ServiceError:
    return ServiceError("BadRequestException", message, 400)


def not_found(message: str) -> ServiceError:
    return ServiceError("NotFoundException", message, 404)


def conflict(message: str) -> ServiceError:
    return ServiceError("ConflictException", message, 409)


def limit_exceeded(message: str) -> ServiceError:
    return ServiceError("LimitExceededException", message, 429)


def not_implemented(what: str) -> ServiceError:
    """What AWS has and this server does not: said, never silently accepted."""
    return ServiceError("NotImplementedException", f"{what} is not supported by Sekisho", 501)
