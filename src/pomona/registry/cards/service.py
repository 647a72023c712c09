"""Use cases: read a card, edit it, see what it was."""

from typing import TYPE_CHECKING

from pomona.business.records import Hypothesis
from pomona.business.service import BusinessService
from pomona.core.actors import current_actor
from pomona.core.errors import Conflict, NotFound
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.registry_events import CardEdited
from pomona.data.records import Dataset, DataVersion
from pomona.registry.approvals.store import standing
from pomona.registry.cards import rules, store
from pomona.registry.cards.records import Card, CardEdit, CardFacts, CardRevision, NewCard
from pomona.registry.comparing.service import Comparer
from pomona.registry.records import ModelVersion
from pomona.registry.service import RegistryService
from pomona.training.records.runs import Run
from pomona.training.service.tracking import TrackingService

if TYPE_CHECKING:
    from pomona.data.service import DataService


class CardService:
    """Keeps the cards of model versions."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        registry: RegistryService,
        *,
        tracking: TrackingService,
        business: BusinessService,
        data: "DataService",
        comparer: Comparer,
    ) -> None:
        self._database = database
        self._clock = clock
        self._registry = registry
        self._tracking = tracking
        self._business = business
        self._data = data
        self._comparer = comparer

    def card(self, ref: str) -> Card:
        """A version's card as it is now.

        Raises:
            NotFound: If there is no such version.
        """
        facts = self._facts(self._registry.version(ref))
        saved = self._database.read(lambda tx: store.revisions(tx, facts.version.id))
        text = rules.refreshed(saved[0].text, facts) if saved else rules.compose(facts)
        return Card(
            version=facts.version.id,
            model=facts.version.model,
            number=facts.version.number,
            text=text,
            revision=saved[0].place if saved else 0,
            unwritten=rules.unwritten(text),
            edits=tuple(
                CardEdit(place=item.place, comment=item.comment, by=item.by, at=item.at) for item in saved
            ),
        )

    def readme(self, ref: str) -> str:
        """A version's card as a README for others."""
        return rules.exported(self.card(ref).text)

    def revision(self, ref: str, place: int) -> CardRevision:
        """A card as it was saved.

        Raises:
            NotFound: If there is no such revision.
        """
        version = self._registry.version(ref)
        saved = self._database.read(lambda tx: store.revisions(tx, version.id))
        found = next((item for item in saved if item.place == place), None)
        if found is None:
            raise NotFound(
                f"the card of {version.model}/{version.number} has no revision {place}",
                hint=f"it has {len(saved)}",
            )
        return found

    def save(self, ref: str, new: NewCard) -> Card:
        """Keep an edited card as the next revision, by the current actor.

        Raises:
            NotFound: If there is no such version.
            Invalid: If its header is no YAML, or it is too long.
            Conflict: If somebody else saved one meanwhile.
        """
        version = self._registry.version(ref)
        text = rules.settled(new.text)

        def work(tx: Transaction) -> None:
            last = next(iter(store.revisions(tx, version.id)), None)
            place = last.place if last else 0
            if new.based_on is not None and new.based_on != place:
                raise Conflict(
                    f"{last.by if last else 'somebody'} saved revision {place} of this card meanwhile",
                    hint="take it, and put your changes in",
                )
            now = self._clock.now()
            made = CardRevision(
                id=new_id("crd", now),
                place=place + 1,
                version=version.id,
                text=text,
                comment=new.comment,
                by=current_actor(),
                at=now,
            )
            store.cards.insert(tx, made)
            tx.emit(
                CardEdited(
                    subject=version.id, model=version.model, number=version.number, revision=made.place
                )
            )

        self._database.write(work)
        return self.card(version.id)

    def _facts(self, version: ModelVersion) -> CardFacts:
        dataset, data = self._trained_on(version)
        return CardFacts(
            version=version,
            run=self._run(version),
            hypothesis=self._hypothesis(version),
            dataset=dataset,
            data=data,
            gates=tuple(self._registry.gates(version.id)),
            standing=self._database.read(lambda tx: standing(tx, version)),
            seal=self._registry.seals.find(version.id),
            packages=self._comparer.packages(version),
        )

    def _run(self, version: ModelVersion) -> Run | None:
        try:
            return self._tracking.run(version.run_id) if version.run_id else None
        except NotFound:
            return None

    def _hypothesis(self, version: ModelVersion) -> Hypothesis | None:
        try:
            return self._business.hypothesis(version.hypothesis) if version.hypothesis else None
        except NotFound:
            return None

    def _trained_on(self, version: ModelVersion) -> tuple[Dataset | None, DataVersion | None]:
        try:
            data = self._data.resolve(version.data_version) if version.data_version else None
            return (self._data.dataset(data.dataset_id), data) if data else (None, None)
        except NotFound:
            return None, None
