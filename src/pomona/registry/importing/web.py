"""One web server, asked at the very address that was allowed; it does not send us elsewhere."""

from base64 import b64encode
from collections.abc import Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import urllib3

from pomona.core.errors import Invalid, NotFound, PomonaError, Refused, Unavailable
from pomona.data.sources.door import Guard, Secret

_TIMEOUT = urllib3.Timeout(connect=10, read=120)
_RETRIES = urllib3.Retry(
    total=4,
    connect=1,
    redirect=False,
    backoff_factor=0.5,
    status_forcelist=(429, 502, 503, 504),
    allowed_methods=None,
    raise_on_status=False,
)
_CONNECTIONS = 8


class Web:
    """Asks one server."""

    def __init__(self, url: str, secret: Secret | None, guard: Guard) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host:
            raise Invalid("the address names no server", hint="e.g. http://mlflow.example:5000")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = guard.address(host, port)
        options: dict[str, Any] = {"timeout": _TIMEOUT, "maxsize": _CONNECTIONS, "retries": _RETRIES}
        if parts.scheme == "https":
            self._pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
                address, port, server_hostname=host, assert_hostname=host, **options
            )
        else:
            self._pool = urllib3.HTTPConnectionPool(address, port, **options)
        self._base = parts.path.rstrip("/")
        self._host = host
        self._headers = {"host": parts.netloc.rpartition("@")[2], "user-agent": "pomona"}
        if secret is not None:
            self._headers["authorization"] = _authorization(secret.reveal())

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.close()

    def check(self) -> None:
        """Ask whether it is well.

        Raises:
            Unavailable: If it does not answer.
        """
        self._ask("GET", "/health", {})

    def get(self, path: str, /, **query: Any) -> Any:
        """The JSON answer to a GET."""
        return self._json(self._ask("GET", path, query), path)

    def post(self, path: str, fields: Mapping[str, Any]) -> Any:
        """The JSON answer to a POST that changes nothing."""
        return self._json(self._ask("POST", path, {}, msgspec.json.encode(fields)), path)

    def stream(self, path: str, /, **query: Any) -> "Body":
        """The body of an answer, piece by piece."""
        return Body(self._ask("GET", path, query, preload=False), self._host)

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: bytes | None = None,
        *,
        preload: bool = True,
    ) -> urllib3.BaseHTTPResponse:
        given = {name: value for name, value in query.items() if value is not None}
        target = f"{self._base}{quote(path)}{f'?{urlencode(given)}' if given else ''}"
        headers = self._headers | ({"content-type": "application/json"} if body is not None else {})
        with _in_words(self._host):
            answer = self._pool.urlopen(
                method,
                target,
                body=body,
                headers=headers,
                redirect=False,
                preload_content=preload,
                assert_same_host=False,
            )
        if answer.status != 200:
            said = answer.read(2000, decode_content=True) if not preload else answer.data[:2000]
            answer.close()
            raise self._refusal(answer.status, path, said)
        return answer

    def _json(self, answer: urllib3.BaseHTTPResponse, path: str) -> Any:
        try:
            return msgspec.json.decode(answer.data)
        except msgspec.DecodeError:
            raise Invalid(
                f"{self._host}{path} does not answer as an MLflow server does",
                hint="is it the right address?",
            ) from None

    def _refusal(self, status: int, path: str, body: bytes) -> PomonaError:
        try:
            said = str(msgspec.json.decode(body).get("message", ""))[:300]
        except (msgspec.DecodeError, AttributeError):
            said = ""
        where = f"{self._host} answered {status} to {path}{f': {said}' if said else ''}"
        if status in (401, 403, 407):
            return Refused(
                where, hint="do the credentials refer to a token (or user:password) that may read?"
            )
        if status == 404:
            return NotFound(where, hint="is it the address of an MLflow server?")
        if status >= 500 or status == 429:
            return Unavailable(where, hint="what came over stays; import again later")
        if 300 <= status < 400:
            return Refused(f"{self._host} sends elsewhere", hint="name the address that it sends to")
        return Invalid(where, hint="is it the address of an MLflow server?")


class Body:
    """A file on its way: what breaks off is told as such."""

    def __init__(self, answer: urllib3.BaseHTTPResponse, host: str) -> None:
        self._answer = answer
        self._host = host

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none at the end."""
        with _in_words(self._host):
            return self._answer.read(None if size < 0 else size, decode_content=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answer.release_conn()
        self._answer.close()


@contextmanager
def _in_words(host: str) -> Any:
    try:
        yield
    except urllib3.exceptions.HTTPError as error:
        raise Unavailable(
            f"{host} does not answer, or not any more: {type(error).__name__}",
            hint="what came over stays; is the address right, and the server up?",
        ) from None


def _authorization(secret: str) -> str:
    return f"Basic {b64encode(secret.encode()).decode()}" if ":" in secret else f"Bearer {secret}"
