"""A run started by any MLflow client is tied to what it tests, read, ran and stood on."""

import msgspec
import pytest

from pomona.business.records import Hypothesis
from pomona.core.errors import NotFound
from pomona.data.records import DataVersion
from pomona.storage.ledger import SqlLedger
from pomona.training.records.runs import DatasetInput, Metric
from pomona.training.service.tracking import TrackingService


def links(ledger: SqlLedger, run: str) -> set[tuple[str, str]]:
    return {(link.relation, link.target) for link in ledger.links([run])}


def dataset(version: DataVersion, **changes: object) -> DatasetInput:
    plain = DatasetInput(name="flights", digest="1234abcd", source_type="code", source="{}")
    return msgspec.structs.replace(plain, **changes)


def test_a_run_tests_the_hypothesis_that_its_tag_names(
    tracking: TrackingService, ledger: SqlLedger, hypothesis: Hypothesis
) -> None:
    run = tracking.start(tags={"pomona.hypothesis": "late"})
    assert run.tags["pomona.hypothesis"] == hypothesis.id
    assert ("tests", hypothesis.id) in links(ledger, run.id)


def test_a_run_inherits_the_hypothesis_of_its_experiment(
    tracking: TrackingService, ledger: SqlLedger, hypothesis: Hypothesis
) -> None:
    experiment = tracking.experiments.create("exp", tags={"pomona.hypothesis": "late"})
    run = tracking.start(experiment)
    assert ("tests", hypothesis.id) in links(ledger, run.id)
    found = tracking.reports.page(hypothesis=hypothesis.id).items
    assert [item.id for item in found] == [run.id]


def test_a_hypothesis_that_does_not_exist_is_refused_and_no_run_starts(tracking: TrackingService) -> None:
    with pytest.raises(NotFound, match="no hypothesis named 'nope'"):
        tracking.start(tags={"pomona.hypothesis": "nope"})
    assert tracking.reports.page().items == []


def test_code_and_environment_are_linked_by_digest_or_commit(
    tracking: TrackingService, ledger: SqlLedger
) -> None:
    commit = "c0ffee" + "0" * 34
    run = tracking.start(
        tags={
            "mlflow.source.git.commit": commit,
            "pomona.code": "a" * 64,
            "pomona.environment": "b" * 64,
            "pomona.entry": "ent_1",
        }
    )
    assert links(ledger, run.id) == {
        ("used_code", f"git:{commit}"),
        ("used_code", "a" * 64),
        ("used_environment", "b" * 64),
        ("ran", "ent_1"),
    }


def test_tags_set_later_link_too(
    tracking: TrackingService, ledger: SqlLedger, hypothesis: Hypothesis
) -> None:
    run = tracking.start()
    tracking.log(run.id, tags=[("pomona.hypothesis", "late")])
    assert ("tests", hypothesis.id) in links(ledger, run.id)


@pytest.mark.parametrize("how", ["tag", "source", "address", "digest"])
def test_a_pomona_version_is_recognised(
    tracking: TrackingService, ledger: SqlLedger, version: DataVersion, how: str
) -> None:
    known = {
        "tag": {"tags": {"pomona.data_version": "flights@v1"}},
        "source": {"source": f'{{"version": "{version.id}"}}'},
        "address": {"source": "pomona:flights@v1"},
        "digest": {"digest": version.digest[:36]},
    }
    run = tracking.start()
    tracking.log_inputs(run.id, [dataset(version, **known[how])])
    assert tracking.run(run.id).inputs[0].data_version == version.id
    assert ("trained_on", version.id) in links(ledger, run.id)


def test_a_hold_out_is_linked_as_evaluated_on(
    tracking: TrackingService, ledger: SqlLedger, version: DataVersion
) -> None:
    run = tracking.start()
    tags = {"mlflow.data.context": "test"}
    tracking.log_inputs(run.id, [dataset(version, digest=version.digest[:36], tags=tags)])
    assert ("evaluated_on", version.id) in links(ledger, run.id)


def test_an_unknown_frame_is_kept_and_shown_as_unversioned(
    tracking: TrackingService, ledger: SqlLedger, version: DataVersion
) -> None:
    run = tracking.start()
    tracking.log_inputs(run.id, [dataset(version, source='{"version": "ver_00000000000000000000000000"}')])
    shown = tracking.reports.detail(run.id).inputs[0]
    assert shown.data_version is None
    assert str(shown.hint).startswith("unversioned:")
    assert links(ledger, run.id) == set()


def test_a_run_of_many_steps_shows_its_newest_values(tracking: TrackingService) -> None:
    run = tracking.start(name="long")
    for step in range(3):
        tracking.log(run.id, metrics=[Metric(key="loss", value=1.0 / (step + 1), timestamp=step, step=step)])
    tracking.finish(run.id)
    found = tracking.reports.detail(run.id)
    assert found.run.metrics == {"loss": 1.0 / 3}
    assert found.run.status == "FINISHED"
    assert found.experiment_name == "Default"
