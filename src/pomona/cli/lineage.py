"""A trace for a terminal: the record's own line, from the answer back to the idea."""

from typing import TYPE_CHECKING

from rich.table import Table

from pomona.cli.console import cell

if TYPE_CHECKING:
    from pomona.circle.records import Trace, TraceEdge, TraceNode

_SIDE_STAGES = ("monitoring", "loop")
_BACKWARDS = ("produced", "decided")  # the run that made it; who said go; and who approved it
_SIDE_LINKS = ("evidence", "challenges")  # what a decision rests on; the rival in the same release
_SAYS = {"evidence": "rests on"}
_CONTENT = {"used_code": "code", "used_environment": "environment"}


def own_line(trace: "Trace") -> list[str]:
    """Node ids of the record's own line, in the order of the path.

    Left out are the incidents, gates and rivals that belong to the stories of its neighbours.
    """
    side = {node.id for node in trace.nodes if node.stage in _SIDE_STAGES or node.kind == "gate"}
    kept = edge = {trace.root}
    while edge:
        edge = {end for one in trace.edges for end in _ends(one, edge, trace.root)} - kept - side
        kept = kept | edge
    return [node_id for node_id in trace.path if node_id in kept]


def _ends(edge: "TraceEdge", reached: set[str], root: str) -> list[str]:
    forwards = edge.source in reached and (edge.relation not in _SIDE_LINKS or edge.source == root)
    approves = edge.source.startswith("apr_")
    backwards = edge.target in reached and (edge.relation in _BACKWARDS or approves)
    return [*([edge.target] if forwards else []), *([edge.source] if backwards else [])]


def table_of(trace: "Trace", shown: list[str]) -> Table:
    """Each record with the link that leads to it and what there is to know about it."""
    nodes = {node.id: node for node in trace.nodes}
    kinds = {node.id: node.kind for node in trace.nodes}
    kinds |= {edge.target: _CONTENT[edge.relation] for edge in trace.edges if edge.relation in _CONTENT}
    kinds |= {node_id: "commit" for node_id in kinds if node_id.startswith("git:")}
    reached = _reached(trace, kinds, set(shown))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for node_id in shown:
        table.add_row(kinds[node_id], _said(nodes[node_id], reached.get(node_id)))
    return table


def _said(node: "TraceNode", how: str | None) -> str:
    title = (
        ""
        if node.id.endswith(node.title) or node.id.startswith(node.title)
        else f"[bold]{cell(node.title)}[/bold]"
    )
    state = f"({cell(node.state.lower())})" if node.state else ""
    first = [title, state, f"[dim]{cell(node.id)}[/dim]", f"[dim]<- {how}[/dim]" if how else ""]
    facts = " [dim]·[/dim] ".join(f"[dim]{fact.label}[/dim] {cell(fact.value)}" for fact in node.facts)
    return "\n".join(filter(None, [" ".join(filter(None, first)), facts]))


def _reached(trace: "Trace", kinds: dict[str, str], shown: set[str]) -> dict[str, str]:
    """By node, the link that leads to it from another that is shown, as half a sentence."""
    told: dict[str, str] = {}
    for edge in trace.edges:
        says = _SAYS.get(edge.relation, edge.relation.replace("_", " "))
        if not {edge.source, edge.target} <= shown:
            continue
        if edge.target != trace.root:
            told.setdefault(edge.target, f"{kinds[edge.source]} {says}")
        if edge.source != trace.root:
            told.setdefault(edge.source, f"it {says} the {kinds[edge.target]}")
    return told
