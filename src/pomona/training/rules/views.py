"""What people see of a run: a row, its inputs with a hint, its code, runs side by side."""

from collections.abc import Sequence

from pomona.training.code.records import BRANCH_TAG, COMMIT_TAG, DIFF_TAG, REPO_TAG, RunCode
from pomona.training.code.rules import all_the_same
from pomona.training.records.runs import (
    CODE_TAG,
    HYPOTHESIS_TAG,
    DatasetInput,
    Run,
    RunComparison,
    RunInput,
    RunSummary,
)

CONTEXT_TAG = "mlflow.data.context"


def summary(run: Run) -> RunSummary:
    """A run as a row of a table."""
    return RunSummary(
        id=run.id,
        name=run.name,
        experiment=run.experiment,
        user=run.user,
        status=run.status,
        state=run.state,
        started_at=run.started_at,
        ended_at=run.ended_at,
        hypothesis=run.tags.get(HYPOTHESIS_TAG),
        params=run.params,
        metrics={metric.key: metric.value for metric in run.metrics if metric.value == metric.value},
        tags=run.tags,
    )


def shown_input(item: DatasetInput) -> RunInput:
    """A dataset a run read; an unversioned one comes with the line that would have tied it down."""
    hint = None
    if item.data_version is None:
        hint = f"unversioned: mlflow.log_input(client.data.commit({item.name!r}, frame).to_mlflow())"
    context = item.tags.get(CONTEXT_TAG)
    return RunInput(
        name=item.name, digest=item.digest, context=context, data_version=item.data_version, hint=hint
    )


def code_of(run: Run | RunSummary) -> RunCode:
    """Where the run's code is, as its tags say."""
    return RunCode(
        digest=run.tags.get(CODE_TAG),
        git_commit=run.tags.get(COMMIT_TAG),
        git_branch=run.tags.get(BRANCH_TAG),
        git_repo=run.tags.get(REPO_TAG),
        source=run.tags.get("mlflow.source.name"),
        source_type=run.tags.get("mlflow.source.type"),
        diff=run.tags.get(DIFF_TAG),
    )


def side_by_side(runs: Sequence[RunSummary], codes: Sequence[RunCode]) -> RunComparison:
    """Runs next to one another: only params that differ, every metric, whether their code differs."""
    params = {key: [run.params.get(key) for run in runs] for run in runs for key in run.params}
    metrics = {key: [run.metrics.get(key) for run in runs] for run in runs for key in run.metrics}
    differing = {key: values for key, values in params.items() if len(set(values)) > 1}
    return RunComparison(
        runs=list(runs),
        code=list(codes),
        same_code=all_the_same(codes),
        params=dict(sorted(differing.items())),
        metrics=dict(sorted(metrics.items())),
    )
