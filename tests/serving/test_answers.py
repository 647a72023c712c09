"""A row that its caller named is answered once; what is remembered stays bounded."""

from pathlib import Path

from tests.serving.planned import journal_row, write_segment

from pomona.serving.gateway.answers import Answered, Answers, answered


def answer(number: int) -> Answered:
    return Answered(f"prd_{number}", number, None, "champion", "mv_1")


def test_the_first_answer_is_found() -> None:
    answers = Answers()
    answers.remember(answer(1))
    assert answers.find("prd_1") == answer(1)
    assert answers.find("prd_2") is None


def test_only_the_newest_answers_are_kept() -> None:
    answers = Answers(keep=100)
    for number in range(1000):
        answers.remember(answer(number))
    assert len(answers) <= 100
    assert all(answers.find(f"prd_{number}") for number in range(950, 1000))
    assert answers.find("prd_0") is None


def test_a_restart_reads_named_answers_from_the_journal(tmp_path: Path) -> None:
    named, unnamed = journal_row(1), journal_row(2, key=None)
    write_segment(tmp_path, "00000000000001-a", [named, unnamed])
    answers = Answers()
    assert answers.rebuild(tmp_path) == 1
    assert answers.find(named.id) == answered(named)
    assert answers.find(unnamed.id) is None
