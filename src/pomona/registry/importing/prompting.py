"""Taking over prompts: in MLflow they are registered models with a tag, their texts are tags of versions."""

import msgspec

from pomona.core.errors import Conflict, PomonaError
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.registry_events import PromptAliasMoved, PromptCreated, PromptVersionCreated
from pomona.registry import rules as registry_rules
from pomona.registry import store as shelf
from pomona.registry.importing import rules, store
from pomona.registry.importing.counting import Counting
from pomona.registry.importing.records import OldRegistered, OldVersion
from pomona.registry.prompts import rules as prompt_rules
from pomona.registry.prompts import store as prompts
from pomona.registry.prompts.records import Prompt, PromptVersion
from pomona.sql import from_us


class Prompting:
    """Takes prompts over, with their versions under their numbers."""

    def __init__(self, database: Database, clock: Clock, counting: Counting) -> None:
        self._database = database
        self._clock = clock
        self._counting = counting

    def take(self, old: OldRegistered) -> None:
        """Every version that is not here yet, or has changed there since."""
        try:
            registry_rules.check_model_name(old.name)
            prompt_rules.check_tags(old.tags)
            self._database.write(lambda tx: self._home(tx, old))
        except PomonaError as error:
            if error.status >= 500:
                raise
            self._counting.left.add(f"prompts: {error.detail}", old.name)
            return
        for version in old.versions:
            try:
                self._database.write(lambda tx, version=version: self._version(tx, old.name, version))  # type: ignore[misc]
            except PomonaError as error:
                if error.status >= 500:
                    raise
                self._counting.left.add(
                    f"versions of prompts: {error.detail}", f"{old.name}/{version.number}"
                )
        self._database.write(lambda tx: self._aliases(tx, old))

    def _home(self, tx: Transaction, old: OldRegistered) -> None:
        if prompts.find(tx, old.name) is not None:
            return
        if shelf.find_model(tx, old.name) is not None:
            raise prompt_rules.taken(old.name, wanted="prompt", by="registered model")
        made_at = from_us(old.created_ms * 1000)
        prompt = Prompt(
            id=new_id("prm", self._clock.now()),
            name=old.name,
            description=old.description,
            created_at=made_at,
            updated_at=made_at,
        )
        prompts.prompts.insert(tx, prompt)
        prompts.set_tags(tx, prompt.id, old.tags)
        tx.emit(PromptCreated(subject=prompt.id, name=old.name))
        self._counting.keep(tx, prompts=1)

    def _version(self, tx: Transaction, name: str, old: OldVersion) -> None:
        what, mark = rules.prompt_name(name, old), (rules.version_mark(old), "")
        before = store.marks(tx, [what]).get(what)
        if before == mark:
            return
        prompt_rules.check_tags(old.tags)
        owner = prompts.get(tx, name)
        here = prompts.find_number(tx, owner, old.number)
        if here is not None and before is None:
            raise Conflict("another one has this number here", hint="import into a home without it")
        if here is None:
            here = self._added(tx, owner, old)
        else:
            prompts.versions.replace(tx, msgspec.structs.replace(here, description=old.description))
        prompts.set_tags(tx, here.id, old.tags)
        store.mark(tx, {what: mark})

    def _added(self, tx: Transaction, owner: Prompt, old: OldVersion) -> PromptVersion:
        made_at = from_us(old.created_ms * 1000)
        made = PromptVersion(
            id=new_id("prv", self._clock.now()),
            prompt=owner.name,
            prompt_id=owner.id,
            number=old.number,
            source=old.source,
            run_id=old.run_id,
            description=old.description,
            created_at=made_at,
            updated_at=made_at,
            created_by=old.tags.get("mlflow.user", ""),
        )
        prompts.versions.insert(tx, made)
        tx.emit(PromptVersionCreated(subject=made.id, prompt=owner.name, number=made.number))
        self._counting.keep(tx, prompt_versions=1)
        return made

    def _aliases(self, tx: Transaction, old: OldRegistered) -> None:
        """Those that are not here: who moved one here, meant it."""
        prompt = prompts.find(tx, old.name)
        for alias, number in old.aliases.items():
            if prompt is not None and alias not in prompt.aliases and prompts.find_number(tx, prompt, number):
                prompts.move_alias(tx, prompt.id, alias, number)
                tx.emit(PromptAliasMoved(subject=prompt.id, prompt=old.name, alias=alias, number=number))
