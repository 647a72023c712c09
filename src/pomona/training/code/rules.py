r"""What of a patch is kept: no secrets, no more than a bound; and how two patches compare."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from blake3 import blake3

from pomona.core.errors import Invalid
from pomona.training.code.records import CLEAN, MOST_BYTES, ChangedFile, RunCode

_START = "diff --git "
_HEADER = re.compile(r'diff --git "?a/(?P<old>.*?)"? "?b/(?P<new>.*?)"?$')
_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_SECRET_FILE = re.compile(
    r"(?ix)(?:^|/) (?: \.env(?:\.(?!example$|sample$|template$)[^/]*)? | [^/]*\.env | \.?_?netrc | \.npmrc"
    r"| \.pypirc | \.pgpass | \.htpasswd | [^/]*\.(?:pem|key|p12|pfx|jks|keystore|kdbx|tfvars|tfstate)"
    r"| id_(?:rsa|dsa|ecdsa|ed25519)[^/]* | [^/]*(?:secret|credential)[^/]*\.(?:json|ya?ml|toml|ini|cfg|txt)"
    r"| (?:\.ssh|\.aws|\.gnupg)/.* | [^/]*(?:secret|credential)s? )$"
)
_SECRETS = [  # each linear in the text: a patch may be written to keep the server busy
    re.compile(r"()\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    re.compile(r"()\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})"),
    re.compile(r"()(?<![\w-])(?:glpat-[\w-]{20,}|xox[abeprs]-[\w-]{10,}|sk-[\w-]{20,}|AIza[\w-]{35})"),
    re.compile(r"()(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+"),
    re.compile(r"(://[^\s/:@'\"]+:)[^\s/@'\"]+(?=@)"),
    re.compile(
        r"(?i)((?:passw(?:or)?d|secret|token|api_?key|access_?key|private_?key)\w{0,40}[\"']?[ \t]{0,9}[:=]"
        r"[ \t]{0,9}[\"'])"
        r"[^\"'\s]{8,}(?=[\"'])"
    ),
]
_MASK = "[secret]"
_BINARY = re.compile(r"^(?:Binary files |GIT binary patch)", re.MULTILINE)
_INDEX = re.compile(r"^index (\S+)", re.MULTILINE)
_MOST_FILE_BYTES = 256 << 10
_MOST_FILES = 500
_MOST_NAME = 300
_SECRET, _LARGE, _UNKNOWN = "it looks like a secret", "its changes are too large", "it is not in git"
_LEFT_OUT = re.compile(r"# left out, for (.*): (.*)$")
_CUT = "# cut: "


def is_secret(path: str) -> bool:
    """Whether a file of this name is likely to hold secrets.

    >>> is_secret("prod/.env"), is_secret(".env.example"), is_secret("deploy.pem"), is_secret("train.py")
    (True, False, True, False)
    """
    return _SECRET_FILE.search(path[-_MOST_NAME:]) is not None


def kept_of(diff: str, unknown: Sequence[str] = (), *, most_bytes: int = MOST_BYTES) -> str:
    """What is kept of a patch: secrets masked, files that look like one or are too large only named.

    Args:
        diff: What ``git diff`` says; or what this returned before, which it does not change.
        unknown: Files that git does not know, to be named.
    """
    head, parts = _taken_apart(diff)
    notes = [line for line in head if line.startswith("# ")]
    notes += [_note(_UNKNOWN, path) for path in unknown if not is_secret(path)]
    kept: list[str] = []
    for part in parts:
        why = _why_not(part)
        if why:
            notes.append(_note(why, path_of(part)))
        else:
            kept.append(masked(part))
    text = "".join(f"{line}\n" for line in [*dict.fromkeys(notes), *kept])
    return _cut(text, most_bytes)


def masked(text: str) -> str:
    """A text with what looks like a secret replaced.

    >>> masked('+api_key = "0123456789abcdef"')
    '+api_key = "[secret]"'
    """
    for pattern in _SECRETS:
        text = pattern.sub(lambda found: "".join(filter(None, found.groups())) + _MASK, text)
    return text


def files_of(patch: str) -> tuple[ChangedFile, ...]:
    """The files of a kept patch, at most 500, those it only names too."""
    head, parts = _taken_apart(patch)
    left_out = [found for line in head if (found := _LEFT_OUT.match(line))]
    named = [ChangedFile(path=one[2], added=0, removed=0, left_out=one[1]) for one in left_out]
    shown = [_file(part) for part in islice(parts, _MOST_FILES)]
    return tuple([*shown, *named][:_MOST_FILES])


def is_cut(patch: str) -> bool:
    """Whether a kept patch lacks its end."""
    return patch.rstrip("\n").rpartition("\n")[2].startswith(_CUT)


def check_size(patch: str) -> None:
    """Refuse a patch that nobody cut.

    Raises:
        Invalid: If it is longer than what is kept.
    """
    size = len(patch.encode())
    if size > MOST_BYTES:
        raise Invalid(
            f"{size:,} bytes of uncommitted changes", hint=f"at most {MOST_BYTES:,} are kept: commit, or cut"
        )


def same_code(one: RunCode, other: RunCode) -> bool | None:
    """Whether two runs ran the same code: by snapshot, else by commit and what was not committed.

    None: it is not known.
    """
    if one.digest and other.digest:
        return one.digest == other.digest
    if not one.git_commit or not other.git_commit:
        return None
    if one.git_commit != other.git_commit or one.diff == other.diff:
        return one.git_commit == other.git_commit
    return False if one.diff and other.diff else None


def all_the_same(codes: Sequence[RunCode]) -> bool | None:
    """Whether all ran the same code; None if of one of them it is not known."""
    found = {same_code(codes[0], other) for other in codes[1:]}
    return False if False in found else None if None in found else True


def differing_files(codes: Sequence[RunCode]) -> list[str]:
    """Files whose uncommitted changes are not the same in all of these, sorted; none without one commit."""
    one_commit = len({code.git_commit for code in codes}) == 1 and codes[0].git_commit
    if not one_commit or not all(code.diff for code in codes):
        return []
    parts = [
        {file.path: file.digest or file.left_out for file in code.changes.files} if code.changes else {}
        for code in codes
    ]
    paths = {path for part in parts for path in part}
    return sorted(path for path in paths if len({part.get(path) for part in parts}) > 1)


def said_of(code: RunCode) -> str | None:
    """A run's code in one line.

    >>> said_of(RunCode(git_commit="5" * 40, diff="clean"))
    '555555555555, nothing uncommitted'
    """
    named = code.git_commit or code.digest
    if not named:
        return None
    if code.diff is None:
        return named[:12]
    if code.diff == CLEAN:
        return f"{named[:12]}, nothing uncommitted"
    lines = f", {code.changes.lines:,} lines" if code.changes and code.changes.lines else ""
    return f"{named[:12]} with uncommitted changes{lines}"


def path_of(part: str) -> str:
    """The file that a part of a patch changes."""
    found = _HEADER.match(part.partition("\n")[0])
    return found["new"] if found else part.partition("\n")[0].removeprefix(_START)


def _taken_apart(diff: str) -> tuple[list[str], list[str]]:
    """The lines before the first file, and each file's part, without their last line ends."""
    lines = diff.removesuffix("\n").split("\n")
    starts = list(_starts(lines))
    head = lines[: starts[0]] if starts else lines
    ends = [*starts[1:], len(lines)][: len(starts)]
    parts = ["\n".join(lines[start:end]) for start, end in zip(starts, ends, strict=True)]
    return head, parts


