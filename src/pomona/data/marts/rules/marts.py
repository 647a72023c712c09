"""What a mart must be, which purposes it may have, and when it is built again."""

from collections.abc import Iterable, Mapping, Sequence

from blake3 import blake3

from pomona.core.errors import Invalid, Refused
from pomona.data.marts.records import Mart, MartBuild, NewMart, SqlWarning
from pomona.data.marts.rules import guard
from pomona.data.references import parse_ref

MAX_TIMEOUT_S = 86_400.0


def check_mart(mart: NewMart | Mart) -> None:
    """Refuse a declaration that cannot work.

    Raises:
        Invalid: Naming the field and what to write instead.
    """
    if mart.rebuild == "cron" and not mart.cron:
        raise Invalid(
            "a mart that is rebuilt by cron needs the times", hint="e.g. '0 3 * * *': each day at 03:00"
        )
    if mart.rebuild != "cron" and mart.cron:
        raise Invalid("there are times, but the mart is not rebuilt by them", hint="set rebuild to `cron`")
    if not 0 < mart.timeout_s <= MAX_TIMEOUT_S:
        raise Invalid(
            f"timeout_s is {mart.timeout_s:g}", hint=f"seconds a build may take, at most {MAX_TIMEOUT_S:,.0f}"
        )


def check_acyclic(name: str, inputs: Iterable[str], marts: Mapping[str, Sequence[str]]) -> None:
    """Refuse a mart that would be built from itself.

    Args:
        inputs: Dataset references it reads.
        marts: The references that each mart there is reads, by its name.

    Raises:
        Refused: With the way round.
    """
    graph = {**{mart: _datasets(refs) for mart, refs in marts.items()}, name: _datasets(inputs)}
    waiting: list[tuple[str, tuple[str, ...]]] = [(one, (name, one)) for one in graph[name]]
    seen: set[str] = set()
    while waiting:
        dataset, way = waiting.pop()
        if dataset == name:
            raise Refused(
                f"the mart {name} would be built from itself: {' <- '.join(way)}",
                hint="read from the datasets behind it, or give this one another name",
            )
        if dataset not in seen:
            seen.add(dataset)
            waiting.extend((one, (*way, one)) for one in graph.get(dataset, ()))


def purposes_of(inputs: Mapping[str, Sequence[str]], narrowed: Sequence[str]) -> tuple[str, ...]:
    """What a mart may serve: what every input that declares purposes may, or the part of it that was chosen.

    Args:
        inputs: Purposes by dataset; none declared: it sets no bound.

    Raises:
        Refused: If the inputs share no purpose, or the chosen ones are not among the shared.
    """
    bounds = {name: set(purposes) for name, purposes in inputs.items() if purposes}
    if not bounds:
        return tuple(narrowed)
    shared = set.intersection(*bounds.values())
    said = "; ".join(f"{name}: {', '.join(sorted(purposes))}" for name, purposes in sorted(bounds.items()))
    if not shared:
        raise Refused(
            f"no purpose is shared by all inputs ({said})",
            hint="declare the purpose on each dataset, or leave one of them out",
        )
    beyond = sorted(set(narrowed) - shared)
    if beyond:
        raise Refused(
            f"the purpose {beyond[0]!r} is not one of every input ({said})",
            hint=f"all of them share: {', '.join(sorted(shared))}",
        )
    return tuple(narrowed) or tuple(sorted(shared))


def purpose_of_build(purposes: Sequence[str]) -> str | None:
    """The purpose a build reads its inputs for: that of the mart, if it has exactly one.

    Rows held by consent differ from purpose to purpose, so a mart over them must have one.
    """
    return purposes[0] if len(purposes) == 1 else None


def is_pinned(name: str) -> bool:
    """A reference that means the same version for ever."""
    ref = parse_ref(name)
    return ref.number is not None or ref.digest is not None or ref.version_id is not None


def floating(mart: Mart) -> set[str]:
    """Datasets whose next version changes what the mart would hold."""
    return {parse_ref(name).dataset for name in mart.inputs if not is_pinned(name)}


def inputs_digest(mart: Mart, contents: Mapping[str, str]) -> str:
    """BLAKE3 over the SQL, the shape it is kept in, and the content of every input.

    Args:
        contents: The digest of the version that each name of the SQL means.
    """
    root = blake3(b"pomona mart 1\n")
    root.update(f"{len(mart.sql)} {mart.sql}\n{'/'.join(mart.key)} {mart.time_column}\n".encode())
    root.update(f"for {', '.join(sorted(mart.purposes))}\n".encode())  # which decides on rows held by consent
    for name, digest in sorted(contents.items()):
        root.update(f"{name} {digest}\n".encode())
    return str(root.hexdigest())


def is_stale(digest: str, last: MartBuild | None) -> bool:
    """The last build, good or failed, ran on something else."""
    return last is None or last.state in ("running", "cancelled") or last.inputs_digest != digest


def reproducibility(functions: Iterable[str]) -> list[SqlWarning]:
    """A warning if the same inputs may give something else tomorrow."""
    found = guard.volatile(functions)
    if not found:
        return []
    return [
        SqlWarning(
            kind="not_reproducible",
            message=f"{', '.join(f'{name}()' for name in found)} gives something else at each build",
            hint="take the time from a column, and draw samples by hash(key)",
            line=None,
        )
    ]


def _datasets(refs: Iterable[str]) -> tuple[str, ...]:
    return tuple(parse_ref(ref).dataset for ref in refs)
