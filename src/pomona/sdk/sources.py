"""Sources from Python."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from pomona.core.errors import Unavailable
from pomona.data.records import Scalar
from pomona.data.sources.records import (
    ExtractMode,
    ExtractRequest,
    Feed,
    NewFeed,
    NewSource,
    Question,
    Sample,
    Source,
    SourceDetail,
    SourceKindInfo,
    SourceState,
    SourceTable,
    Tested,
    Times,
    Trial,
)
from pomona.jobs.records import Job
from pomona.sdk.jobs import Jobs
from pomona.sdk.session import Session, part

TABLES = list[SourceTable]  # `list` is a method below
KINDS = list[SourceKindInfo]


class Sources:
    """``client.sources``: where tables come from."""

    def __init__(self, session: Session, jobs: Jobs) -> None:
        self._session = session
        self._jobs = jobs

    def add(
        self,
        name: str,
        kind: str,
        location: str,
        *,
        credentials: str | None = None,
        owner: str = "",
        purpose: str = "",
        options: Mapping[str, str] | None = None,
    ) -> Source:
        """Register a source. ``credentials`` says where the password is: ``env:NAME`` or ``file:/path``."""
        new = NewSource(
            name=name,
            kind=kind,
            location=location,
            credentials=credentials,
            owner=owner,
            purpose=purpose,
            options=dict(options or {}),
        )
        return self._session.post("/api/v1/sources", new, Source)

    def change(self, ref: str, new: NewSource) -> Source:
        """Replace what is registered; feeds and versions stay."""
        return self._session.put(f"/api/v1/sources/{part(ref)}", new, Source)

    def get(self, ref: str) -> SourceDetail:
        """One source, by id or name, with its extractions and the versions they made."""
        return self._session.get(f"/api/v1/sources/{part(ref)}", SourceDetail)

    def list(self, *, limit: int | None = None) -> Iterator[SourceState]:
        """Sources, newest first."""
        return self._session.all("/api/v1/sources", SourceState, limit=limit)

    def remove(self, ref: str) -> None:
        """Forget a source; the versions it made stay."""
        self._session.delete(f"/api/v1/sources/{part(ref)}")

    def kinds(self) -> KINDS:
        """What can be a source."""
        return self._session.get("/api/v1/source-kinds", KINDS)

    def test(self, ref: str) -> Tested:
        """Log in and list what can be taken."""
        return self._session.post(f"/api/v1/sources/{part(ref)}/test", {}, Tested)

    def try_out(self, source: NewSource, question: Question | None = None) -> Tested:
        """Open a source that is not registered; nothing is kept."""
        return self._session.post("/api/v1/source-trials", Trial(source=source, question=question), Tested)

    def tables(self, ref: str) -> TABLES:
        """What can be taken, with columns where they are known."""
        return self._session.get(f"/api/v1/sources/{part(ref)}/tables", TABLES)

    def sample(
        self,
        ref: str,
        table: str | None = None,
        *,
        query: str | None = None,
        parameters: Mapping[str, Scalar] | None = None,
        rows: int = 20,
    ) -> Sample:
        """The first rows of a table or query."""
        question = Question(table=table, query=query, parameters=dict(parameters or {}), rows=rows)
        return self._session.post(f"/api/v1/sources/{part(ref)}/sample", question, Sample)

    def feed(
        self,
        ref: str,
        dataset: str,
        *,
        table: str | None = None,
        query: str | None = None,
        parameters: Mapping[str, Scalar] | None = None,
        mode: ExtractMode = "full",
        cursor: str | None = None,
        overlap: float = 0.0,
        key: Sequence[str] = (),
        time_column: str | None = None,
    ) -> Feed:
        """Say what is taken into a dataset, or change it; a dataset that is missing is declared."""
        new = NewFeed(
            dataset=dataset,
            table=table,
            query=query,
            parameters=dict(parameters or {}),
            mode=mode,
            cursor=cursor,
            overlap=overlap,
            key=tuple(key),
            time_column=time_column,
        )
        return self._session.put(f"/api/v1/sources/{part(ref)}/feeds", new, Feed)

    def drop_feed(self, ref: str, dataset: str) -> None:
        """Take nothing more into a dataset; its versions stay."""
        self._session.delete(f"/api/v1/sources/{part(ref)}/feeds/{part(dataset.replace('/', '~'))}")

    def start(self, ref: str, dataset: str | None = None, *, full: bool = False) -> Job:
        """Queue an extraction of one feed, or of all; ``full`` forgets the cursor once."""
        request = ExtractRequest(dataset=dataset, full=full)
        return self._session.post(f"/api/v1/sources/{part(ref)}/extractions", request, Job)

    def extract(
        self,
        ref: str,
        dataset: str | None = None,
        *,
        full: bool = False,
        timeout_s: float = 86_400.0,
        on_progress: Callable[[Job], None] | None = None,
    ) -> Job:
        """``start``, then wait until it is done; ``job.result`` names the versions.

        Raises:
            Unavailable: If it failed, with what the source said.
        """
        job = self.start(ref, dataset, full=full)
        done = self._jobs.wait(job.id, timeout_s=timeout_s, on_progress=on_progress)
        if done.state != "done":
            raise Unavailable(
                f"the extraction {job.id} is {done.state}: {done.error or 'no reason given'}",
                hint=done.hint or f"`pomona jobs log {job.id}` says more",
            )
        return done

    def schedule(self, ref: str, cron: str | None) -> SourceState:
        """Extract at each tick of a cron expression (UTC); None: only when somebody asks."""
        return self._session.put(f"/api/v1/sources/{part(ref)}/schedule", Times(cron=cron), SourceState)
