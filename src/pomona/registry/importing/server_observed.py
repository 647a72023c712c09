"""Traces, evaluation datasets and webhooks of an MLflow server, asked through its REST API."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from pomona.core.errors import Invalid, NotFound, Unavailable
from pomona.registry.importing.door import Files
from pomona.registry.importing.records import OldEvaluation, OldExperiment, OldTrace, OldWebhook
from pomona.registry.importing.spans import spans_in
from pomona.registry.importing.trace_shapes import old_trace_from, trace_from
from pomona.registry.importing.web import Web
from pomona.training.evaluation.records import EvaluationDataset, EvaluationRow
from pomona.training.traces.records import Span

_NEW, _OLD = "/api/3.0/mlflow", "/api/2.0/mlflow"
_PAGE = 100
_MAX_BYTES = 256 << 20  # of one trace


class ServerObserved:
    """See ``Observed``. What a server does not know of yet is taken to be empty."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def traces(self, experiment: OldExperiment) -> Iterator[list[OldTrace]]:
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment.id}}
        asked = {"locations": [place], "max_results": _PAGE, "order_by": ["timestamp_ms ASC"]}
        token = ""
        while True:
            fields = asked | ({"page_token": token} if token else {})
            try:
                answer = self._web.post(f"{_NEW}/traces/search", fields)
            except (NotFound, Invalid):
                if token:
                    raise
                yield from self._old_traces(experiment)
                return
            if found := answer.get("traces"):
                yield [trace_from(one) for one in found]
            token = answer.get("next_page_token")
            if not token:
                return

    def _old_traces(self, experiment: OldExperiment) -> Iterator[list[OldTrace]]:
        token: str | None = None
        while True:
            asked = {"experiment_ids": experiment.id, "max_results": _PAGE, "page_token": token}
            found = self._known(lambda asked=asked: self._web.get(f"{_OLD}/traces", **asked))  # type: ignore[misc]
            if found.get("traces"):
                yield [old_trace_from(one) for one in found["traces"]]
            token = found.get("next_page_token")
            if not token:
                return

    def spans(self, trace: OldTrace, files: Files | None) -> list[Span]:
        path = "/ajax-api/2.0/mlflow/get-trace-artifact"
        try:
            with self._web.stream(path, request_id=trace.info.trace_id) as body:
                return spans_in(body.read(_MAX_BYTES), trace.info.trace_id)
        except Unavailable:
            self._web.check()  # is it down, or can it not read this one?
            raise NotFound("the server cannot read them", hint="look at its log") from None

    def evaluations(self) -> list[OldEvaluation]:
        found, token = [], None
        while True:
            asked = {"max_results": _PAGE} | ({"page_token": token} if token else {})
            answer = self._known(lambda asked=asked: self._web.post(f"{_NEW}/datasets/search", asked))  # type: ignore[misc]
            found += [self._evaluation(one) for one in answer.get("datasets") or []]
            token = answer.get("next_page_token")
            if not token:
                return found

    def _evaluation(self, one: dict[str, Any]) -> OldEvaluation:
        homes = one.get("experiment_ids")
        if homes is None:
            path = f"{_NEW}/datasets/{one['dataset_id']}/experiment-ids"
            homes = self._known(lambda: self._web.get(path)).get("experiment_ids") or []
        created = int(one.get("created_time") or 0)
        return OldEvaluation(
            dataset=EvaluationDataset(
                id=str(one["dataset_id"]),
                name=one.get("name") or "",
                digest=one.get("digest") or "",
                tags={key: str(value) for key, value in (_json(one.get("tags")) or {}).items()},
                schema=_json(one.get("schema")),
                rows=int((_json(one.get("profile")) or {}).get("num_records") or 0),
                experiments=sorted(str(home) for home in homes),
                created_ms=created,
                updated_ms=int(one.get("last_update_time") or created),
                created_by=one.get("created_by"),
                updated_by=one.get("last_updated_by"),
            )
        )

    def rows(self, dataset: OldEvaluation) -> Iterator[list[EvaluationRow]]:
        path, token = f"{_NEW}/datasets/{dataset.dataset.id}/records", None
        while True:
            answer = self._web.get(path, max_results=_PAGE, page_token=token)
            if found := json.loads(answer.get("records") or "[]"):
                yield [_row(one, dataset.dataset.id) for one in found]
            token = answer.get("next_page_token")
            if not token:
                return

    def webhooks(self) -> list[OldWebhook]:
        found, token = [], None
        while True:
            asked = {"max_results": _PAGE, "page_token": token}
            answer = self._known(lambda asked=asked: self._web.get(f"{_OLD}/webhooks", **asked))  # type: ignore[misc]
            found += [_webhook(one) for one in answer.get("webhooks") or []]
            token = answer.get("next_page_token")
            if not token:
                return found

    def _known(self, ask: Callable[[], Any]) -> Any:
        """The answer; an empty one if the server has no such thing.

        Raises:
            NotFound: If the store behind the server has no such thing, or cannot tell.
        """
        try:
            return ask()
        except NotFound:
            return {}
        except Unavailable as error:
            self._web.check()  # is it down, or is it just this?
            raise NotFound(error.detail, hint="look at that server's log") from None


def _row(one: dict[str, Any], dataset: str) -> EvaluationRow:
    created = int(one.get("created_time") or 0)
    return EvaluationRow(
        id=str(one["dataset_record_id"]),
        dataset=dataset,
        inputs=one.get("inputs") or {},
        outputs=one.get("outputs"),
        expectations=one.get("expectations"),
        tags={key: str(value) for key, value in (one.get("tags") or {}).items()},
        source=one.get("source"),
        created_ms=created,
        updated_ms=int(one.get("last_update_time") or created),
        created_by=one.get("created_by"),
        updated_by=one.get("last_updated_by"),
    )


def _webhook(one: dict[str, Any]) -> OldWebhook:
    return OldWebhook(
        id=str(one["webhook_id"]),
        name=one.get("name") or "",
        url=one.get("url") or "",
        events=tuple(
            sorted(f"{event['entity']}.{event['action']}".lower() for event in one.get("events") or [])
        ),
        description=one.get("description") or "",
        status="DISABLED" if one.get("status") == "DISABLED" else "ACTIVE",
        created_ms=int(one.get("creation_timestamp") or 0),
    )


def _json(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return None
