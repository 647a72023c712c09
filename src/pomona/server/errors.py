"""Errors to HTTP, once: every failure leaves as ``application/problem+json`` with a code and a hint."""

import errno
import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotFoundException, ValidationException

from pomona.core.errors import Invalid, NotFound, PomonaError, Problem, StorageFull, TooLarge
from pomona.core.records import to_json

PROBLEM_JSON = "application/problem+json"
_SEE = "see the schema at /api/v1/schema"  # where the error itself names nothing better
log = logging.getLogger("pomona.server")


def problem_of(error: Exception, path: str) -> Problem:
    """What an exception says to the caller; an unexpected one says only that it was logged."""
    known = fault_of(error)
    if known is not None:
        problem = known.problem()
        return problem if problem.hint else msgspec.structs.replace(problem, hint=_SEE)
    if isinstance(error, msgspec.ValidationError):
        return Invalid(str(error), hint=_SEE).problem()
    if isinstance(error, NotFoundException):
        return NotFound(f"nothing at {path}", hint="the API is listed at /api/v1/schema").problem()
    if isinstance(error, ValidationException):
        return _invalid(error).problem()
    if isinstance(error, HTTPException) and error.status_code == 413:
        return TooLarge(
            "the body is too large", hint="commit data as a dataset, or send it in parts"
        ).problem()
    if isinstance(error, HTTPException):
        return Problem(
            title=type(error).__name__,
            status=error.status_code,
            code="http",
            detail=error.detail,
            hint="the API is listed at /api/v1/schema",
        )
    log.error("unexpected error at %s", path, exc_info=error)
    return PomonaError(
        "an unexpected error; nothing of this request was stored",
        hint="the server's log has the traceback; please report it",
    ).problem()


def fault_of(error: Exception) -> PomonaError | None:
    """What is wrong with the request or the disk, where an error tells; None if the error is ours."""
    origin = getattr(error, "orig", None) or error  # SQLAlchemy wraps what goes wrong with a parameter
    if isinstance(origin, PomonaError):
        return origin
    if isinstance(origin, RecursionError):
        return Invalid("the request is nested too deeply", hint=_SEE)
    if isinstance(origin, UnicodeEncodeError):
        return Invalid("a text holds half a character (a lone surrogate)", hint="send text as UTF-8")
    if isinstance(origin, OverflowError):
        return Invalid("a number is too large to be stored", hint="whole numbers have at most 64 bits")
    if isinstance(origin, OSError) and origin.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull("the disk takes no more data", hint="free some space, then send it again")
    return None


def answer(request: "Request[Any, Any, Any]", error: Exception) -> "Response[bytes]":
    """Litestar's exception handler for everything."""
    problem = problem_of(error, request.url.path)
    headers = getattr(error, "headers", None)  # which methods are allowed, say
    return Response(to_json(problem), status_code=problem.status, media_type=PROBLEM_JSON, headers=headers)


def _invalid(error: ValidationException) -> Invalid:
    found = error.extra if isinstance(error.extra, list) else []
    parts = [
        f"{item.get('key', '')}: {item.get('message', '')}".strip(": ")
        for item in found
        if isinstance(item, dict)
    ]
    detail = "; ".join(parts) or error.detail
    return Invalid(detail, hint=_SEE, extra={"fields": found} if found else None)
