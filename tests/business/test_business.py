"""Stage 1: a hypothesis can be tested or is refused; decisions close it; all of it is in the ledger."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pomona.business.records import Budget, Hypothesis, NewDecision, NewHypothesis, Payoffs
from pomona.business.rules import check_hypothesis, state_after
from pomona.core.errors import Conflict, Invalid, NotFound
from pomona.core.records import Money
from pomona.sdk.client import Client, connect

GOOD = {
    "name": "flight-delay",
    "statement": "If we warn passengers of late flights, fewer miss connections",
    "metric": "value_per_prediction",
    "baseline": 0.0,
    "target": 1.0,
    "payoffs": Payoffs(true_positive=Decimal(40), false_positive=Decimal(-15), threshold=0.4),
}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with connect(home=tmp_path / "home") as client:
        yield client


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "No Spaces"}, "name"),
        ({"statement": "short"}, "statement"),
        ({"metric": "vibes"}, "metric"),
        ({"target": 0.0}, "target"),
        ({"target": float("nan")}, "target"),
        ({"direction": "lower"}, "direction"),
        ({"payoffs": None}, "payoffs"),
        ({"payoffs": Payoffs(true_positive=Decimal(1), false_positive=Decimal(0), threshold=1.5)}, "payoffs"),
        ({"budget": Budget(owner="ann", days=0, money=Money(amount=Decimal(1)))}, "budget"),
    ],
)
def test_what_could_never_be_tested_is_refused(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_hypothesis(NewHypothesis(**(GOOD | change)))  # type: ignore[arg-type]
    assert refused.value.extra == {"field": field}
    assert refused.value.hint


def test_lower_is_better_where_the_metric_says_so() -> None:
    new = NewHypothesis(**(GOOD | {"metric": "log_loss", "baseline": 0.7, "target": 0.5}))  # type: ignore[arg-type]
    assert check_hypothesis(new) == "lower"


def test_a_killed_hypothesis_takes_no_more_decisions() -> None:
    assert state_after("open", NewDecision(verdict="go", reason="it works")) == "go"
    assert state_after("go", NewDecision(verdict="kill", reason="it does not")) == "killed"
    with pytest.raises(Conflict):
        state_after("killed", NewDecision(verdict="go", reason="again"))
    with pytest.raises(Invalid):
        state_after("open", NewDecision(verdict="go", reason="  "))


def test_a_hypothesis_comes_back_as_it_was_stated(client: Client) -> None:
    made = client.hypotheses.create(**GOOD)  # type: ignore[arg-type]
    assert isinstance(made, Hypothesis)
    assert client.hypotheses.get("flight-delay") == client.hypotheses.get(made.id) == made
    assert made.payoffs == GOOD["payoffs"]
    assert list(client.hypotheses.list()) == [made]


def test_a_name_is_taken_once(client: Client) -> None:
    client.hypotheses.create(**GOOD)  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="flight-delay"):
        client.hypotheses.create(**GOOD)  # type: ignore[arg-type]


def test_a_decision_changes_the_state_and_links_its_evidence(client: Client) -> None:
    made = client.hypotheses.create(**GOOD)  # type: ignore[arg-type]
    run = "a" * 32
    decision = client.hypotheses.decide(made.name, "go", reason="0.7 AUC on held-out weeks", evidence=[run])
    assert client.hypotheses.get(made.id).state == "go"
    assert list(client.hypotheses.decisions(made.id)) == [decision]
    links = client.session.call("GET", f"/api/v1/links/{decision.id}").body.decode()
    assert made.id in links
    assert run in links


def test_an_unknown_hypothesis_is_not_found(client: Client) -> None:
    for ref in ("hyp_nothing", "nothing"):
        with pytest.raises(NotFound) as missing:
            client.hypotheses.get(ref)
        assert missing.value.hint
