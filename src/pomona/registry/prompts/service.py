"""Use cases of prompts: create, add versions, tag, name by alias, find, delete."""

from collections.abc import Mapping, Sequence

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.registry_events import PromptAliasMoved, PromptCreated, PromptTagged, PromptVersionCreated
from pomona.registry import rules as registry_rules
from pomona.registry import store as registry_store
from pomona.registry.prompts import rules, store
from pomona.registry.prompts.records import Prompt, PromptVersion
from pomona.training.records.search import Comparison, SortKey
from pomona.training.rules.paging import check_page_size


class PromptService:
    """Prompts share the registry's names with models, and nothing else: no file, no gate, no stage."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def is_prompt(self, name: str) -> bool:
        """Whether a prompt has this name."""
        return self._database.read(lambda tx: store.find(tx, name)) is not None

    def create(self, name: str, *, description: str = "", tags: Mapping[str, str] | None = None) -> Prompt:
        """A new prompt, without a version yet.

        Raises:
            Invalid: If the name or a tag breaks a rule.
            Conflict: If a prompt or a model has the name.
        """
        registry_rules.check_model_name(name)
        rules.check_tags(tags or {})
        now = self._clock.now()
        prompt = Prompt(
            id=new_id("prm", now), name=name, description=description, created_at=now, updated_at=now
        )

        def add(tx: Transaction) -> Prompt:
            if store.find(tx, name) is not None:
                raise Conflict(f"Prompt (name={name}) already exists.")
            if registry_store.find_model(tx, name) is not None:
                raise rules.taken(name, wanted="prompt", by="registered model")
            store.prompts.insert(tx, prompt)
            store.set_tags(tx, prompt.id, tags or {})
            tx.emit(PromptCreated(subject=prompt.id, name=name))
            return store.get(tx, name)

        return self._database.write(add)

    def get(self, name: str) -> Prompt:
        """The prompt with this name.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: store.get(tx, name))

    def describe(self, name: str, description: str) -> Prompt:
        """Change a prompt's description."""
        return self._change(name, description=description)

    def rename(self, name: str, new_name: str) -> Prompt:
        """Give a prompt another name.

        Raises:
            Conflict: If the name is taken.
        """
        registry_rules.check_model_name(new_name)
        return self._change(name, name=new_name)

    def _change(self, old_name: str, **values: str) -> Prompt:
        def work(tx: Transaction) -> Prompt:
            prompt = store.get(tx, old_name)
            wanted = values.get("name", old_name)
            if wanted != old_name and store.find(tx, wanted) is not None:
                raise Conflict(f"Prompt (name={wanted}) already exists.")
            if wanted != old_name and registry_store.find_model(tx, wanted) is not None:
                raise rules.taken(wanted, wanted="prompt", by="registered model")
            changed = msgspec.structs.replace(prompt, updated_at=self._clock.now(), **values)
            store.prompts.replace(tx, changed)
            return store.get(tx, wanted)

        return self._database.write(work)

    def delete(self, name: str) -> None:
        """Drop a prompt with all its versions."""
        self._database.write(lambda tx: store.remove(tx, store.get(tx, name)))

    def add_version(
        self,
        name: str,
        *,
        source: str,
        description: str = "",
        run_id: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> PromptVersion:
        """The next version of a prompt.

        Raises:
            NotFound: If there is no such prompt.
            Invalid: If the source or a tag breaks a rule.
        """
        rules.check_source(source)
        rules.check_tags(tags or {})
        now = self._clock.now()

        def add(tx: Transaction) -> PromptVersion:
            prompt = store.get(tx, name)
            made = PromptVersion(
                id=new_id("prv", now),
                prompt=name,
                prompt_id=prompt.id,
                number=store.next_number(tx, prompt.id),
                source=source,
                run_id=run_id,
                description=description,
                created_at=now,
                updated_at=now,
                created_by=current_actor(),
            )
            store.versions.insert(tx, made)
            store.set_tags(tx, made.id, tags or {})
            store.prompts.replace(tx, msgspec.structs.replace(prompt, updated_at=now))
            tx.emit(PromptVersionCreated(subject=made.id, prompt=name, number=made.number))
            return store.version(tx, prompt, made.number)

        return self._database.write(add)

    def version(self, name: str, number: int) -> PromptVersion:
        """One version of a prompt.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: store.version(tx, store.get(tx, name), number))

    def aliased(self, name: str, alias: str) -> PromptVersion | None:
        """The version that an alias names (``latest``: the newest); None if it names none."""

        def read(tx: Transaction) -> PromptVersion | None:
            prompt = store.get(tx, name)
            number = prompt.latest if alias.lower() == "latest" else prompt.aliases.get(alias)
            return None if number is None else store.version(tx, prompt, number)

        return self._database.read(read)

    def newest(self, prompts: Sequence[Prompt]) -> list[PromptVersion | None]:
        """The newest version of each; None where there is none."""
        found = self._database.read(lambda tx: store.newest_of(tx, [prompt.id for prompt in prompts]))
        return [found.get(prompt.id) for prompt in prompts]

    def describe_version(self, name: str, number: int, description: str) -> PromptVersion:
        """Change a version's description."""

        def work(tx: Transaction) -> PromptVersion:
            prompt = store.get(tx, name)
            found = store.version(tx, prompt, number)
            now = self._clock.now()
            store.versions.replace(
                tx, msgspec.structs.replace(found, description=description, updated_at=now)
            )
            return store.version(tx, prompt, number)

        return self._database.write(work)

    def delete_version(self, name: str, number: int) -> None:
        """Drop a version, with the aliases that name it."""

        def work(tx: Transaction) -> None:
            prompt = store.get(tx, name)
            found = store.version(tx, prompt, number)
            for alias in store.drop_aliases(tx, prompt.id, store.aliases.c.number == number):
                tx.emit(PromptAliasMoved(subject=prompt.id, prompt=name, alias=alias, number=None))
            store.remove_version(tx, found)

        self._database.write(work)

    def set_tag(self, name: str, key: str, value: str, *, number: int | None = None) -> None:
        """Add or overwrite a tag of a prompt, or of one of its versions."""
        rules.check_tags({key: value})

        def work(tx: Transaction) -> None:
            owner = _owner(tx, name, number)
            store.set_tags(tx, owner, {key: value})
            tx.emit(PromptTagged(subject=owner, prompt=name, number=number, key=key, value=value))

        self._database.write(work)

    def drop_tag(self, name: str, key: str, *, number: int | None = None) -> None:
        """Remove a tag of a prompt, or of one of its versions; nothing happens if it is not there."""

        def work(tx: Transaction) -> None:
            owner = _owner(tx, name, number)
            if store.drop_tag(tx, owner, key):
                tx.emit(PromptTagged(subject=owner, prompt=name, number=number, key=key, value=None))

        self._database.write(work)

    def set_alias(self, name: str, alias: str, number: int) -> None:
        """Let an alias name a version.

        Raises:
            NotFound: If there is no such version.
            Invalid: If the alias is odd or reserved.
        """
        registry_rules.check_alias(alias)

        def work(tx: Transaction) -> None:
            prompt = store.get(tx, name)
            store.version(tx, prompt, number)
            store.move_alias(tx, prompt.id, alias, number)
            tx.emit(PromptAliasMoved(subject=prompt.id, prompt=name, alias=alias, number=number))

        self._database.write(work)

    def remove_alias(self, name: str, alias: str) -> None:
        """Take an alias away; nothing happens if it is not there."""

        def work(tx: Transaction) -> None:
            prompt = store.get(tx, name)
            for gone in store.drop_aliases(tx, prompt.id, store.aliases.c.alias == alias):
                tx.emit(PromptAliasMoved(subject=prompt.id, prompt=name, alias=gone, number=None))

        self._database.write(work)

    def search(
        self, conditions: Sequence[Comparison], order: Sequence[SortKey], *, limit: int, offset: int
    ) -> tuple[list[Prompt], int | None]:
        """One page of prompts, by name, and the offset of the next page."""
        check_page_size(limit, most=1000)
        found, more = self._database.read(
            lambda tx: store.search(tx, conditions, order, limit=limit, offset=offset)
        )
        return found, offset + limit if more else None

    def search_versions(
        self, conditions: Sequence[Comparison], order: Sequence[SortKey], *, limit: int, offset: int
    ) -> tuple[list[PromptVersion], int | None]:
        """One page of versions, newest first, and the offset of the next page."""
        check_page_size(limit, most=200_000)
        found, more = self._database.read(
            lambda tx: store.search_versions(tx, conditions, order, limit=limit, offset=offset)
        )
        return found, offset + limit if more else None


def _owner(tx: Transaction, name: str, number: int | None) -> str:
    prompt = store.get(tx, name)
    return prompt.id if number is None else store.version(tx, prompt, number).id
