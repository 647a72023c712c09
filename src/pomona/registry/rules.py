"""What a reference names, what a name may be, and whether a version may become champion."""

import math
import re
from collections.abc import Iterable, Mapping

import msgspec
from blake3 import blake3

from pomona.core.errors import Invalid, Refused
from pomona.core.records import Record
from pomona.registry.records import Direction, GateDecision, ModelFile, ModelStage, Score

_ALIAS = re.compile(r"[\w\-]{1,255}")
_VERSION_ALIAS = re.compile(r"[vV]\d+")
_STAGES: dict[str, ModelStage] = {
    "none": "None",
    "staging": "Staging",
    "production": "Production",
    "archived": "Archived",
}
HOLD_OUT_PREFIXES = ("holdout_", "hold_out_", "test_", "eval_", "val_", "validation_", "")


class VersionRef(Record, frozen=True, kw_only=True):
    """What a reference to a version says: an id, or a model and a number, an alias or a stage."""

    id: str | None = None
    model: str = ""
    number: int | None = None
    alias: str | None = None
    stage: ModelStage | None = None


def parse_ref(ref: str) -> VersionRef:
    """``mv_...``, ``models:/name/3``, ``models:/name@champion``, ``name/3``, ``name@champion``, ``name``.

    >>> parse_ref("models:/scorer@champion").alias
    'champion'
    >>> parse_ref("scorer/3").number, parse_ref("scorer").alias
    (3, 'latest')

    Raises:
        Invalid: If it is none of these.
    """
    text = ref.removeprefix("models:/")
    if re.fullmatch(r"mv_[0-9a-z]{26}", text):
        return VersionRef(id=text)
    if "@" in text:
        model, _, alias = text.rpartition("@")
        if model and _ALIAS.fullmatch(alias):
            return VersionRef(model=model, alias=alias)
    elif "/" in text:
        model, _, which = text.rpartition("/")
        if model and re.fullmatch(r"[0-9]{1,9}", which):
            return VersionRef(model=model, number=int(which))
        if model and which.lower() == "latest":
            return VersionRef(model=model, alias="latest")
        if model and which.lower() in _STAGES:
            return VersionRef(model=model, stage=_STAGES[which.lower()])
    elif text:
        return VersionRef(model=text, alias="latest")
    raise Invalid(
        f"{ref!r} names no model version",
        hint="write name/3, name@champion, models:/name/3 or a version's id (mv_...)",
    )


def check_model_name(name: str) -> None:
    """Refuse names that could not be part of an address.

    Raises:
        Invalid: Naming what is wrong.
    """
    if not name.strip():
        raise Invalid("Missing value for required parameter 'name'.")
    if "/" in name or ":" in name:
        raise Invalid(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    if name in (".", "..") or "@" in name or len(name) > 256 or any(ord(c) < 32 for c in name):
        raise Invalid(f"Invalid model name '{name}'.", hint="at most 256 printable characters, no @")


def check_alias(alias: str) -> None:
    """Refuse aliases that are odd or mean something already (``latest``, ``v3``).

    Raises:
        Invalid: Naming what is wrong.
    """
    if not alias:
        raise Invalid("Registered model alias name cannot be empty.")
    if not _ALIAS.fullmatch(alias):
        raise Invalid(
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_),"
            " and dashes (-)."
        )
    if alias.lower() == "latest":
        raise Invalid("'latest' alias name (case insensitive) is reserved.")
    if _VERSION_ALIAS.fullmatch(alias):
        raise Invalid(f"Version alias name '{alias}' is reserved.")


def stage_named(stage: str) -> ModelStage:
    """The stage with this name, whatever its case.

    Raises:
        Invalid: If there is none.
    """
    found = _STAGES.get(stage.lower())
    if found is None:
        raise Invalid(
            f"Invalid Model Version stage: {stage}. Value must be one of {', '.join(_STAGES.values())}."
        )
    return found


def manifest_digest(files: Iterable[ModelFile]) -> str:
    """BLAKE3 root of a version: over path, digest and size of each file, sorted by path."""
    root = blake3()
    for file in sorted(files, key=lambda item: item.path):
        root.update(f"{file.path}\0{file.digest}\0{file.size}\n".encode())
    return root.hexdigest()


def logged_score(metrics: Mapping[str, float], metric: str) -> tuple[str, float]:
    """A version's own measurement of ``metric``: the hold-out one if its run logged one.

    >>> logged_score({"roc_auc": 0.9, "test_roc_auc": 0.8}, "roc_auc")
    ('test_roc_auc', 0.8)

    Raises:
        Refused: Listing what the run did log.
    """
    for prefix in HOLD_OUT_PREFIXES:
        if f"{prefix}{metric}" in metrics:
            return f"{prefix}{metric}", metrics[f"{prefix}{metric}"]
    raise Refused(
        f"no evidence: the version's run logged no {metric!r}",
        hint=f"log it as test_{metric}; the run logged: {', '.join(sorted(metrics)) or 'nothing'}",
    )


