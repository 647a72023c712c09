"""Registering, verifying, aliases and the gate over a real store."""

import io
import math
from pathlib import Path

import pytest

from pomona.business.records import Hypothesis
from pomona.core.errors import Invalid, NotFound, Refused, Tampered
from pomona.data.records import DataVersion
from pomona.registry.records import GateCheck, ModelVersion, NewVersion, Score
from pomona.registry.service import RegistryService
from pomona.storage.ledger import SqlLedger
from pomona.training.records.runs import Metric
from pomona.training.rules.paths import ArtifactAddress
from pomona.training.service.tracking import TrackingService

MLMODEL = b"flavors:\n  python_function:\n    loader_module: x\n"


def trained(
    tracking: TrackingService, *, auc: float, tags: dict[str, str] | None = None, at: str = "model"
) -> str:
    run = tracking.start(tags=tags)
    tracking.log(run.id, metrics=[Metric(key="test_roc_auc", value=auc, timestamp=1)])
    for name, body in (("MLmodel", MLMODEL), ("requirements.txt", b"scikit-learn"), ("model.pkl", b"w")):
        tracking.artifacts.put(ArtifactAddress(root=run.id, path=f"{at}/{name}"), io.BytesIO(body))
    tracking.finish(run.id)
    return run.id


@pytest.fixture
def governed(tracking: TrackingService, registry: RegistryService, hypothesis: Hypothesis) -> ModelVersion:
    run = trained(tracking, auc=0.75, tags={"pomona.hypothesis": "late"})
    return registry.register("late", NewVersion(run_id=run))


def test_a_version_remembers_its_run_data_hypothesis_and_environment(
    tracking: TrackingService,
    registry: RegistryService,
    ledger: SqlLedger,
    hypothesis: Hypothesis,
    version: DataVersion,
) -> None:
    run = trained(tracking, auc=0.8, tags={"pomona.hypothesis": "late", "pomona.data_version": "flights@v1"})
    made = registry.register("late", NewVersion(run_id=run, description="first"))
    assert (made.number, made.run_id, made.data_version, made.hypothesis) == (
        1,
        run,
        version.id,
        hypothesis.id,
    )
    assert made.metrics == {"test_roc_auc": 0.8}
    assert made.environment == next(f.digest for f in made.files if f.path == "requirements.txt")
    links = {(link.source, link.relation, link.target) for link in ledger.links([run, made.id])}
    assert (run, "produced", made.id) in links
    assert (run, "used_environment", made.environment) in links
    assert (made.id, "belongs_to", made.model_id) in links
    told = ledger.entries(types=["registry.version_registered"])
    assert [entry.subject for entry in told] == [made.id]
    assert registry.versions_of_run(run)[0].id == made.id


def test_every_form_of_reference_finds_it(registry: RegistryService, governed: ModelVersion) -> None:
    registry.set_alias("late", "shadow", 1)
    for ref in (governed.id, "late/1", "models:/late/1", "late@shadow", "models:/late@shadow", "late"):
        assert registry.version(ref).id == governed.id
    with pytest.raises(NotFound, match="aliases: shadow"):
        registry.version("late@champion")
    with pytest.raises(NotFound):
        registry.version("late/2")


def test_one_of_several_models_of_a_run_must_be_named(
    tracking: TrackingService, registry: RegistryService
) -> None:
    run = trained(tracking, auc=0.8, at="one")
    tracking.artifacts.put(ArtifactAddress(root=run, path="two/MLmodel"), io.BytesIO(MLMODEL))
    with pytest.raises(Invalid, match="one, two"):
        registry.register("m", NewVersion(run_id=run))
    assert registry.register("m", NewVersion(run_id=run, path="two")).number == 1


def test_a_run_without_a_model_registers_nothing(
    tracking: TrackingService, registry: RegistryService
) -> None:
    run = tracking.start()
    with pytest.raises(NotFound, match="logged no model"):
        registry.register("m", NewVersion(run_id=run.id))
    with pytest.raises(Invalid, match="nothing to register"):
        registry.register("m", NewVersion())
    with pytest.raises(NotFound):
        registry.model("m")


def test_a_champion_needs_its_gate_and_the_ledger_keeps_who_forced_it(
    registry: RegistryService, ledger: SqlLedger, governed: ModelVersion
) -> None:
    with pytest.raises(Refused, match="gate was not checked"):
        registry.set_alias("late", "champion", 1)
    assert registry.champion("late") is None
    registry.set_alias("late", "champion", 1, force="demo without a hold-out")
    assert ledger.entries(types=["registry.alias_moved"])[0].data["reason"] == "demo without a hold-out"
    champion = registry.champion("late")
    assert champion is not None
    assert champion.id == governed.id
    registry.set_alias("late", "champion", 1)  # it is already


