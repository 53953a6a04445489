"""A note, a sentence, an abstract and an address can be blanked, and nothing else."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from citations import search
from citations.models import Mention, Paper, Report
from tests.factories import make_citation, make_curator, make_label, make_paper
from tests.test_merging import assert_all_is_well, take_in

pytestmark = pytest.mark.django_db


def redact(*arguments: object) -> str:
    out = io.StringIO()
    call_command("redact", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_a_note_is_blanked_and_the_label_stays() -> None:
    label = make_label(make_citation(), "method", curator=make_curator(), note="Not kind.")
    assert redact("note", label.pk) == f"note of label {label.pk}: blanked\n"
    label.refresh_from_db()
    assert (label.note, label.role) == ("", "method")
    assert redact("note", label.pk) == f"note of label {label.pk}: was empty already\n"


def test_a_sentence_is_blanked_in_full_text_too_and_its_place_still_counts() -> None:
    citation = make_citation(sentences=["A quokka was seen."])
    mention = citation.mentions.get()
    redact("sentence", mention.pk)
    citation.refresh_from_db()
    assert (Mention.objects.get().sentence, citation.mention_count) == ("", 1)
    assert search.citing_ids(search.parse("quokka"), citation.cited_id) == []
    assert_all_is_well()


def test_an_abstract_is_blanked_and_no_import_brings_it_back() -> None:
    paper = make_paper("A paper", abstract="About a quokka.", identifiers=["doi:10.1/one"])
    redact("abstract", paper.pk)
    take_in(citing="10.1/one", cited="10.1/two", abstract="About a quokka.")
    paper = Paper.objects.get(pk=paper.pk)
    assert paper.abstract == ""
    assert paper not in search.papers(search.parse("quokka"))
    assert_all_is_well()


def test_the_address_of_a_report_is_blanked() -> None:
    report = Report.objects.create(citation=make_citation(), role="method", reporter_address="reader@example.org")
    redact("address", report.pk)
    report.refresh_from_db()
    assert (report.reporter_address, report.role) == ("", "method")


@pytest.mark.parametrize("what", ["note", "sentence", "abstract", "address"])
def test_a_number_that_names_nothing_is_told(what: str) -> None:
    with pytest.raises(CommandError, match=r"There is no (label|mention|paper|report) 7"):
        redact(what, 7)


def test_nothing_else_can_be_blanked() -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        redact("role", 1)
