"""The closing tables: what the year earned with and without the model, and what the loop did about it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
from flights import FEATURES, LABEL, TIME
from project import NAME
from rich.table import Table
from story import Names

import pomona
from pomona.serving.records import ValueLedger


def frozen_first_model(client: pomona.Client, token: str | None, served: pl.DataFrame) -> dict[date, float]:
    """What version 1 would have earned on every flight that was served: USD by month, one batch afterwards.

    A counterfactual: nobody was warned by it after it was replaced. The model is loaded by MLflow from the
    registry, as any other program would.
    """
    os.environ["MLFLOW_TRACKING_URI"] = client.address
    if token:
        os.environ["MLFLOW_TRACKING_TOKEN"] = token
    import mlflow.sklearn  # heavy: not while the platform itself needs the memory
    from train import COST_OF_FALSE_WARNING, EARNED_BY_RIGHT_WARNING, WARN_ABOVE

    model = mlflow.sklearn.load_model(f"models:/{NAME}/1")
    known = served.filter(pl.col(LABEL).is_not_null())
    chance = model.predict_proba(known.select(FEATURES).to_pandas())[:, 1]
    late = known[LABEL].to_numpy()
    money = np.where(
        chance > WARN_ABOVE, np.where(late, EARNED_BY_RIGHT_WARNING, -COST_OF_FALSE_WARNING), 0.0
    )
    # Months as the platform's ledger counts them: in UTC.
    by_month = known.select(pl.col(TIME).dt.date().dt.month_start().alias("month"), pl.Series("money", money))
    return dict(by_month.group_by("month").agg(pl.col("money").sum()).rows())


def money_table(ledger: ValueLedger, frozen: dict[date, float]) -> Table:
    """Money by month: without a model, with version 1 for ever (as if), with the loop (as it was)."""
    value: dict[date, Decimal] = defaultdict(Decimal)
    without: dict[date, Decimal] = defaultdict(Decimal)
    flights: dict[date, int] = defaultdict(int)
    for row in ledger.rows:
        value[row.period] += row.value
        without[row.period] += row.value_without
        flights[row.period] += row.predictions
    table = Table(title=f"What the year earned, {ledger.currency}", caption=(
        "Version 1 for ever is a counterfactual: it scored all flights once more, after the year. "
        "The other two columns are the ledger of what was really answered. Months are those of UTC."
    ))  # fmt: skip
    for name in ("month", "flights", "without a model", "version 1 for ever", "with the loop"):
        table.add_column(name, justify="left" if name == "month" else "right")
    for month in sorted(value):
        table.add_row(
            f"{month:%b %Y}",
            f"{flights[month]:,}",
            f"{without[month]:,.0f}",
            f"{frozen.get(month, 0.0):,.0f}",
            f"{value[month]:,.0f}",
        )
    table.add_section()
    table.add_row(
        "all",
        f"{ledger.predictions:,}",
        f"{ledger.value_without:,.0f}",
        f"{sum(frozen.values()):,.0f}",
        f"{ledger.value:,.0f}",
        style="bold",
    )
    return table


def version_table(ledger: ValueLedger, names: Names) -> Table:
    """Money by the model version that answered."""
    rows: dict[str, list[Decimal]] = {}
    for row in ledger.rows:
        sums = rows.setdefault(row.model_version, [Decimal(0), Decimal(0), Decimal(0)])
        for index, amount in enumerate((row.predictions, row.matched, row.value)):
            sums[index] += amount
    table = Table(title="By model version")
    for name in ("version", "answered", "outcomes known", f"earned, {ledger.currency}", "a flight"):
        table.add_column(name, justify="left" if name == "version" else "right")
    for version, (answered, matched, value) in sorted(rows.items(), key=lambda item: names.of(item[0])):
        each = value / matched if matched else Decimal(0)
        table.add_row(names.of(version), f"{answered:,}", f"{matched:,}", f"{value:,.0f}", f"{each:.2f}")
    return table


def incident_table(client: pomona.Client, names: Names) -> Table:
    """Every incident with its numbers."""
    table = Table(title="Incidents")
    for name in ("since", "kind", "what was seen", "how it ended"):
        table.add_column(name, overflow="fold")
    for incident in _oldest_first(client.incidents.list(endpoint=NAME)):
        ended = incident.close_reason or "still open: a person may look at it"
        seen = names.in_words(incident.summary)
        table.add_row(f"{incident.since:%d %b}", incident.kind, seen, names.in_words(ended))
    return table


def retraining_table(client: pomona.Client, names: Names) -> Table:
    """Every retraining: why it was started, what the gate said, what became of its canary."""
    verdicts = {
        release.candidate: release.verdict
        for release in client.releases.list(endpoint=NAME)
        if release.candidate is not None
    }
    table = Table(title="Retrainings")
    for name in ("when", "started by", "version", "the gate", "the canary"):
        table.add_column(name, overflow="fold")
    for reaction in _oldest_first(client.loop.reactions(endpoint=NAME)):
        if not reaction.fired or reaction.job is None:
            continue
        result = client.jobs.get(reaction.job).result or {}
        version = result.get("version")
        verdict = verdicts.get(version)
        table.add_row(
            f"{reaction.facts.as_of:%d %b}",
            reaction.trigger,
            names.of(version).removeprefix("model ") if version else "none",
            names.in_words(reaction.outcome_reason),
            f"{verdict.action.replace('_', ' ')}: {verdict.reason}" if verdict else "not started",
        )
    return table


def silence(client: pomona.Client) -> str:
    """How often the loop looked and did not act; each time it says why on its page."""
    held = sum(not reaction.fired for reaction in client.loop.reactions(endpoint=NAME))
    return f"{held} more times the loop looked and left the model alone: `pomona loop reactions` says why."


def _oldest_first(newest_first: Iterable) -> list:  # type: ignore[type-arg]
    return list(newest_first)[::-1]
