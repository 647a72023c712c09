"""Use cases of the registry: register, look up, verify, move aliases, check the gate."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import BinaryIO

import msgspec

from pomona.business.service import BusinessService
from pomona.core.actors import current_actor
from pomona.core.errors import Invalid, NotFound
from pomona.core.ids import kind_of, new_id
from pomona.core.keys import SigningKeys
from pomona.core.ports import Blobs, Clock, Database, Ledger, Transaction
from pomona.core.records import Page
from pomona.core.registry_events import AliasMoved, ModelVersionRegistered
from pomona.registry import rules, store
from pomona.registry.approvals.store import check_approved
from pomona.registry.gate import Gatekeeper
from pomona.registry.intake import Intake, Taken, is_version_source
from pomona.registry.mlmodel import MlModel
from pomona.registry.records import (
    CHAMPION,
    GateCheck,
    GateDecision,
    GateResult,
    ModelDetail,
    ModelFile,
    ModelVersion,
    NewVersion,
    RegisteredModel,
    Seal,
    Verified,
    VersionDetail,
)
from pomona.registry.resolving import champion_of, resolve
from pomona.registry.seals.service import Sealer
from pomona.registry.search import Search
from pomona.registry.shelf import Shelf
from pomona.registry.strangers import judged, tell_of_code
from pomona.training.service.tracking import TrackingService


class RegistryService:
    """Models and their versions.

    ``shelf`` edits descriptions, tags and stages; ``search`` finds; ``seals`` signs and checks.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        clock: Clock,
        ledger: Ledger,
        business: BusinessService,
        tracking: TrackingService,
        keys: SigningKeys,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._ledger = ledger
        self._intake = Intake(blobs, tracking)
        self._gate = Gatekeeper(database, clock, business)
        self.shelf = Shelf(database, clock)
        self.search = Search(database)
        self.seals = Sealer(database, blobs, clock, keys)

    def register(self, model: str, new: NewVersion) -> ModelVersion:
        """Make what a run logged the next version of ``model``, which is created if it is new.

        Raises:
            NotFound: If the run or the address does not exist.
            Invalid: If what is there is no model; nothing is stored then.
        """
        rules.check_model_name(model)
        self.seals.begin()
        if new.source is not None:
            taken = self.take(new.source, run_id=new.run_id)
        elif new.run_id is not None:
            taken = self._intake.from_run(new.run_id, new.path)
        else:
            raise Invalid("nothing to register", hint="name a run (run_id=...) or an address (source=...)")
        taken = judged(self._database, self._blobs, taken)
        return self._database.write(
            lambda tx: self.add(
                tx, self.shelf.ensure(tx, model), taken, description=new.description, tags=new.tags
            )
        )

    def register_source(
        self,
        model: str,
        source: str,
        *,
        run_id: str | None = None,
        model_id: str | None = None,
        description: str = "",
        run_link: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> ModelVersion:
        """As ``register``, for a model that exists already: how the MLflow protocol does it.

        Raises:
            NotFound: If the model or the address does not exist.
            Invalid: If what is there is no model.
        """
        rules.check_model_name(model)
        self._database.read(lambda tx: store.model(tx, model))  # which goes before what the source lacks
        self.seals.begin()
        taken = judged(self._database, self._blobs, self.take(source, run_id=run_id, model_id=model_id))
        return self._database.write(
            lambda tx: self.add(
                tx,
                store.model(tx, model),
                taken,
                description=description,
                run_link=run_link,
                tags=tags or {},
            )
        )

    def take(self, source: str, *, run_id: str | None = None, model_id: str | None = None) -> Taken:
        """What stands at an address, checked to be a model."""
        if not is_version_source(source):
            return self._intake.from_source(source, run_id=run_id, model_id=model_id)
        known, _ = self.sealed(source)
        return Taken(
            files=known.files,
            about=MlModel(flavors=known.flavors, signature=known.signature),
            run_id=known.run_id,
            logged_model=known.logged_model,
            source=f"models:/{known.model}/{known.number}",
            metrics=known.metrics,
            data_version=known.data_version,
            hypothesis=known.hypothesis,
            environment=known.environment,
            outside=known.outside,
            run_user=known.run_user or known.created_by,  # who made it may not approve a copy either
        )

    def add(
        self,
        tx: Transaction,
        model: RegisteredModel,
        taken: Taken,
        *,
        description: str = "",
        run_link: str = "",
        tags: Mapping[str, str],
        number: int | None = None,
        made_at: datetime | None = None,
    ) -> ModelVersion:
        """Store the next version, its links and its event.

        ``number`` (which must be free) and ``made_at`` are for versions that were made elsewhere.
        """
        version = msgspec.structs.replace(
            self._made(taken, model, number=number or store.next_number(tx, model.id), made_at=made_at),
            description=description,
            run_link=run_link,
            tags=dict(tags),
        )
        store.versions.insert(tx, version)
        self.seals.seal(tx, version)
        store.set_tags(tx, store.version_tags, version.id, tags)
        self.shelf.touch(tx, model, version.updated_at)
        _link(tx, version)
        tx.emit(
            ModelVersionRegistered(
                subject=version.id, model=model.name, number=version.number, run=version.run_id
            )
        )
        tell_of_code(tx, version)
        return version

    def _made(
        self, taken: Taken, model: RegisteredModel, *, number: int, made_at: datetime | None
    ) -> ModelVersion:
        now = self._clock.now()
        return ModelVersion(
            id=new_id("mv", now),
            model=model.name,
            model_id=model.id,
            number=number,
            run_id=taken.run_id,
            logged_model=taken.logged_model,
            source=taken.source,
            files=tuple(sorted(taken.files, key=lambda file: file.path)),
            digest=rules.manifest_digest(taken.files),
            size=sum(file.size for file in taken.files),
            flavors=taken.about.flavors,
            signature=taken.about.signature,
            metrics=taken.metrics,
            data_version=taken.data_version,
            hypothesis=taken.hypothesis,
            environment=taken.environment,
            outside=taken.outside,
            run_user=taken.run_user,
            created_at=made_at or now,
            updated_at=now,
            created_by=current_actor(),
        )

    def version(self, ref: str) -> ModelVersion:
        """The version that a reference names: ``mv_...``, ``models:/name/3``, ``name@champion``, ``name``.

        Raises:
            NotFound: If there is none.
            Invalid: If it is no reference.
        """
        wanted = rules.parse_ref(ref)
        return self._database.read(lambda tx: resolve(tx, wanted))

    def champion(self, model: str) -> ModelVersion | None:
        """The version that serves, or None if none was chosen yet (or the model does not exist)."""
        return self._database.read(lambda tx: champion_of(tx, model))

    def models(self, *, cursor: str | None = None, limit: int = 50) -> Page[RegisteredModel]:
        """Models, newest first."""

        def read(tx: Transaction) -> Page[RegisteredModel]:
            page = store.models.page(tx, store.models.c.deleted_at.is_(None), cursor=cursor, limit=limit)
            return Page(items=store.models_now(tx, page.items), next_cursor=page.next_cursor)

        return self._database.read(read)

    def model(self, name: str) -> RegisteredModel:
        """The model with this name.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: store.model(tx, name))

    def newest_by_stage(self, models: Sequence[RegisteredModel]) -> list[list[ModelVersion]]:
        """Of each model the newest version in each stage that one is in, the highest number first."""
        found = self._database.read(lambda tx: store.newest_by_stage(tx, [model.id for model in models]))
        return [found[model.id] for model in models]

    def detail(self, ref: str) -> ModelDetail:
        """A model by name or id, all its versions and what the gate said about them."""

        def read(tx: Transaction) -> ModelDetail:
            model = store.model_with_id(tx, ref) if kind_of(ref) == "mdl" else store.model(tx, ref)
            said = store.gates.all(
                tx, store.gates.c.model == model.name, order_by=[store.gates.c.id.desc()], limit=100
            )
            return ModelDetail(model=model, versions=store.versions_of(tx, model.id), gates=said)

        return self._database.read(read)

    def version_detail(self, ref: str) -> VersionDetail:
        """A version, its gate results and its links in the ledger."""
        version = self.version(ref)
        return VersionDetail(
            version=version,
            gates=self.gates(version.id),
            links=self._ledger.links([version.id]),
            seal=self.seals.find(version.id),
        )

    def set_alias(self, model: str, alias: str, number: int, *, force: str | None = None) -> ModelVersion:
        """Let ``alias`` name version ``number``.

        A version that tests a hypothesis becomes ``champion`` only past its gate, or by ``force``
        (the reason, which the ledger keeps).

        Raises:
            NotFound: If there is no such version.
            Invalid: If the alias is odd or reserved.
            Refused: If the gate has not let it pass, or approvals are missing; no force helps there.
        """
        rules.check_alias(alias)

        def work(tx: Transaction) -> ModelVersion:
            version = store.version(tx, store.model(tx, model), number)
            if alias == CHAMPION and CHAMPION not in version.aliases:
                gate = store.latest_gate(tx, version.id)
                said = GateDecision(passed=gate.passed, reason=gate.reason) if gate else None
                rules.check_champion(governed=version.hypothesis is not None, gate=said, force=force)
                check_approved(tx, version, what=CHAMPION)
            self.move_alias(tx, model, alias, number, reason=force or "")
            return store.version(tx, store.model(tx, model), number)

        return self._database.write(work)

    def move_alias(self, tx: Transaction, model: str, alias: str, number: int, *, reason: str = "") -> None:
        """Let ``alias`` name version ``number``, in the caller's transaction, past no gate.

        Raises:
            NotFound: If there is no such version.
        """
        owner = store.model(tx, model)
        version = store.version(tx, owner, number)
        if owner.aliases.get(alias) == number:
            return
        store.move_alias(tx, owner.id, alias, number)
        tx.emit(AliasMoved(subject=version.id, model=model, alias=alias, number=number, reason=reason))

    def remove_alias(self, model: str, alias: str) -> None:
        """Take an alias away; nothing happens if it is not there."""

        def work(tx: Transaction) -> None:
            owner = store.model(tx, model)
            if store.drop_alias(tx, owner.id, alias):
                tx.emit(AliasMoved(subject=owner.id, model=model, alias=alias, number=None))

        self._database.write(work)

    def check_approved(self, version: ModelVersion) -> None:
        """Refuse a version that lacks the approvals its model asks for.

        Raises:
            Refused: Saying what is missing.
        """
        self._database.read(lambda tx: check_approved(tx, version, what=CHAMPION))

    def check_gate(self, ref: str, check: GateCheck | None = None) -> GateResult:
        """Ask the gate whether a version may become champion; the answer and its evidence are kept.

        Raises:
            NotFound: If the version or hypothesis does not exist.
            Invalid: If the metric is unknown; lists the known ones.
            Refused: If there is no measurement to decide on.
        """
        version = self.version(ref)
        return self._gate.check(version, self.champion(version.model), check or GateCheck())

    def gates(self, ref: str) -> list[GateResult]:
        """What the gate said about a version, newest first."""
        version = self.version(ref)
        where, order = store.gates.c.version == version.id, [store.gates.c.id.desc()]
        return self._database.read(lambda tx: store.gates.all(tx, where, order_by=order))

    def gate(self, gate_id: str) -> GateResult:
        """One gate result.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: store.gates.get(tx, gate_id))

    def file(self, ref: str, path: str) -> ModelFile:
        """One file of a version that may be loaded.

        Raises:
            NotFound: If the version has no such file.
            Tampered: If version or file are not what was registered.
        """
        version, _ = self.sealed(ref)
        for file in version.files:
            if file.path == path:
                self.seals.file(version, file)
                return file
        raise NotFound(f"{version.model}/{version.number} has no file {path!r}", hint="its page lists them")

    def open(self, file: ModelFile) -> BinaryIO:
        """A file's bytes as a stream."""
        return self._blobs.open(file.digest)

    def read(self, file: ModelFile) -> bytes:
        """A file's bytes, verified against its digest."""
        return self._blobs.get(file.digest)

    def sealed(self, ref: str) -> tuple[ModelVersion, Seal]:
        """A version that may be loaded, and its seal: both were checked.

        Raises:
            Tampered: If it is not what was registered.
        """
        version = self.version(ref)
        return version, self.seals.of(version)

    def verify(self, ref: str) -> Verified:
        """Check a version's seal and hash every file of it again.

        Raises:
            Tampered: Naming what is not as it was registered.
        """
        return self.seals.verify(self.version(ref))

    def versions_of_run(self, run_id: str) -> Sequence[ModelVersion]:
        """Versions registered from a run."""
        found, _ = self.search.versions(filter=f"run_id = '{run_id}'", limit=100)
        return found


def _link(tx: Transaction, version: ModelVersion) -> None:
    tx.link(version.id, "belongs_to", version.model_id)
    if version.run_id:
        tx.link(version.run_id, "produced", version.id)
        if version.environment:
            tx.link(version.run_id, "used_environment", version.environment[:64])