def _starts(lines: Sequence[str]) -> Iterator[int]:
    """Where files begin: a line of a file's content has a sign before it."""
    return (place for place, line in enumerate(lines) if line.startswith(_START))


def _why_not(part: str) -> str:
    binary = _BINARY.search(part)
    if binary:  # as a patch it could not be applied; its index says which content it was
        index = _INDEX.search(part)
        return f"it is binary ({index[1]})" if index else "it is binary"
    if is_secret(path_of(part)) or "PRIVATE KEY-----" in part:
        return _SECRET
    return _LARGE if len(part.encode()) > _MOST_FILE_BYTES else ""


def _note(why: str, path: str) -> str:
    return f"# left out, for {why}: {path}"


def _cut(text: str, most_bytes: int) -> str:
    body = text.encode()
    if len(body) <= most_bytes:
        return text
    note = f"{_CUT}only the first {most_bytes:,} bytes are kept\n"
    kept = body[: most_bytes - len(note)].decode(errors="ignore")
    return kept[: kept.rfind("\n") + 1] + note


def _file(part: str) -> ChangedFile:
    added = removed = 0
    old = new = 0
    for line in part.split("\n")[1:]:
        if old <= 0 and new <= 0:
            if found := _HUNK.match(line):
                old, new = int(found[1] or 1), int(found[2] or 1)
            continue
        sign = line[:1]
        added, removed = added + (sign == "+"), removed + (sign == "-")
        old, new = old - (sign in " -"), new - (sign in " +")
    digest = blake3(part.encode()).hexdigest(16)
    return ChangedFile(path=path_of(part), added=added, removed=removed, digest=digest)
