"""A server that answers single rows over JSON: the requests, and what its answers say."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from load import Requests, ask, request
from model import COLUMNS

Row = Sequence[float]
Shape = Literal["dataframe_split", "rows"]


@dataclass(frozen=True)
class Scoring:
    """One way to ask one server for predictions."""

    name: str
    port: int
    path: str
    shape: Shape = "dataframe_split"
    token: str | None = None

    def clients(self, number: int, rows: Sequence[Row]) -> list[Requests]:
        """Endless requests for each client, one row each; no client begins where another does."""
        messages = [self.message(row) for row in rows]
        starts = [index * len(messages) // number for index in range(number)]
        return [itertools.cycle(messages[start:] + messages[:start]) for start in starts]

    def message(self, row: Row) -> bytes:
        """The request for one row."""
        if self.shape == "rows":
            body: object = {"rows": [dict(zip(COLUMNS, row, strict=True))]}
        else:
            body = {"dataframe_split": {"columns": COLUMNS, "data": [row]}}
        text = json.dumps(body, separators=(",", ":")).encode()
        return request("POST", self.path, body=text, token=self.token)

    def answers(self, rows: Sequence[Row]) -> list[float]:
        """What this server predicts for each row."""
        return [_output(json.loads(ask(self.port, self.message(row)))) for row in rows]


def _output(body: dict[str, list[object]]) -> float:
    found = body["predictions"][0]
    return float(found["output"] if isinstance(found, dict) else found)  # type: ignore[arg-type]
