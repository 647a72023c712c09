"""Editing what stands in the registry: names, descriptions, tags, stages; deleting."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from pomona.core.errors import Invalid
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.registry_events import AliasMoved, ModelCreated, ModelVersionTagged, StageMoved
from pomona.registry import rules, store
from pomona.registry.approvals.store import check_approved
from pomona.registry.records import ModelStage, ModelVersion, RegisteredModel
from pomona.training.rules.limits import check_length, check_name

_MAX_TAG = 100_000


class Shelf:
    """Models and versions as things with a label; their files never change."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(
        self, name: str, *, description: str = "", tags: Mapping[str, str] | None = None
    ) -> RegisteredModel:
        """A new model, without a version yet.

        Raises:
            Invalid: If the name breaks a rule.
            Conflict: If it is taken.
        """
        rules.check_model_name(name)
        _check_tags(tags or {})

        def add(tx: Transaction) -> RegisteredModel:
            store.check_free(tx, name)
            model = self.ensure(tx, name, description=description)
            store.set_tags(tx, store.model_tags, model.id, tags or {})
            return store.model(tx, name)

        return self._database.write(add)

    def ensure(self, tx: Transaction, name: str, *, description: str = "") -> RegisteredModel:
        """The model with this name, created if it is new."""
        found = store.find_model(tx, name)
        if found is not None:
            return found
        store.check_free(tx, name)
        now = self._clock.now()
        model = RegisteredModel(
            id=new_id("mdl", now), name=name, description=description, created_at=now, updated_at=now
        )
        tx.emit(ModelCreated(subject=model.id, name=name))
        return store.models.insert(tx, model)

    def touch(self, tx: Transaction, model: RegisteredModel, at: datetime) -> RegisteredModel:
        """Note that a model changed."""
        return store.models.replace(tx, msgspec.structs.replace(model, updated_at=at))

    def describe(self, name: str, description: str) -> RegisteredModel:
        """Change a model's description."""
        return self._change_model(name, description=description)

    def rename(self, name: str, new_name: str) -> RegisteredModel:
        """Give a model another name; its versions follow.

        Raises:
            Conflict: If the name is taken.
        """
        rules.check_model_name(new_name)
        return self._change_model(name, name=new_name)

    def _change_model(self, old_name: str, **values: str) -> RegisteredModel:
        def work(tx: Transaction) -> RegisteredModel:
            model = store.model(tx, old_name)
            if values.get("name", old_name) != old_name:
                store.check_free(tx, values["name"])
            changed = msgspec.structs.replace(model, **values)
            self.touch(tx, changed, self._clock.now())
            return store.model(tx, changed.name)

        return self._database.write(work)

    def delete(self, name: str) -> None:
        """Take a model and its versions off the shelf; the name is free again.

        Versions are still found by id, so that what they did stays explainable.
        """

        def work(tx: Transaction) -> None:
            owner = store.model(tx, name)
            for version in store.versions_of(tx, owner.id):
                self._delete(tx, owner, version)
            store.clear_model(tx, owner.id)
            now = self._clock.now()
            gone = msgspec.structs.replace(owner, name=f"{name} (deleted {owner.id})", deleted_at=now)
            self.touch(tx, gone, now)

        self._database.write(work)

    def set_model_tag(self, name: str, key: str, value: str) -> None:
        """Add or overwrite a tag of a model."""
        _check_tags({key: value})
        self._database.write(
            lambda tx: store.set_tags(tx, store.model_tags, store.model(tx, name).id, {key: value})
        )

    def drop_model_tag(self, name: str, key: str) -> None:
        """Remove a tag of a model."""
        self._database.write(lambda tx: store.drop_tag(tx, store.model_tags, store.model(tx, name).id, key))

    def describe_version(self, name: str, number: int, description: str) -> ModelVersion:
        """Change a version's description."""
        return self._change_version(name, number, description=description)

    def move_stage(self, name: str, number: int, stage: str, *, archive_others: bool = False) -> ModelVersion:
        """Move a version to a stage; ``archive_others``: those already there leave for the archive.

        Raises:
            Invalid: If there is no such stage, or others cannot be archived from it.
            Refused: If it is Production, and approvals are missing.
        """
        wanted = rules.stage_named(stage)
        if archive_others and wanted not in ("Staging", "Production"):
            raise Invalid(
                "Model version transition cannot archive existing model versions because "
                f"'{stage}' is not an Active stage. Valid stages are ['Staging', 'Production']"
            )

        def work(tx: Transaction) -> ModelVersion:
            owner, version = store.version_named(tx, name, number)
            if wanted == "Production" != version.stage:
                check_approved(tx, version, what="Production")
            for other in store.versions_of(tx, owner.id) if archive_others else ():
                if other.number != number and other.stage == wanted:
                    self._move(tx, other, "Archived")
            self._move(tx, version, wanted)
            self.touch(tx, owner, self._clock.now())
            return store.version(tx, owner, number)

        return self._database.write(work)

    def _move(self, tx: Transaction, version: ModelVersion, stage: ModelStage) -> None:
        self._replace(tx, msgspec.structs.replace(version, stage=stage))
        if version.stage != stage:
            tx.emit(
                StageMoved(
                    subject=version.id,
                    model=version.model,
                    number=version.number,
                    stage=stage,
                    was=version.stage,
                )
            )

    def delete_version(self, name: str, number: int) -> None:
        """Drop a version from the shelf; its number is not given out again."""

        def work(tx: Transaction) -> None:
            owner, version = store.version_named(tx, name, number)
            self._delete(tx, owner, version)
            self.touch(tx, owner, self._clock.now())

        self._database.write(work)

    def _delete(self, tx: Transaction, owner: RegisteredModel, version: ModelVersion) -> None:
        for alias in store.drop_aliases_of(tx, owner.id, version.number):
            tx.emit(AliasMoved(subject=version.id, model=owner.name, alias=alias, number=None))
        self._replace(tx, msgspec.structs.replace(version, status="deleted", aliases=()))

    def set_version_tag(self, name: str, number: int, key: str, value: str) -> None:
        """Add or overwrite a tag of a version."""
        _check_tags({key: value})

        def work(tx: Transaction) -> None:
            version = _version_id(tx, name, number)
            store.set_tags(tx, store.version_tags, version, {key: value})
            tx.emit(ModelVersionTagged(subject=version, model=name, number=number, key=key, value=value))

        self._database.write(work)

    def drop_version_tag(self, name: str, number: int, key: str) -> None:
        """Remove a tag of a version."""

        def work(tx: Transaction) -> None:
            version = _version_id(tx, name, number)
            store.drop_tag(tx, store.version_tags, version, key)
            tx.emit(ModelVersionTagged(subject=version, model=name, number=number, key=key, value=None))

        self._database.write(work)

    def _change_version(self, name: str, number: int, **values: str) -> ModelVersion:
        def work(tx: Transaction) -> ModelVersion:
            owner, version = store.version_named(tx, name, number)
            self._replace(tx, msgspec.structs.replace(version, **values))
            return store.version(tx, owner, number)

        return self._database.write(work)

    def _replace(self, tx: Transaction, version: ModelVersion) -> None:
        store.versions.replace(tx, msgspec.structs.replace(version, updated_at=self._clock.now()))


def _version_id(tx: Transaction, name: str, number: int) -> str:
    return store.version_named(tx, name, number)[1].id


def _check_tags(tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        check_name(key, "key")
        check_length("key", key, 250)
        check_length("value", value, _MAX_TAG)
