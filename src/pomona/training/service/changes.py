"""Use cases that change many runs at once, and the views that people keep of them."""

from collections.abc import Mapping

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict, Invalid, NotFound
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.sql import to_us
from pomona.training.records.runs import RUN_NAME_TAG
from pomona.training.records.studies import ARCHIVED_TAG, NewView, RunsChange, SavedView, ViewPage
from pomona.training.rules import limits
from pomona.training.store import runs, studies
from pomona.training.store.views import saved_views

MOST_RUNS = 1_000
_MOST_QUERY = 8_000
_PREFIX = "viw"


class RunChanges:
    """All of the runs that are named are changed, or none."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def change(self, wanted: RunsChange) -> int:
        """Set and remove tags, move to the bin or back; returns how many runs that were.

        Raises:
            Invalid: If too many are named, a tag breaks a rule, or ties a run to something.
            NotFound: If one does not exist.
        """
        if not 1 <= len(wanted.runs) <= MOST_RUNS:
            raise Invalid(f"{len(wanted.runs)} runs in one change", hint=f"name 1 to {MOST_RUNS} runs")
        new = dict(limits.tag(key, value) for key, value in wanted.tags.items() if value is not None)
        _check_tags(wanted.tags)
        gone = [key for key, value in wanted.tags.items() if value is None]
        now_ms = to_us(self._clock.now()) // 1000

        def work(tx: Transaction) -> int:
            numbers = {row.id for row in studies.numbers_of(tx, wanted.runs).values()}
            ids = runs.key_ids(tx, new, {})
            for number in numbers:
                runs.set_tags(tx, number, new, ids)
                for key in gone:
                    runs.remove_tag(tx, number, key)
                if wanted.state is not None:
                    deleted = now_ms if wanted.state == "deleted" else None
                    runs.change(tx, number, state=wanted.state, deleted_ms=deleted)
            return len(numbers)

        return self._database.write(work)


def _check_tags(tags: Mapping[str, str | None]) -> None:
    for key in tags:
        if key == RUN_NAME_TAG or (key.startswith("pomona.") and key != ARCHIVED_TAG):
            raise Invalid(f"tag {key!r} is not for many runs", hint="it belongs to one run: log it there")


class SavedViews:
    """Views of pages with a name, shared by all who come here."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def save(self, new: NewView) -> SavedView:
        """Keep a view; one with the same name is replaced by its own author's.

        Raises:
            Invalid: If it has no name or its address is too long.
            Conflict: If somebody else's view has the name.
        """
        name = new.name.strip()
        if not 1 <= len(name) <= 100:
            raise Invalid("a view needs a name of 1 to 100 characters", hint="e.g. 'best of last week'")
        if len(new.query) > _MOST_QUERY:
            raise Invalid(
                f"the view's address has {len(new.query)} characters", hint=f"at most {_MOST_QUERY}"
            )
        now, actor = self._clock.now(), current_actor()
        view = SavedView(
            id=new_id(_PREFIX, now),
            page=new.page,
            name=name,
            query=new.query,
            created_by=actor,
            created_at=now,
        )

        def work(tx: Transaction) -> SavedView:
            same = (saved_views.c.page == new.page, saved_views.c.name == name)
            old = saved_views.first(tx, *same)
            if old is not None and old.created_by != actor:
                raise Conflict(f"{old.created_by} has a view {name!r} already", hint="choose another name")
            saved_views.remove(tx, *same)
            return saved_views.insert(tx, view)

        return self._database.write(work)

    def list(self, page: ViewPage | None = None) -> list[SavedView]:
        """Views by name."""
        where = [] if page is None else [saved_views.c.page == page]
        return self._database.read(lambda tx: saved_views.all(tx, *where, order_by=[saved_views.c.name]))

    def remove(self, view_id: str) -> SavedView:
        """Forget a view; returns what it was.

        Raises:
            NotFound: If there is none.
        """

        def work(tx: Transaction) -> SavedView:
            found = saved_views.get(tx, view_id)
            if not saved_views.remove(tx, saved_views.c.id == view_id):
                raise NotFound(f"no saved view {view_id!r}", hint="`pomona runs views` lists them")
            return found

        return self._database.write(work)
