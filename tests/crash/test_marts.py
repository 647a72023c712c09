"""`kill -9` while marts are built: each version is there whole or not at all, and nothing is built twice."""

import random
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from victim import Victim

from pomona.sdk.client import Client, connect

ROUNDS = 6
ROWS = 60_000
SQL = """
select l.id, l.seen, l.customer, p.amount as last_paid
from loans l asof left join payments p on p.customer = l.customer and l.seen >= p.paid_at
"""


def hours(values: np.ndarray) -> pa.Array:
    return pa.array((values * 3_600_000_000).astype("int64")).cast(pa.timestamp("us", "UTC"))


def payments(round_: int) -> pa.Table:
    rng = np.random.default_rng(7)
    amounts = rng.random(ROWS)
    amounts[: 50 * (round_ + 1)] += round_ + 1
    return pa.table(
        {
            "pid": np.arange(ROWS),
            "customer": rng.integers(0, 900, ROWS),
            # No two at the same moment: which of them counts would be anybody's choice.
            "paid_at": hours(rng.integers(0, 4000, ROWS) + np.arange(ROWS) / ROWS),
            "amount": amounts,
        }
    )


def loans() -> pa.Table:
    rng = np.random.default_rng(8)
    size = ROWS // 2
    seen = hours(rng.integers(1000, 5000, size))
    return pa.table({"id": np.arange(size), "customer": rng.integers(0, 900, size), "seen": seen})


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_killed_builds_leave_whole_versions_and_are_finished_by_the_next_worker(tmp_path: Path) -> None:
    victim, chance = Victim(tmp_path / "home"), random.Random(2026)
    victim.up()
    try:
        with connect(home=victim.home) as client:
            client.data.create("loans", key=["id"], time_column="seen")
            client.data.create("payments", key=["pid"], time_column="paid_at")
            client.data.commit("loans", loans())
            client.data.commit("payments", payments(0))
            client.marts.create("features", SQL, key=["id"], time_column="seen", rebuild="on_inputs")
            client.marts.build("features")
        for round_ in range(1, ROUNDS + 1):
            with connect(home=victim.home) as client:
                client.data.commit("payments", payments(round_), as_of=datetime(2026, 1, round_, tzinfo=UTC))
            time.sleep(chance.uniform(0.0, 2.5))
            victim.kill()
            victim.up()
        with connect(home=victim.home) as client:
            client.settle(timeout_s=180)
            check(client)
    finally:
        victim.stop()


def check(client: Client) -> None:
    """The newest version equals the SQL run anew; each version has one build and all its links."""
    made = [one for one in client.data.versions("features") if one.record.mode != "rebase"]
    builds = [one for one in client.marts.builds("features") if one.state == "built"]
    assert len(builds) == len({one.version for one in builds}) == len(made)
    newest = client.data.read("features").sort_by("id")
    anew = client.data.sql(SQL).sort_by("id")
    assert newest.select(["id", "last_paid"]).to_pydict() == anew.select(["id", "last_paid"]).to_pydict()
    assert newest.num_rows == ROWS // 2
    for version in made:
        assert version.to_arrow().num_rows == ROWS // 2
    assert not client.marts.get("features").stale
    assert builds[0].inputs[1].ref.startswith("payments@v")
    for build in builds:
        nodes = {node.id for node in client.trace(build.version).nodes}
        assert {one.version for one in build.inputs} | {build.id} <= nodes
