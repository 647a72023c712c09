"""A client that keeps its own books: what the server acknowledged, it remembers, and nothing else."""

import random
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

import pomona
from pomona.core.errors import AnswerLost, Unavailable
from pomona.loop.records import Recipe
from pomona.releases.records import CanaryPolicy
from pomona.sdk.client import connect
from pomona.sdk.serving import Predicted
from pomona.sdk.transport import Reply
from pomona.serving.records import NewOutcome

T = TypeVar("T")
NAME = "rows"
PAYOFFS = pomona.Payoffs(
    true_positive=Decimal(40), false_positive=Decimal("-15.25"), threshold=0.4, currency="USD"
)
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
ROWS_A_DAY = 120


class Caller:
    """Tells the server of one event day after another, and tries again until it is acknowledged.

    Attributes:
        answers: By row: the first answer that came back. A row sent again must get the same one.
        told: By row: the outcome that was acknowledged.
        commits: Rows of every data version that was acknowledged.
        jobs: Ids of jobs that were acknowledged.
    """

    def __init__(self, home: Path, *, seed: int) -> None:
        self._home = home
        self._random = random.Random(seed)
        self._client: pomona.Client | None = None
        self.days = 0
        self.answers: dict[str, Predicted] = {}
        self.told: dict[str, bool] = {}
        self.commits: list[int] = []
        self.jobs: list[str] = []
        self.retries = 0

    def client(self) -> pomona.Client:
        """A client of whoever serves the home folder now."""
        if self._client is None:
            self._client = connect(home=self._home)
        return self._client

    def surely(
        self,
        act: Callable[[pomona.Client], T],
        *,
        found: Callable[[pomona.Client], T] | None = None,
        timeout_s: float = 120.0,
    ) -> T:
        """Try until it is acknowledged; every attempt carries the same idempotency key.

        Args:
            found: Looks up what a request did whose answer was lost: the server says that it is there.
        """
        key, ends = uuid.UUID(int=self._random.getrandbits(128)).hex, time.monotonic() + timeout_s
        while True:
            client = self.client()
            call = client.session.call
            try:
                client.session.call = _keyed(call, key)  # type: ignore[method-assign]
                return act(client)
            except AnswerLost:
                assert found is not None
                client.session.call = call  # type: ignore[method-assign]
                return self.surely(found)
            except Unavailable:
                assert time.monotonic() < ends, "the server did not come back"
                self.retries += 1
                time.sleep(0.05)
            finally:
                client.session.call = call  # type: ignore[method-assign]

    def begin(self, script: Path) -> None:
        """Idea, data, first model and its release, triggers: before anything is killed."""
        client = self.client()
        client.hypotheses.create(
            NAME,
            statement="A says yes",
            metric="value_per_prediction",
            baseline=0.0,
            target=0.5,
            payoffs=PAYOFFS,
        )
        client.data.create(NAME, key=["id"], time_column="at", hypothesis=NAME)
        self.commit(*range(-10, 0))
        client.training.store(
            NAME, script=script, data=NAME, model=NAME, hypothesis=NAME, params={"strength": 1.0}
        )
        trained = client.training.run(NAME)
        number = client.models.version(str(trained.model_version)).version.number
        assert client.models.check_gate(NAME, number).passed
        client.endpoints.create(NAME, model=NAME, hypothesis=NAME)
        client.releases.start(NAME, f"{NAME}/{number}", strategy="champion", reason="the first")
        client.monitors.create(NAME, window_hours=24.0)
        policy = CanaryPolicy(share=0.5, min_matured=60, max_days=2.0, expected_matured=500)
        recipe = Recipe(entry=NAME, label="yes", holdout_days=2, policy=policy)
        client.loop.trigger("grown", endpoint=NAME, kind="data_volume", threshold=0.2, recipe=recipe)
        client.loop.trigger("asked", endpoint=NAME, kind="request", recipe=recipe)
        client.settle(timeout_s=60)

    def live_a_day(self) -> None:
        """Predictions of a day in four requests, then its outcomes; every fifth day the data is committed."""
        rows = table(self.days)
        for part in rows.iter_slices(ROWS_A_DAY // 4):
            self.predict(part)
            if self._random.random() < 0.2:
                self.predict(part)  # a client that has forgotten, or never heard, the answer
        self.tell(rows)
        self.days += 1
        if self.days % 5 == 0:
            self.commit(*range(self.days - 5, self.days))
        if self.days % 12 == 0:
            self.ask_for_training()

    def predict(self, rows: pl.DataFrame) -> None:
        """Ask, and compare with what was answered before."""
        ids = rows["id"].to_list()
        answers = self.surely(
            lambda client: client.predict(
                NAME, rows.select("a", "b"), ids=ids, units=ids, at=rows["at"].to_list()
            )
        )
        for key, answer in zip(ids, answers, strict=True):
            assert self.answers.setdefault(key, answer) == answer, f"{key} got a second answer"

    def tell(self, rows: pl.DataFrame) -> None:
        """What came true."""
        outcomes = [
            NewOutcome(prediction_id=self.answers[key].prediction_id, value=yes, at=at)
            for key, yes, at in rows.select("id", "yes", "at").iter_rows()
        ]
        receipt = self.surely(lambda client: client.outcomes.record(outcomes))
        assert receipt.conflicts == 0
        self.told |= dict(rows.select("id", "yes").iter_rows())

    def commit(self, *days: int) -> None:
        """Append days to the dataset."""
        rows = pl.concat([table(day) for day in days])
        version = self.surely(
            lambda client: client.data.commit(NAME, rows, mode="append"),
            found=lambda client: client.data.version(f"{NAME}@newest"),
        )
        self.commits.append(version.rows)

    def ask_for_training(self) -> None:
        """A person asks; a job that was promised must end."""
        reaction = self.surely(
            lambda client: client.loop.retrain("asked", reason="a person wants it"),
            found=lambda client: next(iter(client.loop.reactions(trigger="asked", limit=1))),
        )
        if reaction.job is not None:
            self.jobs.append(reaction.job)

    def money(self) -> Decimal:
        """What the acknowledged answers earned, by the client's own sum."""
        earned = Decimal(0)
        for key, yes in self.told.items():
            if self.answers[key].decision:
                earned += PAYOFFS.true_positive if yes else PAYOFFS.false_positive
        return earned


def table(day: int) -> pl.DataFrame:
    """The rows of a day, always the same ones."""
    draw = random.Random(1000 + day)
    rows = []
    for number in range(ROWS_A_DAY):
        a, b = draw.gauss(0, 1), draw.gauss(0, 1)
        at = FIRST_DAY + timedelta(days=day, seconds=number * 86_400 / ROWS_A_DAY)
        rows.append({"id": f"{day}/{number}", "at": at, "a": a, "b": b, "yes": a + draw.gauss(0, 1) > 0.3})
    return pl.DataFrame(rows)


def _keyed(call: Callable[..., Reply], key: str) -> Callable[..., Reply]:
    def keyed(method: str, path: str, **options: Any) -> Reply:
        own = {"idempotency-key": key} if method == "POST" else {}
        return call(method, path, **(options | {"headers": own | dict(options.get("headers") or {})}))

    return keyed
