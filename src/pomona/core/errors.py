"""PomonaError and its kinds: an HTTP status, what happened, and what to do about it.

Each class carries its status and a stable ``code``; the server turns an error into RFC 9457
``application/problem+json`` once, and the SDK rebuilds the same class from it.
"""

from typing import Any, ClassVar

from pomona.core.records import Record


class Problem(Record, frozen=True, kw_only=True):
    """An error on the wire (RFC 9457, with ``code`` and ``hint`` added)."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    hint: str | None = None
    extra: dict[str, Any] = {}


class PomonaError(Exception):
    """Anything Pomona refuses or cannot do.

    Args:
        detail: What happened, in one sentence.
        hint: What to do about it.
        extra: Machine-readable facts (column names, counts) for user interfaces.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"

    def __init__(self, detail: str, *, hint: str | None = None, extra: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.hint = hint
        self.extra = extra or {}

    def __str__(self) -> str:
        return f"{self.detail} ({self.hint})" if self.hint else self.detail

    def problem(self) -> Problem:
        """This error as it goes over the wire."""
        return Problem(
            title=type(self).__name__,
            status=self.status,
            code=self.code,
            detail=self.detail,
            hint=self.hint,
            extra=self.extra,
        )


class Invalid(PomonaError):
    """The request cannot be understood or breaks a rule of its own fields."""

    status = 422
    code = "invalid"


class Unauthorized(PomonaError):
    """No valid token or session came with the request."""

    status = 401
    code = "unauthorized"


class Forbidden(PomonaError):
    """The caller is known but may not do this."""

    status = 403
    code = "forbidden"


class NotFound(PomonaError):
    """The thing named does not exist."""

    status = 404
    code = "not_found"


class Conflict(PomonaError):
    """The thing is in another state than the request supposes."""

    status = 409
    code = "conflict"


class AnswerLost(Conflict):
    """The request was carried out; the server ended before it could keep the answer for a repeat."""

    code = "answer_lost"


class Refused(PomonaError):
    """A gate, check, purpose or guard says no; the detail names the missing evidence."""

    status = 409
    code = "refused"


class TooLarge(PomonaError):
    """The request is larger than a stated limit."""

    status = 413
    code = "too_large"


class Overloaded(PomonaError):
    """Too many requests wait; try again after the time in ``Retry-After``."""

    status = 429
    code = "overloaded"


class UserCodeFailed(PomonaError):
    """Code of the user (a training script, a model) raised; its traceback is in ``extra``."""

    status = 422
    code = "user_code_failed"


class Tampered(PomonaError):
    """What is stored is not what was stored: it does not match its digest or its signature."""

    status = 409
    code = "tampered"


class StorageFull(PomonaError):
    """The disk or the object store takes no more bytes."""

    status = 507
    code = "storage_full"


class Unavailable(PomonaError):
    """A part this needs (server, gateway, source) does not answer."""

    status = 503
    code = "unavailable"


class MissingExtra(PomonaError):
    """An optional dependency is not installed."""

    status = 501
    code = "missing_extra"

    def __init__(self, package: str, extra_name: str) -> None:
        super().__init__(f"{package} is not installed", hint=f"pip install 'pomona[{extra_name}]'")


def error_from(problem: Problem) -> PomonaError:
    """The same error class that the server raised, rebuilt from its problem document."""
    kinds = {kind.__name__: kind for kind in _kinds(PomonaError)}
    kind = kinds.get(problem.title, PomonaError)
    error = kind.__new__(kind)
    PomonaError.__init__(error, problem.detail, hint=problem.hint, extra=problem.extra)
    return error


def _kinds(root: type[PomonaError]) -> list[type[PomonaError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in _kinds(child))]
