"""Use cases of the append tables: see them, write what waits, keep their files few.

The chore looks at the books of all endpoints and queues a job for each whose rows are due. The job fixes
the bounds of a batch in the book, commits the rows with the upper bound as the producer's offset, and only
then says in the book that they are written. Killed anywhere, the next one begins with the same batch: it
is there already, or it is written now. What handles rows (Arrow) is loaded when there are some to write.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from pomona.core.errors import NotFound, PomonaError
from pomona.core.ports import Clock, Database, Transaction
from pomona.data.keeping.rules import to_rewrite
from pomona.data.records import Committed, Dataset, DataVersion, Upkeep
from pomona.jobs import store as job_store
from pomona.jobs.records import Job
from pomona.jobs.service import JobService
from pomona.jobs.worker import JobContext, Workflow
from pomona.registry.records import ModelVersion
from pomona.releases.records import Endpoint
from pomona.serving.archive import rules, store
from pomona.serving.archive.records import KINDS, AppendTable, BatchPolicy, Book, TableKind, Written

if TYPE_CHECKING:
    import pyarrow as pa

    from pomona.data.service import DataService
    from pomona.data.shelf import Shelf
    from pomona.serving.archive.declaring import Permits
    from pomona.serving.archive.rows import Served

KIND = "write_append_tables"
COMPACT_HIDDEN = Upkeep().hidden
"""The share of a file that may stay hidden when small files are merged."""


class Endpoints(Protocol):
    """Endpoints by id or name."""

    def endpoint(self, ref: str) -> Endpoint: ...


class Models(Protocol):
    """Model versions by id."""

    def version(self, ref: str) -> ModelVersion: ...


class Archive:
    """The append tables of every endpoint.

    Args:
        compact: Queues a rewrite of a dataset's small files.
        policy: When rows are written.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        jobs: JobService,
        *,
        data: "DataService",
        shelf: "Shelf",
        endpoints: Endpoints,
        models: Models,
        compact: Callable[[str], Job],
        policy: BatchPolicy = BatchPolicy(),  # noqa: B008 - frozen
    ) -> None:
        self._database, self._clock, self._jobs = database, clock, jobs
        self._data, self._shelf = data, shelf
        self._endpoints, self._models = endpoints, models
        self._compact, self._policy = compact, policy
        self._served: dict[str, Served] = {}

    # --- to look at and to ask for -----------------------------------------------------------

    def tables(self, endpoint: str | None = None) -> list[AppendTable]:
        """The append tables of an endpoint (both, even if they are empty), or of all that have rows.

        Raises:
            NotFound: If there is no such endpoint.
        """
        name = None if endpoint is None else self._endpoints.endpoint(endpoint).name
        found = self._database.read(partial(store.all_books, endpoint=name))
        if name is not None:
            there = {book.what: book for book in found}
            found = [there.get(what) or Book(endpoint=name, what=what) for what in KINDS]
        return [self._shown(book) for book in found]

    def start(self, endpoint: str) -> Job:
        """Queue a job that writes what waits, however little that is.

        Raises:
            NotFound: If there is no such endpoint.
        """
        return self._jobs.submit(KIND, {"endpoint": self._endpoints.endpoint(endpoint).name})

    def enqueue_due(self) -> int:
        """The chore: queue a job for each endpoint whose rows are due; returns how many."""
        if not self._due(self._database.read(store.all_books)):
            return 0  # the usual answer costs no write

        def put(tx: Transaction) -> int:
            at_work = {job.payload["endpoint"] for job in job_store.open_jobs(tx, KIND)}
            names = [name for name in self._due(store.all_books(tx)) if name not in at_work]
            for name in names:
                self._jobs.enqueue(tx, KIND, {"endpoint": name})
            return len(names)

        return self._database.write(put)

    def _due(self, books: list[Book]) -> list[str]:
        now = self._clock.now()
        return list(dict.fromkeys(book.endpoint for book in books if rules.is_due(book, self._policy, now)))

    def _shown(self, book: Book) -> AppendTable:
        dataset = self._dataset_of(book)
        version = None
        if book.version is not None:
            found = self._data.resolve(book.version)
            version = f"{found.dataset}@v{found.number}"
        return AppendTable(
            endpoint=book.endpoint,
            what=book.what,
            dataset=dataset.name if dataset else rules.dataset_name(book.endpoint, book.what),
            dataset_id=dataset.id if dataset else None,
            version=version,
            rows=book.written,
            waiting=book.waiting,
            waiting_since=book.waiting_since if book.waiting else None,
            due_at=rules.due_at(book, self._policy),
            written_at=book.written_at,
            problem=book.problem,
        )

    # --- the job -----------------------------------------------------------------------------

    def workflow(self) -> Workflow:
        """As the worker runs it."""
        return Workflow(kind=KIND, version=1, run=self.run)

    def run(self, context: JobContext) -> Written:
        """The job: write everything that waits when it begins."""
        endpoint = str(context.payload["endpoint"])
        counts: dict[TableKind, int] = dict.fromkeys(KINDS, 0)
        versions: list[str] = []
        for what in KINDS:
            until = self._book(endpoint, what).given
            while (batch := self._plan(endpoint, what, until)) is not None:
                context.check()
                context.progress(0.5 * KINDS.index(what), f"{batch.planned - batch.written:,} {what}")
                made = self._write(batch)
                counts[what] += batch.planned - batch.written
                if made is not None:
                    versions.append(f"{made.version.dataset}@v{made.version.number}")
        context.progress(1.0, ", ".join(f"{count:,} {what}" for what, count in counts.items()))
        return Written(endpoint=endpoint, versions=tuple(versions), **counts)

    def settle(self) -> None:
        """Finish the batches that are at work, here, from the rows as they are now.

        Whoever was writing one of them finds it written then: what it read before goes nowhere.
        """
        for book in self._database.read(store.all_books):
            if book.planned > book.written:
                self._write(book)

    def _book(self, endpoint: str, what: TableKind) -> Book:
        return self._database.read(lambda tx: store.book(tx, endpoint, what))

    def _plan(self, endpoint: str, what: TableKind, until: int) -> Book | None:
        """The book with the bounds of the next batch; None if everything up to ``until`` is written."""
        book = self._book(endpoint, what)
        if book.planned > book.written:
            return book
        if book.written >= until:
            return None
        planned = self._bound(book)

        def fix(tx: Transaction) -> Book:
            now = store.book(tx, endpoint, what)
            if now.planned == book.planned:  # else somebody was faster: his is the next batch
                since = self._clock.now() if planned < now.given else None
                store.change(tx, now, planned=planned, waiting_since=since)
            return store.book(tx, endpoint, what)

        found = self._database.write(fix)
        return found if found.planned > found.written else self._plan(endpoint, what, until)

    def _bound(self, book: Book) -> int:
        from pomona.serving.archive.rows import last_that_fits

        most = min(book.given, book.written + self._policy.most)
        if book.what == "outcomes":
            return most
        chars = self._policy.most_chars
        return self._database.read(lambda tx: last_that_fits(tx, book.endpoint, book.written, most, chars))

    def _write(self, book: Book) -> Committed | None:
        """Commit a planned batch and say so in the book.

        Raises:
            PomonaError: If it cannot be committed; the book says why, and when it is tried again.
        """
        try:
            made = self._commit(book)
        except PomonaError as error:
            problem = error.detail if error.hint is None else f"{error.detail}. {error.hint}"
            failed = {"failed_at": self._clock.now(), "problem": problem}
            self._database.write(lambda tx: store.change(tx, book, **failed))
            raise
        compacts = made is not None and self._is_worth_compacting(book, made.version)

        def note(tx: Transaction) -> None:
            now = store.book(tx, book.endpoint, book.what)
            if now.written >= book.planned:
                return  # somebody else has finished the same batch
            values: dict[str, Any] = {"written": book.planned, "failed_at": None, "problem": None}
            if made is not None:
                at = self._clock.now()
                values |= {"written_at": at, "version": made.version.id}
                values |= {"compacted_at": at} if compacts or now.compacted_at is None else {}
            store.change(tx, book, **values)

        self._database.write(note)
        if compacts and made is not None:
            self._compact(made.version.dataset_id)
        return made

    def _commit(self, book: Book) -> Committed | None:
        dataset = self._dataset_of(book)
        rows = self._rows(book, self._newest(dataset))
        if rows is None:
            return None
        if dataset is None:
            dataset = self._declare(book, rows)
        return self._data.commit(
            dataset.id,
            rows,
            mode="append",
            note=f"{rows.num_rows:,} {book.what} of {book.endpoint}",
            producer=rules.producer(book.endpoint, book.what),
            offset=book.planned,
        )

    def _rows(self, book: Book, newest: DataVersion | None) -> "pa.Table | None":
        from pomona.serving.archive.rows import PredictionRows, read_outcomes

        if book.what == "outcomes":
            return read_outcomes(self._database, book.endpoint, book.written, book.planned)
        known = self._shelf.open(newest.id).schema if newest is not None else None
        reader = PredictionRows(self._database, self._served_by, known)
        return reader.read(book.endpoint, book.written, book.planned)

    def _newest(self, dataset: Dataset | None) -> DataVersion | None:
        if dataset is None:
            return None
        try:
            return self._data.resolve(dataset.name)
        except NotFound:
            return None  # declared, but nothing was committed yet

    def _dataset_of(self, book: Book) -> Dataset | None:
        return None if book.dataset_id is None else self._data.dataset(book.dataset_id)

    def _declare(self, book: Book, rows: "pa.Table") -> Dataset:
        from pomona.serving.archive.declaring import declared

        dataset = declared(self._data, book.endpoint, book.what, self._permits(book, rows))
        self._database.write(lambda tx: store.change(tx, book, dataset_id=dataset.id))
        return dataset

    def _permits(self, book: Book, rows: "pa.Table") -> "Permits":
        """What the rows may serve: what the data may that their model was trained on."""
        from pomona.serving.archive.declaring import Permits, permits_of

        if book.what == "outcomes":
            answered = self._dataset_of(self._book(book.endpoint, "predictions"))
            return Permits(answered.purposes if answered else ())
        try:
            trained_on = self._models.version(str(rows.column("model_version")[-1])).data_version
            source = self._data.dataset_of(trained_on) if trained_on else None
        except NotFound:
            source = None
        return Permits() if source is None else permits_of(source, rows.schema)

    def _served_by(self, model_version: str) -> "Served":
        from pomona.serving.archive.fitting import declared_type
        from pomona.serving.archive.rows import Served

        if model_version not in self._served:
            try:
                found = self._models.version(model_version)
            except NotFound:
                return Served(model="", number=0, types={})
            columns = found.signature.inputs
            types = {one.name: kind for one in columns if (kind := declared_type(one.type)) is not None}
            self._served[model_version] = Served(model=found.model, number=found.number, types=types)
        return self._served[model_version]

    def _is_worth_compacting(self, book: Book, version: DataVersion) -> bool:
        """Many small files are merged by the dataset's upkeep; this is for the few of a quiet endpoint."""
        age = timedelta(seconds=self._policy.compact_s)
        if book.compacted_at is None or self._clock.now() - book.compacted_at < age:
            return False
        return bool(to_rewrite(version.files, threshold=COMPACT_HIDDEN, small_files=1, least_rows=0))
