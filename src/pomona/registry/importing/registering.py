"""Taking over the registry: models and versions under their names and numbers, tags, stages, aliases.

Models from elsewhere are strangers: one whose files run code when it is loaded (a pickle, say) stays out
unless somebody answers for it, and then the ledger keeps who and why.
"""

import msgspec

from pomona.core.errors import Invalid, NotFound, PomonaError
from pomona.core.ports import Blobs, Database, Transaction
from pomona.registry import rules as registry_rules
from pomona.registry import store as shelf
from pomona.registry.importing import rules, store
from pomona.registry.importing.counting import Counting
from pomona.registry.importing.door import Files
from pomona.registry.importing.records import OldRegistered, OldVersion
from pomona.registry.importing.rules import Address
from pomona.registry.intake import Taken
from pomona.registry.mlmodel import MLMODEL, check_mlmodel_size, missing_mlmodel, parse_mlmodel
from pomona.registry.records import ModelFile, ModelVersion, Outside, RegisteredModel
from pomona.registry.service import RegistryService
from pomona.registry.strangers import code_of
from pomona.sql import from_us
from pomona.training.rules.paths import SCHEME, ArtifactAddress, safe_path

_HINT = 'look at them, then import again with --trust "why"'


class Registering:
    """Takes registered models over.

    Args:
        files: Where files are read that belong to no run or logged model; None: they stay behind.
        trust: Why files that run code may come in.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        registry: RegistryService,
        counting: Counting,
        *,
        files: Files | None,
        named: str,
        trust: str | None,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._registry = registry
        self._files = files
        self._named = named
        self._trust = trust
        self._counting = counting
        self._left = counting.left

    def begin(self) -> None:
        """Have the keys that versions are sealed with."""
        self._registry.seals.begin()

    def take(self, old: OldRegistered) -> None:
        """Every version of a model that is not here yet, or has changed there since."""
        try:
            registry_rules.check_model_name(old.name)
            owner = self._database.write(lambda tx: self._home(tx, old))
        except PomonaError as error:
            if error.status >= 500:
                raise
            self._left.add(f"registered models: {error.detail}", old.name)
            return
        for version in old.versions:
            try:
                self._version(owner, version)
            except PomonaError as error:
                if error.status >= 500:
                    raise
                reason = f"versions: {error.detail}{f' ({error.hint})' if error.hint else ''}"
                self._left.add(reason, f"{old.name}/{version.number}")
        self._aliases(old)

    def _home(self, tx: Transaction, old: OldRegistered) -> RegisteredModel:
        found = shelf.find_model(tx, old.name)
        model = self._registry.shelf.ensure(tx, old.name, description=old.description)
        if found is None:
            made_at = from_us(old.created_ms * 1000)
            shelf.models.replace(tx, msgspec.structs.replace(model, created_at=made_at))
            shelf.set_tags(tx, shelf.model_tags, model.id, old.tags)
            self._counting.keep(tx, models=1)
        return shelf.model(tx, old.name)

    def _version(self, owner: RegisteredModel, old: OldVersion) -> None:
        what = rules.version_name(owner.name, old)
        mark = (rules.version_mark(old), "")

        def seen(tx: Transaction) -> tuple[store.Mark | None, ModelVersion | None]:
            found = shelf.versions.first(
                tx, shelf.versions.c.model_id == owner.id, shelf.versions.c.number == old.number
            )
            return store.marks(tx, [what]).get(what), found

        before, here = self._database.read(seen)
        if before == mark:
            return
        if here is not None and before is None:
            raise Invalid("another one has this number here", hint="import into a home without it")
        if here is None:
            taken = self._judged(self._taken(old), f"{owner.name}/{old.number}")
            self._database.write(lambda tx: self._add(tx, owner, old, taken, what, mark))
        else:
            changed = msgspec.structs.replace(
                here, description=old.description, stage=registry_rules.stage_named(old.stage)
            )
            self._database.write(lambda tx: _change(tx, changed, old, what, mark))

    def _add(
        self,
        tx: Transaction,
        owner: RegisteredModel,
        old: OldVersion,
        taken: Taken,
        what: str,
        mark: store.Mark,
    ) -> None:
        made = self._registry.add(
            tx,
            owner,
            taken,
            description=old.description,
            run_link=old.run_link,
            tags=old.tags,
            number=old.number,
            made_at=from_us(old.created_ms * 1000),
        )
        stage = registry_rules.stage_named(old.stage)
        if stage != made.stage:
            shelf.versions.replace(tx, msgspec.structs.replace(made, stage=stage))
        store.mark(tx, {what: mark})
        self._counting.keep(tx, versions=1)

    def _taken(self, old: OldVersion) -> Taken:
        """The model's files: those of a run or logged model that came over, else from where they lie."""
        for uri in (old.source, old.location or ""):
            address = rules.address_here(uri) if uri else None
            if address is not None:
                try:
                    return self._registry.take(_source(address), run_id=old.run_id)
                except NotFound:
                    continue
        return self._fetched(old)

    def _fetched(self, old: OldVersion) -> Taken:
        uri = old.location or old.source
        if self._files is None:
            raise NotFound("their files did not come along", hint="import with files")
        address = Address(owner=uri.rstrip("/").rsplit("/", 1)[-1], uri=uri)
        listed = self._files.listed(address)
        if not listed:
            raise NotFound("there are no files where they are said to be", hint="say where with --artifacts")
        if MLMODEL not in {one.path for one in listed}:
            raise missing_mlmodel(uri)
        kept = []
        for one in listed:
            with self._files.open(address, one.path) as stream:
                digest, size = self._blobs.put_stream(stream)
            kept.append(ModelFile(path=safe_path(one.path), digest=digest, size=size))
        about = next(file for file in kept if file.path == MLMODEL)
        check_mlmodel_size(about.size)
        return Taken(
            files=tuple(kept),
            about=parse_mlmodel(self._blobs.get(about.digest)),
            run_id=None,
            logged_model=None,
            source=uri,
            metrics={},
            data_version=None,
            hypothesis=None,
            environment=None,
        )

    def _judged(self, taken: Taken, named: str) -> Taken:
        code = code_of(self._blobs, taken)
        if code and self._trust is None:
            raise Invalid("loading them would run code from outside, such as pickles", hint=_HINT)
        origin = f"{self._named} {named}"[:1000]
        outside = Outside(origin=origin, code=code, allowed=self._trust if code else None)
        return msgspec.structs.replace(taken, outside=outside)

    def _aliases(self, old: OldRegistered) -> None:
        detail = self._registry.detail(old.name)
        here, numbers = detail.model.aliases, {one.number for one in detail.versions}
        for alias, number in old.aliases.items():
            if alias not in here and number in numbers:
                try:
                    self._registry.set_alias(old.name, alias, number)
                except PomonaError as error:
                    self._left.add(f"aliases: {error.detail}", f"{old.name}@{alias}")


def _source(address: ArtifactAddress) -> str:
    if address.root.startswith("m-"):
        return f"models:/{address.root}"
    return f"{SCHEME}:/{address.root}/artifacts/{address.path}"


def _change(tx: Transaction, changed: ModelVersion, old: OldVersion, what: str, mark: store.Mark) -> None:
    shelf.versions.replace(tx, changed)
    shelf.set_tags(tx, shelf.version_tags, changed.id, old.tags)
    store.mark(tx, {what: mark})
