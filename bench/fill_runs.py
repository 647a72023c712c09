"""Fills a home with many runs, through the store layer: ``python bench/fill_runs.py HOME --runs 500000``.

Each run has 40 values of 5 metrics, 6 params and 4 tags, so 500,000 runs hold 20 million values. Accuracy
depends on the learning rate (best near 0.01) and the depth, so that charts and importances have something
to show; the seed has no influence. The same ``--seed`` makes the same runs.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import insert

from pomona.app import open_app
from pomona.training.store import metrics, runs
from pomona.training.store.statements import insert_new

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pomona.core.ports import Transaction

FIRST_MS = 1_760_000_000_000
BETWEEN_MS = 12_000
STEPS = {"loss": 16, "val_loss": 16, "val_accuracy": 6, "lr_now": 1, "epoch_s": 1}
PARAMS = ("lr", "batch_size", "depth", "optimizer", "seed", "augment")
TAGS = ("mlflow.runName", "mlflow.user", "mlflow.source.name", "team")
PART = 5_000  # runs in one transaction
USERS, TEAMS, OPTIMIZERS = ("ada", "grace", "emmy"), ("risk", "vision", "search"), ("adam", "sgd", "lion")
_ADD_HISTORY, _ADD_LATEST = insert_new(metrics.history), insert_new(metrics.latest)


def fill(home: Path, *, count: int, homes: int, seed: int) -> None:
    """``count`` runs in ``homes`` experiments."""
    app = open_app(home)
    app.tracking.experiments.prepare()
    names = [f"sweep-{number:02d}" for number in range(homes)]
    found = [app.tracking.experiments.create(name) for name in names]
    numbers = [int(getattr(one, "id", one)) for one in found]
    ids = app.database.write(lambda tx: runs.key_ids(tx, [*STEPS, *PARAMS, *TAGS], {}))
    began = time.monotonic()
    for first in range(0, count, PART):
        app.database.write(part(first, min(PART, count - first), numbers, ids, seed))
        done, took = min(count, first + PART), time.monotonic() - began
        print(f"\r{done:,} of {count:,} runs, {done * sum(STEPS.values()):,} values, {took:.0f} s", end="")
    print()
    app.close()


def part(
    first: int, size: int, homes: list[int], ids: dict[str, int], seed: int
) -> Callable[[Transaction], None]:
    """The work that adds runs ``first`` to ``first + size``."""

    def work(tx: Transaction) -> None:
        random = np.random.default_rng([seed, first])
        numbers = range(first + 1, first + size + 1)
        chosen = drawn(random, size)
        tx.execute(insert(runs.runs), [_run(random, number, homes) for number in numbers])
        tx.execute(
            insert(runs.params),
            [row for n, p in zip(numbers, chosen, strict=True) for row in _pairs(n, p, ids)],
        )
        tx.execute(insert(runs.tags), [row for n in numbers for row in _pairs(n, _tags(n), ids)])
        history, latest = [], []
        for number, params in zip(numbers, chosen, strict=True):
            for name, values in curves(random, params).items():
                at = FIRST_MS + number * BETWEEN_MS
                rows = [
                    {
                        "run": number,
                        "key": ids[name],
                        "step": step,
                        "at_ms": at + step * 900,
                        "value": value,
                        "nan": False,
                    }
                    for step, value in enumerate(values)
                ]
                history += rows
                latest.append(rows[-1])
        tx.execute(_ADD_HISTORY, history)
        tx.execute(_ADD_LATEST, latest)

    return work


def drawn(random: np.random.Generator, size: int) -> list[dict[str, str]]:
    """Params as text, as clients log them."""
    return [
        {
            "lr": f"{10 ** random.uniform(-5, 0):.3g}",
            "batch_size": str(2 ** int(random.integers(4, 9))),
            "depth": str(int(random.integers(2, 13))),
            "optimizer": OPTIMIZERS[int(random.integers(3))],
            "seed": str(int(random.integers(1000))),
            "augment": "True",
        }
        for _ in range(size)
    ]


def curves(random: np.random.Generator, params: dict[str, str]) -> dict[str, list[float]]:
    """Each metric's values, step by step."""
    off = (np.log10(float(params["lr"])) + 2) / 3  # 0 at the best rate, 0.01
    best = 0.95 - 0.3 * off**2 - 0.01 * abs(int(params["depth"]) - 8) + random.normal(0, 0.01)
    steps = np.arange(16)
    loss = 1.2 - best + np.exp(-steps / 4) + random.normal(0, 0.03, 16)
    accuracy = best * (1 - np.exp(-(np.arange(6) + 1)))
    return {
        "loss": loss.tolist(),
        "val_loss": (loss + 0.08 + random.normal(0, 0.02, 16)).tolist(),
        "val_accuracy": accuracy.tolist(),
        "lr_now": [float(params["lr"])],
        "epoch_s": [float(random.gamma(3, 4))],
    }


def _run(random: np.random.Generator, number: int, homes: list[int]) -> dict[str, Any]:
    at = FIRST_MS + number * BETWEEN_MS
    run_id = random.bytes(16).hex()
    return {
        "id": number,
        "run_id": run_id,
        "experiment": homes[number % len(homes)],
        "name": f"trial-{number}",
        "user_id": USERS[number % 3],
        "status": "FAILED" if number % 33 == 0 else "FINISHED",
        "state": "active",
        "started_ms": at,
        "ended_ms": at + 20_000 + number % 977 * 100,
        "deleted_ms": None,
        "artifact_uri": f"mlflow-artifacts:/{homes[number % len(homes)]}/{run_id}/artifacts",
    }


def _tags(number: int) -> dict[str, str]:
    values = (f"trial-{number}", USERS[number % 3], "train.py", TEAMS[number % 7 % 3])
    return dict(zip(TAGS, values, strict=True))


def _pairs(number: int, values: dict[str, str], ids: dict[str, int]) -> Iterator[dict[str, Any]]:
    for name, value in values.items():
        yield {"run": number, "key": ids[name], "value": value}


def main() -> None:
    """Read the command line and fill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path, help="an empty folder; it becomes the home of `pomona up --home`")
    parser.add_argument("--runs", type=int, default=500_000)
    parser.add_argument("--experiments", type=int, default=40)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    fill(asked.home, count=asked.runs, homes=asked.experiments, seed=asked.seed)


if __name__ == "__main__":
    main()
