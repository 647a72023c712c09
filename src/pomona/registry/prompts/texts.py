"""Use cases of people who write prompts: list, read, add, compare, see what used them."""

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Database, Transaction
from pomona.core.records import Page
from pomona.registry.prompts import rules, store
from pomona.registry.prompts.comparing import diff_of
from pomona.registry.prompts.records import (
    PROMPT_TAG,
    NewPromptVersion,
    Prompt,
    PromptDiff,
    PromptRow,
    PromptTag,
    PromptText,
    PromptUses,
    PromptVersion,
)
from pomona.registry.prompts.service import PromptService
from pomona.registry.prompts.templates import check_free_tags, tags_of, text_of
from pomona.registry.prompts.using import uses_of
from pomona.training.records.search import Comparison, SortKey

_SOURCE = "prompt-template"


class PromptTexts:
    """Prompts as texts. Wherever one is named, its id (``prm_...``) does as well."""

    def __init__(self, database: Database, prompts: PromptService) -> None:
        self._database = database
        self._prompts = prompts

    def page(
        self, *, text: str = "", sort: str = "-updated", cursor: str | None = None, limit: int = 50
    ) -> Page[PromptRow]:
        """Prompts whose name holds ``text``, with their newest versions.

        Raises:
            Invalid: If ``sort`` is neither ``name`` nor ``updated`` (a ``-`` before it turns it round).
        """
        offset, limit = rules.offset_of(cursor), rules.checked_limit(limit)
        keys = {"name": "name", "updated": "last_updated_timestamp"}
        if sort.removeprefix("-") not in keys:
            raise Invalid(f"prompts cannot be sorted by {sort!r}", hint="by name or by updated")
        key = SortKey(
            entity="attribute", key=keys[sort.removeprefix("-")], ascending=not sort.startswith("-")
        )
        named = [Comparison(entity="attribute", key="name", op="ILIKE", value=f"%{text}%")] if text else []

        def read(tx: Transaction) -> Page[PromptRow]:
            found, more = store.search(tx, named, [key], limit=limit, offset=offset)
            newest = store.newest_of(tx, [one.id for one in found])
            rows = [PromptRow(prompt=one, newest=_text(newest.get(one.id))) for one in found]
            return Page(items=rows, next_cursor=str(offset + limit) if more else None)

        return self._database.read(read)

    def get(self, ref: str) -> Prompt:
        """A prompt, by its name or id.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: store.named(tx, ref))

    def versions(self, ref: str, *, cursor: str | None = None, limit: int = 50) -> Page[PromptText]:
        """The versions of a prompt, newest first.

        Raises:
            NotFound: If there is no such prompt.
        """
        limit, below = rules.checked_limit(limit), rules.offset_of(cursor) if cursor else None

        def read(tx: Transaction) -> Page[PromptText]:
            found = store.versions_below(tx, store.named(tx, ref).id, below, limit=limit + 1)
            more = str(found[limit - 1].number) if len(found) > limit else None
            return Page(items=[text_of(one) for one in found[:limit]], next_cursor=more)

        return self._database.read(read)

    def version(self, ref: str, which: str) -> PromptText:
        """One version, by its number or an alias (``latest``: the newest).

        Raises:
            NotFound: If there is no such prompt, version or alias.
        """
        return text_of(self._database.read(lambda tx: _version(tx, ref, which)))

    def version_with_id(self, version_id: str) -> PromptText:
        """One version, by its id ``prv_...``.

        Raises:
            NotFound: If there is none.
        """
        found = self._database.read(lambda tx: store.find_version(tx, version_id))
        if found is None:
            raise NotFound(f"no version of a prompt {version_id}", hint="`pomona prompts ls` lists prompts")
        return text_of(found)

    def add(self, name: str, new: NewPromptVersion) -> PromptText:
        """The next version of a prompt, which is created if it is new.

        Raises:
            Invalid: If the name, the template or a tag breaks a rule.
            Conflict: If a model has the name.
        """
        tags = tags_of(new)
        rules.check_tags(tags)
        if not self._prompts.is_prompt(name):
            self._prompts.create(name, tags={PROMPT_TAG: "true"})
        return text_of(self._prompts.add_version(name, source=_SOURCE, description=new.message, tags=tags))

    def tag(self, name: str, change: PromptTag) -> None:
        """Set or remove a tag of a prompt or a version.

        Raises:
            NotFound: If there is no such prompt or version.
            Invalid: If the tag is part of the prompt itself, or breaks a rule.
        """
        check_free_tags({change.key: change.value or ""})
        if change.value is None:
            self._prompts.drop_tag(name, change.key, number=change.number)
        else:
            self._prompts.set_tag(name, change.key, change.value, number=change.number)

    def diff(self, ref: str, before: str, after: str) -> PromptDiff:
        """How one version differs from another one, each by number or alias.

        Raises:
            NotFound: If there is no such prompt, version or alias.
        """
        old, new = self._database.read(lambda tx: [_version(tx, ref, which) for which in (before, after)])
        return diff_of(text_of(old), text_of(new))

    def uses(self, ref: str, which: str) -> PromptUses:
        """Which runs, traces and logged models used a version.

        Raises:
            NotFound: If there is no such prompt, version or alias.
        """
        return self._database.read(lambda tx: uses_of(tx, _version(tx, ref, which)))


def _text(version: PromptVersion | None) -> PromptText | None:
    return None if version is None else text_of(version)


def _version(tx: Transaction, ref: str, which: str) -> PromptVersion:
    prompt = store.named(tx, ref)
    if which.isdecimal() and len(which) < 10:
        return store.version(tx, prompt, int(which))
    number = prompt.latest if which.lower() == "latest" else prompt.aliases.get(which)
    if number is None:
        known = ", ".join(prompt.aliases) or "none"
        raise NotFound(f"no version of {prompt.name} goes by {which!r}", hint=f"its aliases: {known}")
    return store.version(tx, prompt, number)
