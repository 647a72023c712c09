"""One tracking server, spoken to by MLflow's REST protocol: the same bytes for both sides."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass

from load import Requests, ask, request

KEYS = 10
STEPS = 10
METRICS_A_CALL = KEYS * STEPS
_API = "/api/2.0/mlflow"
_FILES = "/api/2.0/mlflow-artifacts/artifacts"
_TIME_MS = 1_700_000_000_000


@dataclass(frozen=True)
class Tracking:
    """Where a tracking server listens, and its bearer token if it wants one."""

    port: int
    token: str | None = None

    @property
    def url(self) -> str:
        """What an MLflow client is given."""
        return f"http://127.0.0.1:{self.port}"

    def new_run(self) -> str:
        """Start a run; its id."""
        body = json.dumps({"experiment_id": "0", "start_time": _TIME_MS, "tags": []}).encode()
        answer = json.loads(ask(self.port, self._post("/runs/create", body)))
        run_id: str = answer["run"]["info"]["run_id"]
        return run_id

    def batches(self, run_id: str) -> Requests:
        """Calls of log-batch without end, each 10 new steps of 10 metrics, a step a millisecond."""
        one = b'{"key":"metric_%d","value":%.6f,"timestamp":%%b}'
        points = [one % (key, 1 / (1 + key + step)) for key in range(KEYS) for step in range(STEPS)]
        template = b'{"run_id":"%s","metrics":[' % run_id.encode() + b",".join(points) + b"]}"
        for first in itertools.count(0, STEPS):
            times = [b'%d,"step":%d' % (_TIME_MS + step, step) for step in range(first, first + STEPS)]
            yield self._post("/runs/log-batch", template % (*times * KEYS,))

    def metrics(self, run_id: str) -> Requests:
        """Calls of log-metric without end, each one new step of one metric."""
        template = b'{"run_id":"%s","key":"loss","value":%%.6f,"timestamp":%%d,"step":%%d}' % run_id.encode()
        for step in itertools.count():
            yield self._post("/runs/log-metric", template % (1 / (1 + step), _TIME_MS + step, step))

    def stored(self, run_id: str, key: str) -> int:
        """How many values of a metric the server gives back."""
        count, page = 0, ""
        while True:
            path = f"{_API}/metrics/get-history?run_id={run_id}&metric_key={key}&max_results=20000{page}"
            answer = json.loads(ask(self.port, request("GET", path, token=self.token)))
            count += len(answer.get("metrics", []))
            if not answer.get("next_page_token"):
                return count
            page = f"&page_token={answer['next_page_token']}"

    def search(self, condition: str, order: str) -> bytes:
        """A search of experiment 1: the first 100 runs that meet the condition, in this order."""
        body = {"experiment_ids": ["1"], "filter": condition, "order_by": [order], "max_results": 100}
        return self._post("/runs/search", json.dumps(body).encode())

    def put_artifact(self, path: str, payload: bytes) -> bytes:
        """The upload of a file through the artifact proxy."""
        return request("PUT", f"{_FILES}/{path}", body=payload, token=self.token)

    def get_artifact(self, path: str) -> bytes:
        """The download of a file through the artifact proxy."""
        return request("GET", f"{_FILES}/{path}", token=self.token)

    def health(self) -> bytes:
        """The request whose first good answer ends the start."""
        return request("GET", "/health", token=self.token)

    def _post(self, path: str, body: bytes) -> bytes:
        return request("POST", _API + path, body=body, token=self.token)
