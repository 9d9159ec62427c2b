"""The error shapes of API Gateway V2's control plane, with AWS's statuses."""

from __future__ import annotations

from sekisho.services.operation import ServiceError


def bad_request(message: str) -> ServiceError:
    return ServiceError("BadRequestException", message, 400)


def not_found(message: str) -> ServiceError:
    return ServiceError("NotFoundException", message, 404)


def conflict(message: str, status: int = 409) -> ServiceError:
    """Quotas answer as conflicts with status 429 (vector authzrole/http-eleventh-authorizer)."""
    return ServiceError("ConflictException", message, status)


def not_implemented(what: str) -> ServiceError:
    """What AWS has and this server does not: said, never silently accepted."""
    return ServiceError("NotImplementedException", f"{what} is not supported by Sekisho", 501)
