"""What the ledger says about a version, part by part."""

from pomona.registry.cards.markdown import code, number, plain, table
from pomona.registry.cards.records import CardFacts, Section

_PARAMS = 60
_METRICS = 60
_COLUMNS = 80
SUMMARY = "*What does this model do, for whom? Nobody has written that yet.*"
USE = "*What may it be used for, and what not? Nobody has written that yet.*"
LIMITS = "*Where is it wrong, for whom is it unfair, what was it not tried on? Nobody has written that yet.*"
PLACEHOLDERS = {SUMMARY: "Summary", USE: "Intended use", LIMITS: "Known limits"}


def sections_of(facts: CardFacts) -> list[Section]:
    """Every part of a new card, in order."""
    described = facts.version.description.strip()
    return [
        Section(key="summary", title="", text=described or SUMMARY, generated=False),
        Section(key="use", title="Intended use", text=USE, generated=False),
        Section(key="idea", title="Why it exists", text=_idea(facts), generated=True),
        Section(key="data", title="Trained on", text=_data(facts), generated=True),
        Section(key="training", title="How it was trained", text=_training(facts), generated=True),
        Section(key="results", title="What it was measured to do", text=_results(facts), generated=True),
        Section(key="approvals", title="Who agreed", text=_approvals(facts), generated=True),
        Section(
            key="files", title="What it takes, and what it is made of", text=_files(facts), generated=True
        ),
        Section(key="limits", title="Known limits", text=LIMITS, generated=False),
    ]


def _idea(facts: CardFacts) -> str:
    idea = facts.hypothesis
    if idea is None:
        return "It tests no hypothesis."
    way = f"Measured by {code(idea.metric)} ({idea.direction} is better)"
    aim = f"{number(idea.baseline)} without it, {number(idea.target)} is the aim. It is {plain(idea.state)}."
    lines = [f"Hypothesis {code(idea.name)}: {plain(idea.statement)}", f"{way}: {aim}"]
    if idea.payoffs is not None:
        paid = idea.payoffs
        rows = [
            (
                "yes",
                f"{paid.true_positive} {plain(paid.currency)}",
                f"{paid.false_positive} {plain(paid.currency)}",
            ),
            (
                "no",
                f"{paid.false_negative} {plain(paid.currency)}",
                f"{paid.true_negative} {plain(paid.currency)}",
            ),
        ]
        lines.append(f"What an answer earns, each {plain(idea.unit)} (yes above {number(paid.threshold)}):")
        lines.append(table(["said", "came true", "did not"], rows))
    return "\n\n".join(lines)


def _data(facts: CardFacts) -> str:
    data = facts.data
    if data is None:
        return (
            f"Data version {code(facts.version.data_version)}."
            if facts.version.data_version
            else ("Its run does not say what it was trained on.")
        )
    rows = [
        ("version", f"{code(f'{data.dataset}@v{data.number}')} ({code(data.id)})"),
        ("digest", code(data.digest)),
        ("rows", f"{data.rows:,}"),
        ("columns", f"{len(data.schema):,}"),
        ("quality", plain(data.quality)),
    ]
    if data.since is not None and data.until is not None:
        rows.append(("from, to", f"{data.since:%Y-%m-%d}, {data.until:%Y-%m-%d}"))
    if facts.dataset is not None:
        rows.append(("purposes", plain(", ".join(facts.dataset.purposes) or "none declared")))
    return table(["", ""], rows)


def _training(facts: CardFacts) -> str:
    run = facts.run
    if run is None:
        outside = facts.version.outside
        return f"Elsewhere: {plain(outside.origin)}" if outside else "No run is known."
    rows = [("run", f"{code(run.name)} ({code(run.id)})"), ("status", plain(run.status))]
    if run.ended_at is not None:
        rows.append(("took", f"{(run.ended_at - run.started_at).total_seconds():,.0f} s"))
    rows += [
        (title, code(run.tags[tag]))
        for tag, title in (
            ("mlflow.source.name", "source"),
            ("mlflow.source.git.commit", "commit"),
            ("pomona.code", "code snapshot"),
        )
        if run.tags.get(tag)
    ]
    params = sorted(run.params.items())
    shown = table(["parameter", "value"], [(code(name), plain(value)) for name, value in params[:_PARAMS]])
    more = f"{len(params) - _PARAMS} more parameters." if len(params) > _PARAMS else ""
    return "\n\n".join(part for part in (table(["", ""], rows), shown, more) if part)


def _results(facts: CardFacts) -> str:
    metrics = sorted(facts.version.metrics.items())
    shown = table(["metric", "value"], [(code(name), number(value)) for name, value in metrics[:_METRICS]])
    parts = [shown or "Its run measured nothing."]
    for gate in facts.gates[:3]:
        said = "passed" if gate.passed else "refused"
        parts.append(f"Gate on {gate.at:%Y-%m-%d}: **{said}**. {plain(gate.reason)}.")
    if not facts.gates:
        parts.append("The gate was not asked yet.")
    return "\n\n".join(parts)


def _approvals(facts: CardFacts) -> str:
    found = facts.standing
    said = [item for item in found.statements if item.kind != "requested"][:10]
    state = found.missing or (
        f"Approved by {', '.join(found.approved_by)}." if found.approved_by else "No approval is asked for."
    )
    rows = [(f"{item.at:%Y-%m-%d}", plain(item.by), item.kind, plain(item.comment)) for item in said]
    return "\n\n".join(
        part
        for part in (f"{plain(state[:1].upper() + state[1:])}", table(["", "who", "said", "why"], rows))
        if part
    )


def _files(facts: CardFacts) -> str:
    version = facts.version
    rows = [
        ("registered", f"{version.created_at:%Y-%m-%d %H:%M} UTC by {plain(version.created_by or '?')}"),
        ("kind", plain(", ".join(version.flavors))),
        ("digest", code(version.digest)),
        ("files", f"{len(version.files):,}, {version.size:,} bytes"),
    ]
    if facts.seal is not None:
        rows.append(("sealed by key", code(facts.seal.key)))
    sides = [("takes", version.signature.inputs), ("answers", version.signature.outputs)]
    columns = [
        (side, code(column.name), plain(column.type) + ("" if column.required else ", may be missing"))
        for side, found in sides
        for column in found[:_COLUMNS]
    ]
    packages = [(code(name), plain(asked)) for name, asked in sorted(facts.packages.items())[:_COLUMNS]]
    parts = (
        table(["", ""], rows),
        table(["", "column", "type"], columns),
        table(["package", "version"], packages),
    )
    return "\n\n".join(part for part in parts if part)