def decide_gate(
    candidate: Score,
    champion: Score | None,
    *,
    target: float | None,
    direction: Direction,
    minimum_improvement: float = 0.0,
    baseline: float | None = None,
) -> GateDecision:
    """May the candidate take the champion's place? Beat the champion on the same data; the first one
    must reach the hypothesis' target instead.

    A candidate that reaches the target but loses to the champion does not pass: it would cost what
    the champion earns. One that wins passes below the target too: it is the better of the two. One that
    is no better than the baseline never passes: then having no model is better than either.

    >>> a, b = Score(metric="rmse", value=2.0), Score(metric="rmse", value=3.0)
    >>> decide_gate(a, b, target=None, direction="lower").passed
    True

    Args:
        candidate, champion: The same metric on the same data; ``champion`` None if there is none yet.
        target: What the hypothesis wants; None if it is not known.
        direction: Which way is better.
        minimum_improvement: By how much the candidate must win; never negative.
        baseline: What is reached without any model; None if it is not known.
    """
    value = _finite(candidate)
    if value is None:
        return GateDecision(passed=False, reason=f"{_shown(candidate)}: nothing could be measured")
    sign = 1.0 if direction == "higher" else -1.0
    if baseline is not None and sign * (value - baseline) <= 0:
        reason = f"{_shown(candidate)} is no better than having no model (baseline {baseline:g})"
        return GateDecision(passed=False, reason=reason)
    reaches = target is not None and sign * (value - target) >= 0
    wish = "" if target is None else f"; target {target:g} {'reached' if reaches else 'not reached'}"
    if champion is None:
        why = wish.removeprefix("; ") or "no champion and no target to compare with"
        return GateDecision(passed=reaches or target is None, reason=f"{_shown(candidate)}, {why}")
    if (champion.metric, champion.data_version) != (candidate.metric, candidate.data_version):
        reason = f"not comparable: {_placed(candidate)}, but the champion has {_placed(champion)}"
        return GateDecision(passed=False, reason=f"{reason}; score both on the same data")
    before = _finite(champion)
    if before is None:
        reason = f"the champion could not be measured; {_shown(candidate)}"
        return GateDecision(passed=reaches, reason=reason + wish)
    passed, won = _beats(sign * (value - before), before, minimum_improvement)
    return GateDecision(passed=passed, reason=f"{_shown(candidate)} {won}{_noise(candidate)}{wish}")


def _beats(gain: float, before: float, minimum_improvement: float) -> tuple[bool, str]:
    needed = max(0.0, minimum_improvement)
    passed = gain > needed if needed == 0.0 else gain >= needed
    verb = "beats" if passed else "does not beat"
    margin = f" (needs {needed:g})" if needed else ""
    return passed, f"{verb} the champion's {before:.4g} by {gain:+.4g}{margin}"


def _finite(score: Score) -> float | None:
    return score.value if score.value is not None and math.isfinite(score.value) else None


def kept(score: Score) -> Score:
    """The score as it can be stored: JSON has no not-a-number."""
    return msgspec.structs.replace(score, value=_finite(score))


def check_champion(*, governed: bool, gate: GateDecision | None, force: str | None) -> None:
    """A version that tests a hypothesis becomes champion only past its gate, or by force with a reason.

    Raises:
        Refused: Naming the missing evidence.
        Invalid: If it is forced without a reason.
    """
    if force is not None:
        if len(force.strip()) < 3:
            raise Invalid("a forced champion needs a reason", hint="one that still makes sense in a year")
        return
    if not governed or (gate is not None and gate.passed):
        return
    missing = "its gate was not checked" if gate is None else f"its gate said no: {gate.reason}"
    raise Refused(
        f"this version may not become champion: {missing}",
        hint="check the gate (`pomona models gate`), or force it with a reason, which the ledger keeps",
    )


def _shown(score: Score) -> str:
    on = f" on {score.rows:,} rows" if score.rows else ""
    value = "unknown" if score.value is None else f"{score.value:.4g}"
    return f"{score.metric} {value}{on}"


def _placed(score: Score) -> str:
    return f"{_shown(score)} of {score.data_version}" if score.data_version else _shown(score)


def _noise(score: Score) -> str:
    if score.low is not None and score.high is not None:
        return f" [{score.low:.4g}, {score.high:.4g}]"
    return f" ± {score.standard_error:.2g}" if score.standard_error is not None else ""
