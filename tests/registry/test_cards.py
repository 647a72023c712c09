"""Cards: the ledger's parts are as they are today, people's parts are as people left them."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.registry.test_service import trained

from pomona.business.records import Hypothesis
from pomona.business.service import BusinessService
from pomona.core.actors import acting_as
from pomona.core.errors import Conflict, Invalid, NotFound
from pomona.core.ports import Clock, Database, Ledger
from pomona.data.comparison.service import ComparisonService
from pomona.data.diff.service import DiffService
from pomona.data.records import DataVersion
from pomona.data.service import DataService
from pomona.data.shelf import Shelf
from pomona.registry.approvals.records import Standing
from pomona.registry.cards import rules
from pomona.registry.cards.markdown import code, plain
from pomona.registry.cards.records import CardFacts, NewCard
from pomona.registry.cards.service import CardService
from pomona.registry.comparing.service import Comparer
from pomona.registry.records import ModelVersion, NewVersion, Signature
from pomona.registry.service import RegistryService
from pomona.storage.files import FileBlobs
from pomona.testing.clock import FakeClock
from pomona.training.service.tracking import TrackingService

AT = FakeClock().now()
NOBODY = Standing(
    needed=0,
    approvers=(),
    authors=(),
    requested=False,
    approved_by=(),
    rejected_by=(),
    missing="",
    statements=(),
)


@pytest.fixture
def cards(
    database: Database,
    clock: Clock,
    blobs: FileBlobs,
    ledger: Ledger,
    registry: RegistryService,
    tracking: TrackingService,
    business: BusinessService,
    data: DataService,
) -> CardService:
    shelf = Shelf(data, blobs, data._tables)
    comparer = Comparer(registry, tracking, blobs, DiffService(shelf, ComparisonService(data)).diff)
    return CardService(
        database, clock, registry, tracking=tracking, business=business, data=data, comparer=comparer
    )


@pytest.fixture
def late(
    tracking: TrackingService, registry: RegistryService, hypothesis: Hypothesis, version: DataVersion
) -> ModelVersion:
    run = trained(tracking, auc=0.8, tags={"pomona.hypothesis": "late", "pomona.data_version": "flights@v1"})
    with acting_as("ann"):
        return registry.register("late", NewVersion(run_id=run))


def facts(metric: float = 0.5, **about: object) -> CardFacts:
    version = ModelVersion(
        id="mv_1", model="late", model_id="mdl_1", number=1, source="", files=(), digest="d", size=0,
        flavors={"sklearn": {}}, signature=Signature(), metrics={"test_roc_auc": metric}, created_at=AT,
        updated_at=AT, **about,  # type: ignore[arg-type]
    )  # fmt: skip
    return CardFacts(version=version, standing=NOBODY)


def test_a_card_says_what_the_ledger_knows(
    cards: CardService, late: ModelVersion, version: DataVersion
) -> None:
    found = cards.card("late/1")
    header, body = rules.parted(found.text)
    assert header["library_name"] == "pyfunc"
    assert header["datasets"] == ["flights"]
    result = header["model-index"][0]["results"][0]
    assert result["metrics"] == [{"type": "roc_auc", "name": "test_roc_auc", "value": 0.8}]
    assert result["dataset"]["revision"] == version.digest
    assert header["pomona"]["digest"] == late.digest
    for said in (
        "If we warn, people wait less",
        "`flights@v1`",
        "| quality |",
        "`test_roc_auc`",
        "`scikit-learn`",
    ):
        assert said in body
    assert found.revision == 0
    assert found.unwritten == ("Summary", "Intended use", "Known limits")


def test_what_people_write_stays_while_the_ledger_goes_on(
    cards: CardService, registry: RegistryService, ledger: Ledger, late: ModelVersion
) -> None:
    text = cards.card("late/1").text
    mine = text.replace(rules.sections_of(facts())[-1].text, "It was never tried on winter data.")
    mine = mine.replace("---\n", "---\nlicense: apache-2.0\n", 1)
    with acting_as("ann"):
        saved = cards.save("late/1", NewCard(text=mine, based_on=0, comment="limits"))
    assert saved.revision == 1
    assert [(edit.by, edit.comment) for edit in saved.edits] == [("ann", "limits")]
    assert saved.unwritten == ("Summary", "Intended use")
    assert "The gate was not asked yet." in saved.text
    registry.check_gate("late/1")
    later = cards.card("late/1").text
    assert "The gate was not asked yet." not in later
    assert "**passed**" in later
    assert "It was never tried on winter data." in later
    assert rules.parted(later)[0]["license"] == "apache-2.0"
    assert [entry.data["revision"] for entry in ledger.entries(types=["registry.card_edited"])] == [1]
    assert "It was never tried" in cards.revision("late/1", 1).text
    assert "<!--" not in cards.readme("late/1")


def test_a_part_of_the_ledgers_that_is_edited_is_not_written_over(
    cards: CardService, registry: RegistryService, late: ModelVersion
) -> None:
    text = cards.card("late/1").text.replace("The gate was not asked yet.", "We do not ask gates.")
    cards.save("late/1", NewCard(text=text))
    registry.check_gate("late/1")
    later = cards.card("late/1").text
    assert "We do not ask gates." in later
    assert "**passed**" not in later
    assert "pomona:data" in later  # the others are still the ledger's


def test_two_who_edit_at_once_are_told(cards: CardService, late: ModelVersion) -> None:
    text = cards.card("late/1").text
    with acting_as("ann"):
        cards.save("late/1", NewCard(text=text, based_on=0))
    with pytest.raises(Conflict, match="ann saved revision 1"):
        cards.save("late/1", NewCard(text=text, based_on=0))
    with pytest.raises(NotFound):
        cards.revision("late/1", 9)


@pytest.mark.parametrize(
    "text",
    [
        "---\nno end",
        "---\n- a list\n---\n",
        "---\na: [\n---\n",
        "---\na: &x 1\nb: *x\n---\n",
        "a\0b",
        "x" * 400_001,
    ],
    ids=["no end", "list", "no YAML", "aliases", "control", "long"],
)
def test_what_is_no_card_is_refused(cards: CardService, late: ModelVersion, text: str) -> None:
    with pytest.raises(Invalid):
        cards.save("late/1", NewCard(text=text))
    assert cards.card("late/1").revision == 0


LINES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40)


@settings(max_examples=80, deadline=None)
@given(st.lists(LINES, max_size=5), st.floats(0, 1), st.floats(0, 1))
def test_refreshing_keeps_every_line_of_people_and_is_done_once(
    lines: list[str], before: float, after: float
) -> None:
    own = "\n".join(lines)
    text = rules.settled(rules.compose(facts(before)) + "\n## Mine\n\n" + own)
    fresh = rules.refreshed(text, facts(after))
    assert fresh.endswith("\n## Mine\n\n" + own)
    assert rules.refreshed(fresh, facts(after)) == fresh
    assert rules.settled(fresh) == fresh
    metrics = rules.parted(fresh)[0]["model-index"][0]["results"][0]["metrics"]
    assert metrics[0]["value"] == after


@given(st.text(max_size=60))
def test_values_mean_nothing_to_markdown(text: str) -> None:
    assert "\n" not in plain(text)
    assert "<" not in plain(text)
    assert code(text).count("`") == 2


@given(st.dictionaries(LINES, LINES, max_size=4))
def test_a_header_is_read_as_it_was_written(values: dict[str, str]) -> None:
    text = rules.joined(values, "body\n")
    head = text[4:].partition("\n---\n")[0] if values else ""
    assert (yaml.safe_load(head) or {}) == values
