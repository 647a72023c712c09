"""What can be measured of traces, spans and judgements: names, ways to sum up, dimensions; pure."""

from typing import Literal, get_args

from pomona.core.errors import Invalid
from pomona.core.records import Record
from pomona.training.rules.clauses import bad_clause, operator_of, tokens_of, unquote

View = Literal["TRACES", "SPANS", "ASSESSMENTS"]
Way = Literal["COUNT", "SUM", "AVG", "PERCENTILE", "MIN", "MAX"]
VIEWS: tuple[View, ...] = get_args(View)
WAYS: tuple[Way, ...] = get_args(Way)
MAX_POINTS = 1000
TIME_BUCKET = "time_bucket"

_COUNTED: tuple[Way, ...] = ("COUNT",)
_SPREAD: tuple[Way, ...] = ("AVG", "MAX", "MIN", "PERCENTILE")
_SUMMED: tuple[Way, ...] = (*_SPREAD, "SUM")
_MODELS = ("span_model_name", "span_model_provider")
TOKENS = (
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
)
COSTS = ("input_cost", "output_cost", "total_cost")
_KNOWN: dict[View, dict[str, tuple[tuple[Way, ...], tuple[str, ...]]]] = {
    "TRACES": {
        "trace_count": (_COUNTED, ("trace_name", "trace_status")),
        "session_count": (_COUNTED, ()),
        "latency": (_SPREAD, ("trace_name",)),
        **dict.fromkeys(TOKENS, (_SUMMED, ("trace_name",))),
    },
    "SPANS": {
        "span_count": (_COUNTED, (*_MODELS, "span_name", "span_status", "span_type")),
        "latency": (_SPREAD, ("span_name", "span_status")),
        **dict.fromkeys(COSTS, (_SUMMED, _MODELS)),
    },
    "ASSESSMENTS": {
        "assessment_count": (_COUNTED, ("assessment_name", "assessment_value")),
        "assessment_value": (_SPREAD, ("assessment_name",)),
    },
}
_FILTERED = {
    "trace": {"status": False, "tag": True, "metadata": True},
    "span": {"name": False, "status": False, "type": False},
    "assessment": {"name": False, "type": False},
}


class Aggregation(Record, frozen=True, kw_only=True):
    """One way to sum up; ``percent`` (0 to 100) of a percentile only."""

    way: Way
    percent: float | None = None

    @property
    def label(self) -> str:
        """``AVG``, or ``P95.0``."""
        return f"P{self.percent}" if self.way == "PERCENTILE" else self.way


class Narrowing(Record, frozen=True, kw_only=True):
    """One condition ``of.what[.key] = value``."""

    of: str
    what: str
    key: str | None
    value: str


class Question(Record, frozen=True, kw_only=True):
    """What is to be measured, summed up how, by which dimensions, in steps of how long."""

    view: View
    metric: str
    aggregations: list[Aggregation]
    dimensions: list[str] = []
    narrowed: list[Narrowing] = []
    interval_s: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    limit: int = MAX_POINTS


class Point(Record, frozen=True, kw_only=True):
    """Values of one combination of dimensions; a value of nothing is left out."""

    metric: str
    dimensions: dict[str, str]
    values: dict[str, float]


def check_aggregation(item: Aggregation) -> None:
    """Refuse a percentile without its percent, and a percent of anything else.

    Raises:
        Invalid: Saying which.
    """
    if item.way == "PERCENTILE":
        if item.percent is None:
            raise Invalid("Percentile value is required for PERCENTILE aggregation")
        if not 0 <= item.percent <= 100:
            raise Invalid(f"Percentile value must be between 0 and 100, got {item.percent}")
    elif item.percent is not None:
        raise Invalid(f"Percentile value is only allowed for PERCENTILE aggregation type, got {item.way}")


def check_question(asked: Question) -> None:
    """Refuse what cannot be measured.

    Raises:
        Invalid: Naming what can be.
    """
    known = _KNOWN[asked.view]
    if asked.metric not in known:
        raise Invalid(f"metric_name must be one of {list(known)}, got '{asked.metric}'")
    if not asked.aggregations:
        raise Invalid(
            "nothing says how to sum up", hint="aggregations: COUNT, SUM, AVG, MIN, MAX, PERCENTILE"
        )
    ways, dimensions = known[asked.metric]
    if strange := sorted({item.way for item in asked.aggregations} - set(ways)):
        raise Invalid(
            f"Found invalid aggregation_type(s): {strange}. Supported aggregation types: {sorted(ways)}"
        )
    if odd := sorted(set(asked.dimensions) - set(dimensions)):
        raise Invalid(f"Found invalid dimension(s): {odd}. Supported dimensions: {sorted(dimensions)}")
    if asked.interval_s and (asked.start_ms is None or asked.end_ms is None):
        raise Invalid("start_time_ms and end_time_ms are required if time_interval_seconds is set")
    if asked.interval_s is not None and not 0 <= asked.interval_s < 2**31:
        raise Invalid(
            f"time_interval_seconds {asked.interval_s} is no length of time", hint="3600 is an hour"
        )
    for item in asked.narrowed:
        if item.of == "span" and asked.view != "SPANS":
            raise Invalid(f"Filtering by span is only supported for SPANS view type, got {asked.view}")
        if item.of == "assessment" and asked.view != "ASSESSMENTS":
            raise Invalid(
                f"Filtering by assessment is only supported for ASSESSMENTS view type, got {asked.view}"
            )


def narrowing_from(text: str) -> Narrowing:
    """One filter of a question.

    >>> narrowing_from("trace.tag.team = 'a'").key
    'team'

    Raises:
        Invalid: If it cannot be read, or filters by what nothing is filtered by.
    """
    tokens = tokens_of(text)
    if not tokens or tokens[0][0] != "key":
        bad_clause(text)
    _, word = tokens.pop(0)
    of, what, key = _place(word)
    op = operator_of(tokens, word)
    if op != "=":
        raise Invalid(f"Invalid comparator: '{op}', only '=' operator is supported")
    if len(tokens) != 1:
        raise Invalid(f"Invalid clause(s) in filter string: {' '.join(word for _, word in tokens[1:2])}")
    kind, value = tokens[0]
    if kind == "key":
        raise Invalid(
            "Parameter value is either not quoted or unidentified quote types used for string value "
            f"{value}. Use either single or double quotes."
        )
    if kind != "text":
        raise Invalid(f"Expected a quoted string value for {what} value (e.g. 'my-value'). Got value {value}")
    return Narrowing(of=of, what=what, key=key, value=value[1:-1])


def _place(word: str) -> tuple[str, str, str | None]:
    parts = word.split(".", 2)
    if len(parts) < 2:
        raise Invalid(
            f"Invalid identifier '{word}'. Columns should be specified as "
            "'trace.<key>', 'span.<key>', 'assessment.<key>'."
        )
    of, what, key = parts[0].strip("`"), parts[1], parts[2] if len(parts) == 3 else None
    if of not in _FILTERED:
        raise Invalid(f"Invalid view type '{of}'. Valid values are {_FILTERED.keys()}")
    known = _FILTERED[of]
    if what not in known:
        raise Invalid(
            f"Invalid entity '{what}' specified for view type '{of}'. Valid entities are {list(known)}"
        )
    if known[what] and key is None:
        raise Invalid(f"Filtering by {what} requires a key, e.g. '{of}.{what}.<key> = <value>'")
    if not known[what] and key is not None:
        raise Invalid(f"Filtering by {what} does not require a key, use '{of}.{what}' instead")
    return of, what, None if key is None else unquote(key)