def test_the_gate_lets_the_first_one_pass_at_the_target_and_keeps_its_evidence(
    registry: RegistryService, ledger: SqlLedger, governed: ModelVersion, hypothesis: Hypothesis
) -> None:
    result = registry.check_gate("late/1")
    assert (result.passed, result.target, result.hypothesis) == (True, 0.7, hypothesis.id)
    assert registry.gates("late/1") == [result]
    assert registry.gate(result.id) == result
    links = {(link.relation, link.target) for link in ledger.links([result.id])}
    assert {("evidence", governed.id), ("tests", hypothesis.id)} <= links
    assert registry.set_alias("late", "champion", 1).aliases == ("champion",)


def test_a_worse_candidate_is_refused_and_may_not_become_champion(
    tracking: TrackingService, registry: RegistryService, governed: ModelVersion, version: DataVersion
) -> None:
    registry.check_gate("late/1")
    registry.set_alias("late", "champion", 1)
    run = trained(tracking, auc=0.72, tags={"pomona.hypothesis": "late"})
    registry.register("late", NewVersion(run_id=run))
    check = GateCheck(
        candidate=Score(metric="roc_auc", value=0.72, rows=900, data_version=version.id),
        champion=Score(metric="roc_auc", value=0.74, rows=900, data_version=version.id),
    )
    result = registry.check_gate("late/2", check)
    assert not result.passed
    assert "does not beat the champion's 0.74" in result.reason
    with pytest.raises(Refused, match="does not beat"):
        registry.set_alias("late", "champion", 2)
    champion = registry.champion("late")
    assert champion is not None
    assert champion.number == 1


def test_a_champion_that_was_not_scored_on_the_same_data_is_asked_for(
    tracking: TrackingService, registry: RegistryService, governed: ModelVersion
) -> None:
    registry.set_alias("late", "champion", 1, force="to begin with")
    registry.register("late", NewVersion(run_id=trained(tracking, auc=0.9)))
    with pytest.raises(Refused, match="not scored on the same data"):
        registry.check_gate("late/2", GateCheck(candidate=Score(metric="roc_auc", value=0.9)))


def test_what_could_not_be_measured_is_kept_as_such(
    registry: RegistryService, governed: ModelVersion
) -> None:
    check = GateCheck(candidate=Score(metric="roc_auc", value=float("nan")))
    result = registry.check_gate("late/1", check)
    assert (result.passed, result.candidate_score.value) == (False, None)
    assert registry.gates("late/1")[0].reason.endswith("nothing could be measured")


def test_an_unknown_metric_lists_the_known_ones(registry: RegistryService, governed: ModelVersion) -> None:
    with pytest.raises(Invalid, match=r"known: .*roc_auc"):
        registry.check_gate("late/1", GateCheck(metric="beauty"))


def test_a_gate_without_a_measurement_says_what_to_log(
    registry: RegistryService, governed: ModelVersion
) -> None:
    with pytest.raises(Refused, match="test_rmse"):
        registry.check_gate("late/1", GateCheck(metric="rmse"))


def test_changed_bytes_are_found(registry: RegistryService, governed: ModelVersion, folder: Path) -> None:
    assert registry.verify("late/1").files == 3
    digest = next(file.digest for file in governed.files if file.path == "model.pkl")
    blob = folder / "blobs" / digest[:2] / digest[2:]
    blob.chmod(0o644)
    blob.write_bytes(b"evil")
    with pytest.raises(Tampered, match=r"late/1: model\.pkl"):
        registry.verify("late/1")
    with pytest.raises(Tampered):
        registry.read(registry.file("late/1", "model.pkl"))


def test_models_are_paged_newest_first(tracking: TrackingService, registry: RegistryService) -> None:
    run = trained(tracking, auc=0.5)
    for name in ("a", "b", "c"):
        registry.register(name, NewVersion(run_id=run))
    first = registry.models(limit=2)
    rest = registry.models(limit=2, cursor=first.next_cursor)
    assert sorted(model.name for model in first.items + rest.items) == ["a", "b", "c"]
    assert first.items[0].latest == 1


def test_metrics_that_are_no_numbers_do_not_stop_a_registration(
    tracking: TrackingService, registry: RegistryService
) -> None:
    run = trained(tracking, auc=0.8)
    odd = [("loss", math.nan), ("gain", math.inf), ("cost", -math.inf)]
    tracking.log(run, metrics=[Metric(key=key, value=value, timestamp=1) for key, value in odd])
    made = registry.register("late", NewVersion(run_id=run))
    assert registry.version("late/1") == made
    assert "loss" not in made.metrics
    assert made.metrics["test_roc_auc"] == 0.8
    assert all(math.isfinite(value) for value in made.metrics.values())
