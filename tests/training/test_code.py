"""Which code a run ran: what is kept of uncommitted changes, and what never is."""

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.training.code import rules
from pomona.training.code.records import CLEAN, MOST_BYTES, GitState, NewRunOrigin, RunCode
from pomona.training.machine import machine_tags
from pomona.training.service.tracking import TrackingService
from pomona.training.worktree import git_state

COMMIT = "5" * 40
KEY = "-----BEGIN RSA PRIVATE KEY-----"


def part(path: str, *lines: str) -> str:
    old = sum(line[0] in " -" for line in lines)
    new = sum(line[0] in " +" for line in lines)
    head = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,{old} +1,{new} @@\n"
    return head + "".join(f"{line}\n" for line in lines)


PATCH = part("train.py", " import x", "-depth = 3", "+depth = 6", "+++ odd") + part("b.py", "+new")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit and every kind of thing that is not committed."""
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / "src" / "train.py").write_text("depth = 3\n")
    (root / ".env").write_text("PASSWORD=one\n")
    (root / "plot.png").write_bytes(bytes(range(256)))
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    git(root, "remote", "add", "origin", "https://ann:hunter2hunter2@git.example/p.git")
    (root / "src" / "train.py").write_text('depth = 6\napi_key = "0123456789abcdef"\n')
    (root / ".env").write_text("PASSWORD=two\n")
    (root / "plot.png").write_bytes(bytes(range(255, -1, -1)))
    (root / "new.py").write_text("print('nobody added me')\n")
    (root / "rows.csv").write_text("1,2\n")
    (root / "deploy_key.pem").write_text(KEY)
    return root


def git(root: Path, *words: str) -> str:
    named = ("-c", "user.name=a", "-c", "user.email=a@b", "-C", str(root))
    return subprocess.run(["git", *named, *words], check=True, capture_output=True, text=True).stdout


def test_uncommitted_changes_are_read_without_secrets_and_unknown_files(repository: Path) -> None:
    found = git_state(repository / "src")  # a script's folder, not the root
    assert found is not None
    assert found.commit == git(repository, "rev-parse", "HEAD").strip()
    assert (found.branch, found.repo) == ("main", "https://ann:[secret]@git.example/p.git")
    diff = found.diff or ""
    assert "+depth = 6" in diff
    assert '+api_key = "[secret]"' in diff
    assert "# left out, for it is not in git: new.py" in diff
    assert "# left out, for it looks like a secret: .env" in diff
    assert "# left out, for it is binary (" in diff
    for hidden in ("0123456789", "hunter2", "PASSWORD", "nobody added", "rows.csv", KEY):
        assert hidden not in diff


def test_a_kept_patch_brings_the_code_back(repository: Path, tmp_path: Path) -> None:
    (repository / "src" / "train.py").write_text("depth = 7\n")
    found = git_state(repository)
    assert found is not None
    again = tmp_path / "again"
    git(tmp_path, "clone", "-q", str(repository), str(again))
    (again / "run.patch").write_text(found.diff or "")
    git(again, "apply", "run.patch")
    assert (again / "src" / "train.py").read_text() == "depth = 7\n"


def test_a_clean_repository_is_clean_and_a_bare_folder_is_none(repository: Path, tmp_path: Path) -> None:
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "second")
    found = git_state(repository)
    assert found is not None
    assert found.diff == ""
    assert git_state(tmp_path) is None


@pytest.mark.parametrize(
    "line",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_0123456789012345678901234567890123456",
        "url = postgresql://ann:topsecret@db/x",
        "Password: 'correct-horse'",
        'OPENAI_API_KEY = "sk-abcdefghijklmnopqrstuvwxyz"',
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
    ],
)
def test_what_looks_like_a_secret_is_masked(line: str) -> None:
    kept = rules.kept_of(part("conf.py", f"+{line}"))
    assert "[secret]" in kept
    assert f"+{line}" not in kept


@pytest.mark.parametrize("line", ["token_count = 12", "secret_sauce = compute(x)", "password = getpass()"])
def test_what_only_speaks_of_secrets_stays(line: str) -> None:
    assert f"+{line}" in rules.kept_of(part("conf.py", f"+{line}"))


@pytest.mark.parametrize(
    "piece",
    ["eyJ-", "token", "token =", "sk-a", "://a:", "secret", 'password="', "eyJaaaaaaaaaa.", "a b/", "@@ -1 "],
)
def test_a_patch_written_to_keep_us_busy_does_not(piece: str) -> None:
    many = piece * (300_000 // len(piece))
    began = time.process_time()
    rules.files_of(rules.kept_of(f"diff --git a/{many} b/{many}\n" + part("x.py", f"+{many[:250_000]}")))
    assert time.process_time() - began < 1.0


def test_private_keys_and_huge_files_are_only_named() -> None:
    large = part("data.ipynb", *["+" + "x" * 100] * 4000)
    kept = rules.kept_of(part("key.txt", f"+{KEY}") + large + PATCH)
    assert {file.path: file.left_out for file in rules.files_of(kept)} == {
        "train.py": "",
        "b.py": "",
        "key.txt": "it looks like a secret",
        "data.ipynb": "its changes are too large",
    }
    assert [(file.path, file.added, file.removed) for file in rules.files_of(kept)][:2] == [
        ("train.py", 2, 1),
        ("b.py", 1, 0),
    ]


def test_a_long_patch_is_cut_at_a_line_and_says_so() -> None:
    many = "".join(part(f"{n}.py", *["+" + "y" * 1000] * 200) for n in range(8))
    kept = rules.kept_of(many)
    assert rules.is_cut(kept)
    assert MOST_BYTES - 2000 < len(kept.encode()) <= MOST_BYTES
    assert not rules.is_cut(rules.kept_of(PATCH))
    rules.check_size(kept)


@given(st.text(st.sampled_from('ab\n+-@# "=:\r'), max_size=200), st.integers(100, 400))
def test_what_is_kept_of_what_is_kept_is_the_same(text: str, most: int) -> None:
    kept = rules.kept_of(
        PATCH + part("c.py", "+" + text.replace("\n", " ")) + text, ["z.py"], most_bytes=most
    )
    assert len(kept.encode()) <= most
    assert rules.kept_of(kept, most_bytes=most) == kept


def test_a_run_is_told_its_origin_and_shows_it(tracking: TrackingService) -> None:
    run, twin, clean = (tracking.start("0", name=name) for name in ("one", "twin", "clean"))
    told = GitState(commit=COMMIT, diff=PATCH, branch="main", repo="https://ann:topsecret@git.example/p")
    for target in (run, twin):
        found = tracking.origins.tell(
            NewRunOrigin(
                git=told, packages=("python==3.13", "numpy==2.4"), machine=machine_tags(), run=target.id
            )
        )
    assert found.tags["mlflow.source.git.repoURL"] == "https://ann:[secret]@git.example/p"
    tracking.origins.tell(NewRunOrigin(git=GitState(commit=COMMIT), run=clean.id))
    detail = tracking.reports.detail(run.id)
    assert detail.environment
    assert detail.machine is not None
    assert detail.machine.cores
    assert detail.machine.memory_gb
    assert detail.code.changes is not None
    assert (detail.code.changes.lines, detail.code.git_branch) == (4, "main")
    assert f"git:{COMMIT}" in {link.target for link in detail.links}
    shown = tracking.reports.diff(run.id[:8])
    assert (shown.text, shown.hint) == (PATCH, None)
    assert "nothing" not in str(rules.said_of(shown.code))
    assert tracking.reports.diff(clean.id).hint == "everything was committed"
    assert "pomona.autolog()" in str(tracking.reports.diff(tracking.start("0").id).hint)
    assert tracking.reports.compare([run.id, twin.id]).same_code is True
    compared = tracking.reports.compare([run.id, clean.id, twin.id])
    assert compared.same_code is False
    assert rules.differing_files(compared.code) == ["b.py", "train.py"]


def test_two_runs_are_the_same_code_only_if_somebody_knows() -> None:
    changed, other = (RunCode(git_commit=COMMIT, diff=digest) for digest in ("a" * 64, "b" * 64))
    clean, untold = RunCode(git_commit=COMMIT, diff=CLEAN), RunCode(git_commit=COMMIT)
    elsewhere, nothing = RunCode(git_commit="6" * 40, diff=CLEAN), RunCode()
    same = [(changed, changed), (clean, clean), (untold, untold)]
    differ = [(changed, other), (changed, clean), (clean, elsewhere), (untold, elsewhere)]
    unknown = [(changed, untold), (nothing, clean), (nothing, nothing)]
    for pairs, said in ((same, True), (differ, False), (unknown, None)):
        for one, two in pairs:
            assert rules.same_code(one, two) is said, (one, two)
            assert rules.same_code(two, one) is said, (two, one)


def test_an_origin_that_is_none_is_refused(tracking: TrackingService) -> None:
    for told, says in (
        (NewRunOrigin(git=GitState(commit="main")), "no commit"),
        (NewRunOrigin(machine={"pomona.hypothesis": "x"}), "nothing of a machine"),
        (NewRunOrigin(git=GitState(commit=COMMIT, diff="+" * (MOST_BYTES + 1))), "bytes of uncommitted"),
        (NewRunOrigin(packages=("x",) * 10_001), "packages"),
    ):
        with pytest.raises(Invalid, match=says):
            tracking.origins.tell(told)


def test_a_patch_whose_digest_is_only_claimed_is_not_shown(tracking: TrackingService) -> None:
    secret = tracking.code._blobs.put(b"the rows of a dataset")
    run = tracking.start("0", tags={"mlflow.source.git.commit": COMMIT, "pomona.code.diff": secret})
    shown = tracking.reports.diff(run.id)
    assert (shown.text, shown.hint) == ("", "its uncommitted changes are not kept here")


def test_gpus_are_told_as_far_as_the_process_sees_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho NVIDIA A100\necho NVIDIA A100\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for visible, gpus in ((None, "2"), ("1", "1"), ("", None), ("-1", None), ("GPU-1f,GPU-2e", "2")):
        machine_tags.cache_clear()
        if visible is None:
            monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        else:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        found = machine_tags()
        assert found.get("pomona.gpus") == gpus
        assert found.get("pomona.gpu") == (gpus and "NVIDIA A100")
    machine_tags.cache_clear()
