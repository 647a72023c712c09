"""``pomona hypothesis``: state one, list them, decide."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from pomona.cli.console import Json, Limit, client, done, show_one, show_rows

if TYPE_CHECKING:
    from pomona.business.records import Budget, Payoffs

app = typer.Typer(no_args_is_help=True, help="Hypotheses: why a project exists, and go / kill decisions.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="A short name, e.g. flight-delay.")],
    statement: Annotated[str, typer.Option(help="If we do X, then Y, because Z.")],
    metric: Annotated[str, typer.Option(help="The metric that shows it, e.g. value_per_prediction.")],
    baseline: Annotated[float, typer.Option(help="What the metric is without the model.")],
    target: Annotated[float, typer.Option(help="What it must reach.")],
    right: Annotated[float | None, typer.Option(help="Money for a right warning (true positive).")] = None,
    wrong: Annotated[float | None, typer.Option(help="Money for a false warning (usually negative).")] = None,
    threshold: Annotated[float, typer.Option(help="Warn above this probability.")] = 0.5,
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "EUR",
    unit: Annotated[str, typer.Option(help="What one scored thing is called.")] = "prediction",
    owner: Annotated[str | None, typer.Option(help="Who answers for the budget.")] = None,
    days: Annotated[int | None, typer.Option(help="Budget: days until a decision is due.")] = None,
    money: Annotated[float, typer.Option(help="Budget: money.")] = 0.0,
) -> None:
    """State a hypothesis.

    Example: pomona hypothesis create flight-delay --statement "If we warn before late flights ..."
    --metric value_per_prediction --baseline 0 --target 1.5 --right 40 --wrong -15 --threshold 0.4
    """
    with client() as pomona:
        made = pomona.hypotheses.create(
            name,
            statement=statement,
            metric=metric,
            baseline=baseline,
            target=target,
            payoffs=_payoffs(right, wrong, threshold=threshold, currency=currency),
            unit=unit,
            budget=_budget(owner, days, money=money, currency=currency),
        )
    done(f"hypothesis {made.name} ({made.id})")


def _payoffs(
    right: float | None, wrong: float | None, *, threshold: float, currency: str
) -> "Payoffs | None":
    from pomona.business.records import Payoffs
    from pomona.core.errors import Invalid

    if right is None and wrong is None:
        return None
    if right is None or wrong is None:
        raise Invalid("payoffs need both --right and --wrong", hint="e.g. --right 40 --wrong -15")
    return Payoffs(
        true_positive=Decimal(str(right)),
        false_positive=Decimal(str(wrong)),
        threshold=threshold,
        currency=currency,
    )


def _budget(owner: str | None, days: int | None, *, money: float, currency: str) -> "Budget | None":
    from pomona.business.records import Budget
    from pomona.core.errors import Invalid
    from pomona.core.records import Money

    if owner is None and days is None:
        return None
    if owner is None or days is None:
        hint = "e.g. --owner ann --days 10 --money 5000"
        raise Invalid("a budget needs both --owner and --days", hint=hint)
    return Budget(owner=owner, days=days, money=Money(amount=Decimal(str(money)), currency=currency))


@app.command("ls")
def list_(limit: Limit = 50, json: Json = False) -> None:
    """List hypotheses, newest first."""
    with client() as pomona:
        show_rows(
            pomona.hypotheses.list(limit=limit),
            [
                ("name", lambda h: h.name),
                ("state", lambda h: h.state),
                ("metric", lambda h: h.metric),
                ("baseline", lambda h: h.baseline),
                ("target", lambda h: h.target),
                ("statement", lambda h: h.statement),
            ],
            json=json,
            empty="no hypothesis yet: `pomona hypothesis create --help` shows how to state one",
        )


@app.command()
def show(ref: Annotated[str, typer.Argument(help="Id or name.")], json: Json = False) -> None:
    """Show a hypothesis and the decisions about it."""
    with client() as pomona:
        show_one(pomona.hypotheses.get(ref), json=json)
        if not json:
            show_rows(
                pomona.hypotheses.decisions(ref),
                [
                    ("decided", lambda d: d.at),
                    ("verdict", lambda d: d.verdict),
                    ("by", lambda d: d.by),
                    ("reason", lambda d: d.reason),
                ],
                json=False,
                empty="no decision yet: `pomona hypothesis decide` records one",
            )


@app.command()
def decide(
    ref: Annotated[str, typer.Argument(help="Id or name.")],
    verdict: Annotated[str, typer.Argument(help="go, kill or pivot.")],
    reason: Annotated[str, typer.Option(help="Why; it should still make sense in a year.")],
    evidence: Annotated[
        list[str] | None, typer.Option(help="Id of a record it rests on; repeatable.")
    ] = None,
) -> None:
    """Decide about a hypothesis.

    Example: pomona hypothesis decide flight-delay go --reason "AUC .74 on held-out weeks" --evidence RUN_ID
    """
    from pomona.core.errors import Invalid

    if verdict not in ("go", "kill", "pivot"):
        raise Invalid(f"unknown verdict {verdict!r}", hint="go, kill or pivot")
    with client() as pomona:
        made = pomona.hypotheses.decide(ref, verdict, reason=reason, evidence=evidence or ())  # type: ignore[arg-type]
    done(f"decision {made.verdict} ({made.id})")
