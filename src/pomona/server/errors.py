"""Errors to HTTP, once: every failure leaves as ``application/problem+json`` with a code and a hint."""

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotFoundException, ValidationException

from pomona.core.errors import Invalid, NotFound, PomonaError, Problem
from pomona.core.records import to_json

PROBLEM_JSON = "application/problem+json"
log = logging.getLogger("pomona.server")


def problem_of(error: Exception, path: str) -> Problem:
    """What an exception says to the caller; an unexpected one says only that it was logged."""
    if isinstance(error, PomonaError):
        return error.problem()
    if isinstance(error, msgspec.ValidationError):
        return Invalid(str(error), hint="see the schema at /api/v1/schema").problem()
    if isinstance(error, NotFoundException):
        return NotFound(f"nothing at {path}", hint="the API is listed at /api/v1/schema").problem()
    if isinstance(error, ValidationException):
        return _invalid(error).problem()
    if isinstance(error, HTTPException):
        return Problem(title=type(error).__name__, status=error.status_code, code="http", detail=error.detail)
    log.error("unexpected error at %s", path, exc_info=error)
    return PomonaError(
        "an unexpected error; nothing of this request was stored",
        hint="the server's log has the traceback; please report it",
    ).problem()


def answer(request: "Request[Any, Any, Any]", error: Exception) -> "Response[bytes]":
    """Litestar's exception handler for everything."""
    problem = problem_of(error, request.url.path)
    return Response(to_json(problem), status_code=problem.status, media_type=PROBLEM_JSON)


def _invalid(error: ValidationException) -> Invalid:
    found = error.extra if isinstance(error.extra, list) else []
    parts = [
        f"{item.get('key', '')}: {item.get('message', '')}".strip(": ")
        for item in found
        if isinstance(item, dict)
    ]
    detail = "; ".join(parts) or error.detail
    return Invalid(
        detail, hint="see the schema at /api/v1/schema", extra={"fields": found} if found else None
    )
