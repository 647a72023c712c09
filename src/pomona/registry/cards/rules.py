"""Composing a card, and refreshing what the ledger wrote without touching what people wrote."""

import re
from collections.abc import Sequence
from typing import Any

import yaml
from blake3 import blake3

from pomona.core.errors import Invalid
from pomona.registry.cards.records import CardFacts, Section
from pomona.registry.cards.sections import PLACEHOLDERS, sections_of

MOST_CHARACTERS = 400_000
_OWN = ("library_name", "datasets", "metrics", "model-index", "pomona")
_BLOCK = re.compile(
    r"^<!-- pomona:(?P<key>[a-z]+) (?P<digest>[0-9a-f]{8}) -->\n(?P<text>.*?)\n<!-- /pomona:(?P=key) -->$",
    re.MULTILINE | re.DOTALL,
)
_ALIAS = re.compile(r"(?:^|[\s\[{,:-])[&*]\w", re.MULTILINE)
_MARK = re.compile(r"^<!-- /?pomona:[a-z]+(?: [0-9a-f]{8})? -->\n?", re.MULTILINE)


def compose(facts: CardFacts) -> str:
    """A new card."""
    parts = [f"# {facts.version.model} v{facts.version.number}"]
    for section in sections_of(facts):
        if section.title:
            parts.append(f"## {section.title}")
        parts.append(block(section) if section.generated else section.text)
    return joined(header_of(facts), "\n\n".join(parts) + "\n")


def block(section: Section) -> str:
    """A generated part between its comments; they hold its digest, so that an edit shows."""
    text = section.text.strip()
    return f"<!-- pomona:{section.key} {_digest(text)} -->\n{text}\n<!-- /pomona:{section.key} -->"


def refreshed(text: str, facts: CardFacts) -> str:
    """A card with everything that the ledger wrote as it would write it today; the rest as it is."""
    header, body = parted(text)
    fresh = {section.key: section for section in sections_of(facts) if section.generated}

    def renewed(match: re.Match[str]) -> str:
        section = fresh.get(match["key"])
        whole = _digest(match["text"].strip()) == match["digest"]
        return block(section) if section is not None and whole else match["text"]

    return joined({**header, **header_of(facts, header)}, _BLOCK.sub(renewed, body))


def settled(text: str) -> str:
    """A card as it was sent: parts between comments that were edited lose the comments, and so are kept.

    Raises:
        Invalid: If it is too long, or its header is no YAML mapping.
    """
    if len(text) > MOST_CHARACTERS:
        raise Invalid(f"the card is longer than {MOST_CHARACTERS:,} characters", hint="link to the rest")
    if any(ord(character) < 32 and character not in "\n\t" for character in text.replace("\r\n", "\n")):
        raise Invalid("the card has control characters", hint="send text")
    header, body = parted(text.replace("\r\n", "\n"))

    def kept(match: re.Match[str]) -> str:
        whole = _digest(match["text"].strip()) == match["digest"]
        return match[0] if whole else match["text"]

    return joined(header, _BLOCK.sub(kept, body))


def exported(text: str) -> str:
    """A card as a README for others, without the comments."""
    return _MARK.sub("", text)


def unwritten(text: str) -> tuple[str, ...]:
    """Titles of the parts that people are asked for and have not written."""
    return tuple(title for placeholder, title in PLACEHOLDERS.items() if placeholder in text)


def parted(text: str) -> tuple[dict[str, Any], str]:
    """A card's YAML header and the Markdown behind it.

    Raises:
        Invalid: If the header is no YAML mapping.
    """
    if not text.startswith("---\n"):
        return {}, text
    head, mark, body = text[4:].partition("\n---\n")
    if not mark:
        raise Invalid("the card's header has no end", hint="a line with --- ends it")
    if len(head) > 20_000 or _ALIAS.search(head):
        raise Invalid(
            "the card's header has aliases, or is too long", hint="plain YAML, under 20,000 characters"
        )
    try:
        found = yaml.safe_load(head)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Invalid("the card's header is no YAML", hint=str(error).splitlines()[0][:200]) from error
    if found is not None and not isinstance(found, dict):
        raise Invalid("the card's header is no mapping", hint="lines of `name: value`")
    return {str(name): value for name, value in (found or {}).items()}, body


def joined(header: dict[str, Any], body: str) -> str:
    """Header and Markdown as one text."""
    head = yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=110) if header else ""
    return f"---\n{head}---\n{body}" if head else body


def header_of(facts: CardFacts, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """The keys of the header that the ledger writes; of ``tags`` those that are there stay.

    References:
        https://huggingface.co/docs/hub/model-cards
    """
    version = facts.version
    flavors = [name for name in version.flavors if name != "python_function"]
    given = (known or {}).get("tags")
    tags = [str(tag) for tag in given] if isinstance(given, list) else []
    named = facts.data.dataset if facts.data is not None else None
    found: dict[str, Any] = {
        "library_name": flavors[0] if flavors else "pyfunc",
        "tags": [*tags, *(tag for tag in ("pomona", *flavors) if tag not in tags)],
    }
    if named:
        found["datasets"] = [named]
    if version.metrics:
        found["metrics"] = sorted(version.metrics)[:30]
        found["model-index"] = [_results(facts, named)]
    found["pomona"] = {
        name: value
        for name, value in (
            ("model", version.model),
            ("version", version.number),
            ("id", version.id),
            ("digest", version.digest),
            ("run", version.run_id),
            ("data_version", version.data_version),
            ("hypothesis", facts.hypothesis.name if facts.hypothesis else None),
            ("key", facts.seal.key if facts.seal else None),
        )
        if value is not None
    }
    return found


def _results(facts: CardFacts, dataset: str | None) -> dict[str, Any]:
    named = {"name": dataset or "unversioned data", "type": dataset or "unknown"}
    if facts.data is not None:
        named["revision"] = facts.data.digest
    values = [
        {"type": name.split("_", 1)[1] if name.startswith("test_") else name, "name": name, "value": value}
        for name, value in sorted(facts.version.metrics.items())[:30]
    ]
    result = {"task": {"type": "tabular-classification"}, "dataset": named, "metrics": values}
    if not any("roc" in name or "accuracy" in name or "log_loss" in name for name in facts.version.metrics):
        result["task"] = {"type": "other"}
    return {"name": facts.version.model, "results": [result]}


def headings(text: str) -> Sequence[str]:
    """The titles of a card's parts, in order."""
    return re.findall(r"^## (.+)$", text, re.MULTILINE)


def _digest(text: str) -> str:
    return blake3(text.encode()).hexdigest()[:8]
