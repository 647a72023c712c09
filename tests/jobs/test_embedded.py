"""Jobs of a home that is opened in one's own process, where no worker runs beside."""

from pathlib import Path
from typing import Any

from pomona.jobs.worker import JobContext, Workflow
from pomona.sdk.client import connect


def test_who_waits_for_a_job_runs_its_next_try(tmp_path: Path) -> None:
    tried: list[str] = []

    def run(_: JobContext) -> str:
        tried.append("once more")
        if len(tried) == 1:
            raise OSError("the line fell out")
        return "through"

    with connect(home=tmp_path / "home") as client:
        embedded: Any = client.session.transport
        embedded = embedded._embedded
        embedded._housekeeper._worker._workflows = {"call": Workflow(kind="call", version=1, run=run)}
        job = embedded._app.jobs.submit("call", {})
        assert client.jobs.wait(job.id, timeout_s=60).state == "done"
    assert len(tried) == 2
