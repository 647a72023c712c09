"""Which links a trace follows, and in which order its nodes are told."""

from collections.abc import Iterable, Sequence

from pomona.circle.records import Stage, TraceEdge, TraceNode
from pomona.core.records import Link

# Backwards against the arrow only where the other end explains this record; a hub (a hypothesis, a
# dataset, an endpoint) is named but not unrolled into everything that ever touched it.
_BACKWARDS: dict[str, frozenset[str]] = {
    "mv": frozenset({"produced"}),  # which run made it; who approved it: see ``is_approval``
    "prd": frozenset(),
    "hyp": frozenset({"decided"}),  # who said go, and why
    "rel": frozenset({"caused"}),
    "job": frozenset({"caused"}),
    "rea": frozenset({"caused"}),
    "run": frozenset({"produced"}),  # which job ran it
    "ver": frozenset({"produced"}),  # which build of a mart made it, by which SQL
}
# Named; followed only where the trace starts there.
_ENDS = frozenset({"dat", "src", "fst", "mdl", "inc", "gat", "mrt"})
_TOLD: tuple[Stage, ...] = (
    "serving",
    "releases",
    "registry",
    "training",
    "data",
    "business",
    "monitoring",
    "loop",
)


def follow(
    record_id: str, kind: str, links: Iterable[Link], *, root: bool, before: str | None = None
) -> list[TraceEdge]:
    """The links of a record that belong to its trace.

    Args:
        before: The version before this one in the same dataset. It says how the record changed, not what
            stands behind it, so the walk does not run down the whole history; a version that was made
            from others (by a mart) leads to all of them.
    """
    backwards = _BACKWARDS.get(kind, frozenset())
    edges = []
    for link in links:
        forwards = link.source == record_id and (root or kind not in _ENDS)
        behind = link.relation != "derived_from" or link.target != before or root
        explains = link.target == record_id and (link.relation in backwards or is_approval(link))
        if (forwards and behind) or explains:
            edges.append(TraceEdge(source=link.source, relation=link.relation, target=link.target))
    return edges


def is_approval(link: Link | TraceEdge) -> bool:
    """Whether the link is what a person said of the version at its end."""
    return link.source.startswith("apr_") and link.relation == "evidence"


def told_in_order(root: str, nodes: Sequence[TraceNode]) -> list[str]:
    """Node ids as a person tells the story: the record itself, then stage by stage back to the idea."""
    rank = {stage: number for number, stage in enumerate(_TOLD)}
    rest = sorted((node for node in nodes if node.id != root), key=lambda node: rank[node.stage])
    return [root, *(node.id for node in rest)]
