"""``pomona trace``: walks the ledger from a record back to its hypothesis, and forward to its money."""

from collections import deque
from collections.abc import Callable, Mapping

from pomona.circle import rules
from pomona.circle.records import Trace, TraceEdge, TraceNode
from pomona.core.errors import NotFound
from pomona.core.ids import kind_of
from pomona.core.ports import Ledger
from pomona.core.records import Record

LIMIT = 200  # nodes of one trace


class Described(Record, frozen=True, kw_only=True):
    """A record as a node, and the relations it carries itself (bulk facts have no links of their own)."""

    node: TraceNode
    edges: list[TraceEdge] = []
    neighbours: list[TraceNode] = []  # ends of those edges that are not records themselves
    before: str | None = None  # the version before it, where there is one


Describe = Callable[[str], Described]


class Tracer:
    """Answers where a record comes from and what came of it.

    Args:
        ledger: Whose links are walked.
        describe: By id prefix (``prd``, ``mv``, ``run``, ...): how to show such a record.
    """

    def __init__(self, ledger: Ledger, describe: Mapping[str, Describe]) -> None:
        self._ledger = ledger
        self._describe = describe

    def trace(self, record_id: str) -> Trace:
        """The trace of any record: a prediction, an outcome, a run, a model version, an incident ...

        Raises:
            NotFound: If the id is of no known kind, or no such record exists.
        """
        if kind_of(record_id) not in self._describe:
            raise NotFound(
                f"{record_id!r} is not the id of a record",
                hint=f"ids start with one of: {', '.join(sorted(self._describe))}; a run's has 32 hex digits",
            )
        nodes: dict[str, TraceNode] = {}
        edges: dict[tuple[str, str, str], TraceEdge] = {}
        waiting = deque([record_id])
        while waiting and len(nodes) < LIMIT:
            current = waiting.popleft()
            if current in nodes:
                continue
            for edge in self._visit(current, nodes, root=current == record_id):
                edges.setdefault((edge.source, edge.relation, edge.target), edge)
                waiting.extend(end for end in (edge.source, edge.target) if end not in nodes)
        kept = [edge for edge in edges.values() if edge.source in nodes and edge.target in nodes]
        return Trace(
            root=record_id,
            nodes=list(nodes.values()),
            edges=kept,
            path=rules.told_in_order(record_id, list(nodes.values())),
            cut=bool([end for end in waiting if end not in nodes]),
        )

    def _visit(self, record_id: str, nodes: dict[str, TraceNode], *, root: bool) -> list[TraceEdge]:
        kind = kind_of(record_id)
        describe = self._describe.get(kind)
        if describe is None:
            nodes[record_id] = _content(record_id)
            return []
        try:
            described = describe(record_id)
        except NotFound:
            if root:
                raise
            nodes[record_id] = _content(record_id)
            return []
        nodes[record_id] = described.node
        nodes.update({node.id: node for node in described.neighbours if node.id not in nodes})
        links = self._ledger.links([record_id])
        followed = rules.follow(record_id, kind, links, root=root, before=described.before)
        return [*described.edges, *followed]


def _content(name: str) -> TraceNode:
    """A thing named by its content: code, an environment, a document."""
    is_digest = len(name) >= 40 and all(c in "0123456789abcdef" for c in name)
    return TraceNode(
        id=name,
        kind="content" if is_digest else "document",
        stage="training",
        title=name[:16] if is_digest else name,
    )
