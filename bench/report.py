"""What was measured: rows of two sides and their ratio, as JSON and as a Markdown table."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

Better = Literal["more", "less"]
_TIMES = ("p50", "p99", "cpu")


@dataclass
class Row:
    """One figure: every repeat of both sides; the medians are compared."""

    figure: str
    unit: str
    better: Better
    goal: float | None = None  # the ratio that was promised
    pomona: list[float] = field(default_factory=list)
    mlflow: list[float] = field(default_factory=list)
    ms_an_answer: dict[str, list[dict[str, float]]] = field(default_factory=dict)  # by side, one per repeat

    @property
    def ratio(self) -> float:
        """How many times better Pomona is, whichever direction is better; 0 if a side could not be read."""
        ours, theirs = median(self.pomona), median(self.mlflow)
        above, below = (ours, theirs) if self.better == "more" else (theirs, ours)
        return above / below if below else 0.0


@dataclass
class Report:
    """One run of the benchmark."""

    started: str
    machine: dict[str, str]
    burst_s: float
    repeats: int
    rows: list[Row] = field(default_factory=list)
    checks: dict[str, str] = field(default_factory=dict)
    alone: dict[str, list[float]] = field(default_factory=dict)  # of Pomona only: every repeat

    def row(self, figure: str, unit: str, better: Better, goal: float | None = None) -> Row:
        """The row of this figure, made when it is asked for first."""
        for row in self.rows:
            if row.figure == figure:
                return row
        self.rows.append(Row(figure, unit, better, goal))
        return self.rows[-1]

    def markdown(self) -> str:
        """A table of medians and ratios."""
        lines = [["figure", "Pomona", "MLflow", "ratio", "goal"]]
        lines += [
            [
                row.figure,
                _shown(median(row.pomona), row.unit),
                _shown(median(row.mlflow), row.unit),
                f"{row.ratio:.1f}x",
                f"{row.goal:.0f}x" if row.goal else "",
            ]
            for row in self.rows
        ]
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        padded = [
            "| "
            + " | ".join(
                cell.rjust(width) if column else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            + " |"
            for line in lines
        ]
        rule = (
            "| "
            + " | ".join("-" * (width - 1) + (":" if at else "-") for at, width in enumerate(widths))
            + " |"
        )
        return "\n".join([padded[0], rule, *padded[1:]])

    def times(self) -> str:
        """A table of what an answer took: latency, and processor time of the whole server."""
        titles = " / ".join(_TIMES)
        lines = [f"| ms an answer: {titles} | Pomona | MLflow |", "| --- | ---: | ---: |"]
        for row in self.rows:
            if row.ms_an_answer:
                shown = [_medians(row.ms_an_answer.get(side, [])) for side in ("pomona", "mlflow")]
                lines.append(f"| {row.figure} | {shown[0]} | {shown[1]} |")
        lines += ["", *(f"- {figure}: {median(found):,.4g}" for figure, found in self.alone.items())]
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """Keep everything, each repeat included, as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        body = asdict(self)
        for row, found in zip(body["rows"], self.rows, strict=True):
            row["ratio"] = round(found.ratio, 2)
        path.write_text(json.dumps(_rounded(body), indent=1) + "\n")


def _shown(value: float, unit: str) -> str:
    number = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{number} {unit}"


def _medians(repeats: list[dict[str, float]]) -> str:
    return " / ".join(f"{median(one[name] for one in repeats):.3g}" for name in _TIMES) if repeats else ""


def _rounded(value: object) -> object:
    """Four significant digits are more than a measurement on a shared machine is worth."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value
