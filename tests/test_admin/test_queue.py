"""The curation desk: what comes next, what a decision does, and that no two curators overwrite each other."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citations import labelling
from citations.curation import audits, queue
from citations.curation.queue import Filters, Reason, read_queue
from citations.models import Citation, ClassChange, HubSummary, Label, Paper, Report, Skip
from tests.factories import make_citation, make_curator, make_hub, make_label, make_mention, make_paper
from tests.test_admin.pages import address, text_of

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'
# A page of the desk, whatever the queue and the ledger hold: ten of them read the queue.
QUERIES = 25


def desk_url(**parameters: object) -> str:
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return f"{reverse('desk')}?{query}" if query else reverse("desk")


def mark_of(citation: Citation) -> str:
    return str(labelling.ledger_mark(citation.pk))


def send(client: Client, citation: Citation, do: str = "decide", **fields: Any) -> Any:
    """What a form of the desk sends about a citation as it stands, and the page that comes then."""
    return client.post(
        reverse("desk"), {"do": do, "citation": citation.pk, "seen": mark_of(citation), **fields}, follow=True
    )


def fresh(citation: Citation) -> Citation:
    return Citation.objects.get(pk=citation.pk)


def queued(user: User, **filters: str) -> list[tuple[int, Reason]]:
    return [(entry.citation_id, entry.reason) for entry in read_queue(user, Filters(**filters)).entries]


@pytest.fixture
def one_of_each(curator: User) -> dict[Reason, Citation]:
    """A citation for each reason, made in another order than that of the reasons."""
    low, high, influential, reported, dispute, disagreement = (make_citation() for _ in range(6))
    make_label(low, "method", decided_by="classifier", confidence=0.82)
    make_label(high, "dataset", decided_by="classifier", confidence=0.97)
    Citation.objects.filter(pk=influential.pk).update(is_influential=True)
    make_label(reported, "method", source="openalex")
    Report.objects.create(citation=reported, role="comparison", comment="A table compares the two.")
    make_label(dispute, "evidence", "disputes", source="scite")
    make_label(disagreement, "background", source="semanticscholar")
    make_label(disagreement, "extension", source="acl-arc")
    turning = Citation.objects.filter(cited=make_hub({"method": 19}, 1, title="Turning hub"), role="").get()
    return {
        Reason.LOW: low,
        Reason.HIGH: high,
        Reason.INFLUENTIAL: influential,
        Reason.REPORT: reported,
        Reason.DISPUTE: dispute,
        Reason.DISAGREEMENT: disagreement,
        Reason.CHANGE: turning,
    }


# The order, and the filters ------------------------------------------------------------------------------------------


def test_citations_stand_in_the_order_of_usefulness(curator: User, one_of_each: dict[Reason, Citation]) -> None:
    audited = make_citation()
    audits.draw(audited.cited, curator)
    expected = {Reason.AUDIT: audited} | one_of_each
    assert queued(curator) == [(expected[reason].pk, reason) for reason in queue.REASONS]


def test_of_what_a_classifier_is_unsure_the_least_sure_stand_first_and_hubs_and_papers_in_turn(curator: User) -> None:
    first, second = make_paper("First hub"), make_paper("Second hub")
    same = make_paper("Cites both")
    made = [
        make_citation(citing, hub)
        for citing, hub in ((same, first), (make_paper(), first), (same, second), (make_paper(), second))
    ]
    for citation, confidence in zip(made, (0.81, 0.82, 0.83, 0.84), strict=True):
        make_label(citation, "method", decided_by="classifier", confidence=confidence)
    # The second hub's first paper has been seen at the first hub, so that it waits for its turn.
    assert [pk for pk, _ in queued(curator)] == [made[n].pk for n in (0, 1, 2, 3)]
    make_label(made[1], "method", decided_by="classifier", confidence=0.805)
    assert [pk for pk, _ in queued(curator)] == [made[n].pk for n in (1, 0, 2, 3)]
    others = [make_citation(make_paper(), make_paper()) for _ in range(2)]
    for citation in others:
        make_label(citation, "method", decided_by="classifier", confidence=0.89)
    assert {pk for pk, _ in queued(curator)[1:3]} == {citation.pk for citation in others}


def test_a_citation_with_several_reasons_stands_once_and_is_found_by_each(curator: User) -> None:
    citation = make_citation(is_influential=True)
    make_label(citation, polarity="disputes", source="scite")
    assert queued(curator) == [(citation.pk, Reason.DISPUTE)]
    assert queued(curator, reason="influential") == [(citation.pk, Reason.DISPUTE)]
    found = read_queue(curator, Filters(reason="influential"))
    assert found.reason_of(citation.pk) is Reason.INFLUENTIAL
    assert {option.value: option.number for option in found.options("reason") if option.number} == {
        "dispute": 1,
        "influential": 1,
    }


def test_each_hub_that_would_turn_is_there_once_with_its_most_telling_paper(curator: User) -> None:
    hub = make_hub({"method": 19}, 3)
    first, second, third = Citation.objects.filter(cited=hub, role="").order_by("pk")
    Citation.objects.filter(pk=second.pk).update(is_influential=True)
    assert [pk for pk, reason in queued(curator) if reason is Reason.CHANGE] == [second.pk]
    of_hub = [pk for pk, _ in queued(curator, hub=hub.slug)]
    assert of_hub == [second.pk, third.pk, first.pk]


def test_a_hub_whose_dispute_would_make_it_contested_comes_with_that_dispute(curator: User) -> None:
    hub = make_hub({"method": 25}, 1, polarities={"supports": 17})
    disputing = list(Citation.objects.filter(cited=hub, polarity="").order_by("pk")[:3])
    for citation in disputing[:2]:
        make_label(citation, polarity="disputes", curator=curator)
    make_label(disputing[2], polarity="disputes", source="scite")
    assert queued(curator)[0] == (disputing[2].pk, Reason.CHANGE)


@pytest.mark.parametrize(
    ("filters", "reasons"),
    [
        ({"reason": "dispute"}, {Reason.DISPUTE}),
        ({"role": "evidence"}, {Reason.DISPUTE}),
        ({"role": "none"}, {Reason.CHANGE, Reason.INFLUENTIAL, Reason.HIGH, Reason.LOW}),
        ({"suggested": "dataset"}, {Reason.HIGH}),
        ({"source": "acl-arc"}, {Reason.DISAGREEMENT}),
        ({"source": "none"}, {Reason.CHANGE, Reason.INFLUENTIAL, Reason.HIGH, Reason.LOW}),
        ({"role": "none", "suggested": "method"}, {Reason.LOW}),
        ({"role": "unclear"}, set()),
    ],
)
def test_filters_choose_by_reason_role_suggestion_and_source(
    curator: User, one_of_each: dict[Reason, Citation], filters: dict[str, str], reasons: set[Reason]
) -> None:
    assert {reason for _, reason in queued(curator, **filters)} == reasons


def test_the_numbers_of_a_filter_are_those_of_the_queue_that_it_opens(
    curator: User, one_of_each: dict[Reason, Citation]
) -> None:
    whole = read_queue(curator, Filters())
    for name in ("reason", "role", "suggested", "source"):
        for option in whole.options(name):
            assert option.number == len(queued(curator, **{name: option.value})), (name, option)


def test_a_hub_is_chosen_by_its_name_in_addresses(
    desk: Client, curator: User, one_of_each: dict[Reason, Citation]
) -> None:
    dispute = one_of_each[Reason.DISPUTE]
    assert queued(curator, hub=dispute.cited.slug) == [(dispute.pk, Reason.DISPUTE)]
    assert dispute.citing.title in text_of(desk.get(desk_url(hub=dispute.cited.slug)))


@pytest.mark.parametrize("query", ["reason=x", "hub=nowhere", "role=tool", "suggested=x", "source=x", "hub=a%20b"])
def test_a_filter_that_is_not_understood_is_told(desk: Client, query: str) -> None:
    response = desk.get(f"{reverse('desk')}?{query}")
    assert response.status_code == 200
    assert "the queue is shown without it" in text_of(response)


def test_a_report_waits_for_its_answer_alone_once_a_curator_has_decided(curator: User) -> None:
    citation = make_citation()
    Report.objects.create(citation=citation, role="dataset")
    assert queued(curator) == [(citation.pk, Reason.REPORT)]
    make_label(citation, "dataset", curator=curator)
    assert queued(curator) == []


def test_hidden_citations_are_not_queued(curator: User, one_of_each: dict[Reason, Citation]) -> None:
    survivor = make_citation()
    Citation.objects.exclude(pk=survivor.pk).update(merged_into=survivor)
    assert queued(curator) == [(survivor.pk, Reason.REPORT)]


def test_only_the_beginning_of_each_reason_is_read(curator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "WINDOW", 3)
    for _ in range(5):
        make_citation(is_influential=True)
    found = read_queue(curator, Filters())
    assert (len(found.entries), found.is_cut, found.more) == (3, True, frozenset({Reason.INFLUENTIAL}))
    assert not read_queue(curator, Filters(reason="dispute")).is_cut


# The page ------------------------------------------------------------------------------------------------------------


def test_the_page_shows_what_a_curator_reads(desk: Client, curator: User) -> None:
    hub = make_hub({"method": 15, "comparison": 6}, title="Pythia: a suite", authors=["Ada Hubauthor"], year=2023)
    citing = make_paper("A citing paper", authors=["Ben Citer"], year=2024, venue="A Journal")
    citation = make_citation(citing, hub, sentences=["We use Pythia and others.", "As Hubauthor (2023) says."])
    make_mention(citation, "In the end.", section="Conclusion")
    make_label(citation, "", "neutral", source="scite", raw_value="mentioning")
    make_label(citation, "dataset", decided_by="classifier")
    response = desk.get(desk_url(citation=citation.pk))
    page, html = text_of(response), response.content.decode()
    for words in ("A citing paper", "Ben Citer", "A Journal", "Conclusion", "raw value mentioning", "scite"):
        assert words in page
    assert '<b class="cited">Pythia</b>' in html
    assert '<b class="cited">Hubauthor (2023</b>' in html
    assert "suggested: Dataset, 0.90" in page
    assert "would make it Mixed use" in page
    assert "stays Tool reference" in page
    assert "Would change the class" in page


def test_a_page_of_the_desk_takes_few_queries(desk: Client, curator: User, one_of_each: dict[Reason, Citation]) -> None:
    hub = one_of_each[Reason.CHANGE].cited
    for _ in range(30):
        make_citation(cited=hub, sentences=["We used it."], is_influential=True)
    citation = one_of_each[Reason.CHANGE]
    for number in range(12):
        make_label(citation, "method", curator=make_curator(f"curator-{number}"))
        make_mention(citation, f"Sentence {number}.")
    for url in (desk_url(), desk_url(hub=hub.slug), desk_url(citation=citation.pk)):
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(url).status_code == 200
        assert len(queries) <= QUERIES, url


def test_an_empty_queue_says_so(desk: Client) -> None:
    assert "Nothing to decide" in text_of(desk.get(desk_url()))
    make_citation(is_influential=True)
    assert "matches this filter" in text_of(desk.get(desk_url(reason="dispute")))


def test_an_empty_queue_leads_to_what_nobody_has_classified(desk: Client, curator: User) -> None:
    big, small = make_hub({"background": 3}, 2, title="Big"), make_hub({}, 1, title="Small")
    first, second = Citation.objects.filter(cited=big, role="").order_by("-pk")
    (other,) = Citation.objects.filter(cited=small)
    for citation in (first, second, other):
        page = desk.get(desk_url()).content.decode()
        assert "Nothing to decide" in page and f'href="{desk_url(citation=citation.pk)}"' in page
        make_label(citation, "method", curator=curator)
    assert "nobody has classified" not in desk.get(desk_url()).content.decode()


def test_any_citation_can_be_opened_and_one_that_a_merge_hid_opens_its_survivor(desk: Client) -> None:
    survivor, hidden = make_citation(), make_citation()
    Citation.objects.filter(pk=hidden.pk).update(merged_into=survivor)
    page = text_of(desk.get(desk_url(citation=hidden.pk)))
    assert survivor.citing.title in page
    assert "Chosen by hand" in page


@pytest.mark.parametrize(
    "query", ["citation=0", "citation=x", "citation=" + "9" * 30, "at=0", "at=x", "at=99999999999"]
)
def test_addresses_that_name_nothing_show_the_queue(desk: Client, query: str) -> None:
    citation = make_citation(is_influential=True)
    assert citation.citing.title in text_of(desk.get(f"{reverse('desk')}?{query}"))


def test_hostile_text_is_escaped(desk: Client, curator: User) -> None:
    hub = make_hub({"method": 19}, title=f"Hub {HOSTILE}", authors=[HOSTILE])
    citation = make_citation(make_paper(f"Citing {HOSTILE}", authors=[HOSTILE]), hub, sentences=[f"Hub {HOSTILE}"])
    make_label(citation, "method", curator=make_curator("ben"), note=HOSTILE)
    make_label(citation, "background", raw_value=HOSTILE)
    make_label(citation, "dataset", decided_by="classifier", source=f"linear-{HOSTILE[:20]}")
    Report.objects.create(citation=citation, comment=HOSTILE)
    stale = {"do": "decide", "citation": citation.pk, "seen": "0.0", "role": "dataset", "note": HOSTILE}
    pages = [desk.get(desk_url(citation=citation.pk)), desk.post(reverse("desk"), stale)]
    pages.append(send(desk, citation, "skip", why="field"))
    pages += [desk.get(reverse("desk_skipped")), desk.get(f"{reverse('desk')}?hub=%3Cscript%3Ealert(1)")]
    for response in pages:
        html = response.content.decode()
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        # Without what stands in quotes, where an escaped text may hold anything.
        assert not re.search(r"<[^>]* (?:style|on[a-z]+)=", re.sub(r'="[^"]*"', '=""', html))
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", html)


# Decisions -----------------------------------------------------------------------------------------------------------


def test_a_role_and_a_polarity_are_one_label_with_its_note_and_sentence(desk: Client, curator: User) -> None:
    citation = make_citation(sentences=["We used it."])
    mention = citation.mentions.get()
    send(desk, citation, role="dataset", polarity="supports", note=" Only the corpus.\r\nReally. ", mention=mention.pk)
    label = Label.objects.get()
    assert (label.role, label.polarity, label.curator, label.mention) == ("dataset", "supports", curator, mention)
    assert label.note == "Only the corpus.\nReally."


def test_a_polarity_alone_leaves_the_role(desk: Client) -> None:
    citation = make_citation()
    make_label(citation, "method", source="semanticscholar")
    send(desk, citation, role="", polarity="disputes")
    assert (fresh(citation).role, fresh(citation).role_by) == ("method", "import")
    assert (fresh(citation).polarity, fresh(citation).confirmed) == ("disputes", True)


def test_the_message_tells_what_the_decision_did_to_the_hub_as_the_page_had_foretold(desk: Client) -> None:
    hub = make_hub({"method": 15, "comparison": 6}, 1, title="A hub")
    citation = Citation.objects.get(cited=hub, role="")
    assert "would make it Mixed use" in text_of(desk.get(desk_url()))
    page = text_of(send(desk, citation, role="evidence"))
    assert "“A hub” is now Mixed use; it was Tool reference." in page
    assert ClassChange.objects.latest("id").label == Label.objects.latest("id")
    assert HubSummary.objects.get(pk=hub.pk).classified == 22


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose a role, a polarity, or both."),
        ({"role": "tool"}, "is not a role"),
        ({"polarity": "against"}, "is not a polarity"),
        ({"role": "method", "note": "x" * 501}, "500 is the most"),
        ({"role": "method", "note": "a\0b"}, "cannot be stored"),
        ({"role": "method", "mention": "999999"}, "not one of this citation"),
        ({"role": "method", "mention": "x"}, "not one of this citation"),
        ({"do": "confirm", "label": "7777777"}, "no such label"),
        ({"do": "undo", "label": "x"}, "no such decision"),
        ({"do": "skip", "why": "tired"}, "Choose why"),
        ({"do": "steal"}, "nothing was written"),
    ],
)
def test_what_cannot_be_decided_is_said_and_nothing_is_written(
    desk: Client, fields: dict[str, str], words: str
) -> None:
    citation = make_citation()
    assert words in text_of(send(desk, citation, **fields))
    assert not Label.objects.exists()
    assert not Skip.objects.exists()


def test_a_mention_of_another_citation_is_refused(desk: Client) -> None:
    citation, other = make_citation(), make_citation(sentences=["Elsewhere."])
    send(desk, citation, role="method", mention=other.mentions.get().pk)
    assert not Label.objects.exists()


def test_the_queue_keeps_its_filters_after_a_decision(desk: Client) -> None:
    citation = make_citation(is_influential=True)
    form = {"do": "decide", "citation": citation.pk, "seen": mark_of(citation), "role": "method"}
    response = desk.post(desk_url(reason="influential"), form)
    assert response.headers["Location"] == desk_url(reason="influential")


# Confirming and undoing ----------------------------------------------------------------------------------------------


def test_an_imported_dispute_counts_as_confirmed_and_who_confirmed_it_is_shown(desk: Client) -> None:
    citation = make_citation()
    label = make_label(citation, "", "disputes", source="scite")
    send(desk, citation, "confirm", label=label.pk)
    assert fresh(citation).confirmed
    assert Label.objects.latest("id").confirms == label
    assert "Confirmed by ann" in text_of(desk.get(desk_url(citation=citation.pk)))


def test_a_colleagues_decision_can_be_confirmed_and_ones_own_cannot(desk: Client, curator: User) -> None:
    citation = make_citation()
    theirs = make_label(citation, "method", curator=make_curator("ben"))
    mine = make_label(citation, "dataset", curator=curator)
    html = desk.get(desk_url(citation=citation.pk)).content.decode()
    assert re.search(rf'name="label" value="{theirs.pk}"[^>]*>Confirm', html)
    assert not re.search(rf'name="label" value="{mine.pk}"[^>]*>Confirm', html)
    assert re.search(rf'name="label" value="{mine.pk}"[^>]*>Undo', html)


def test_a_label_of_another_citation_is_not_confirmed_here(desk: Client) -> None:
    citation, other = make_citation(), make_citation()
    label = make_label(other, "method")
    assert "no such label" in text_of(send(desk, citation, "confirm", label=label.pk))
    assert Label.objects.count() == 1


def test_undo_takes_back_the_last_decision_by_a_retraction_and_shows_its_citation(desk: Client) -> None:
    first, second = make_citation(), make_citation()
    send(desk, first, role="method")
    page = send(desk, second, role="dataset")
    last = Label.objects.latest("id")
    assert f'value="{last.pk}" aria-keyshortcuts="u"' in page.content.decode()
    response = send(desk, second, "undo", label=last.pk)
    assert fresh(second).role == ""
    assert (Label.objects.count(), Label.objects.latest("id").retracts) == (3, last)
    assert second.citing.title in text_of(response)
    # The one before is offered next.
    assert 'aria-keyshortcuts="u"' in response.content.decode()
    send(desk, first, "undo", label=Label.objects.get(citation=first).pk)
    assert 'aria-keyshortcuts="u"' not in desk.get(desk_url()).content.decode()


def test_a_decision_is_undone_once_and_only_by_its_author(desk: Client, curator: User) -> None:
    citation = make_citation()
    theirs = make_label(citation, "method", curator=make_curator("ben"))
    assert "not yours" in text_of(send(desk, citation, "undo", label=theirs.pk))
    mine = make_label(citation, "dataset", curator=curator)
    send(desk, citation, "undo", label=mine.pk)
    assert "undone already" in text_of(send(desk, citation, "undo", label=mine.pk))
    assert Label.objects.count() == 3
    assert fresh(citation).role == "method"


# Skipping ------------------------------------------------------------------------------------------------------------


def test_a_skipped_citation_leaves_the_queue_of_this_curator_alone_until_it_is_taken_up(
    desk: Client, curator: User
) -> None:
    citation = make_citation(is_influential=True)
    send(desk, citation, "skip", why="full-paper")
    assert queued(curator) == []
    assert queued(make_curator("ben")) == [(citation.pk, Reason.INFLUENTIAL)]
    page = text_of(desk.get(reverse("desk_skipped")))
    assert citation.citing.title in page
    assert "Needs the full paper" in page
    send(desk, citation, "skip", why="field")
    assert Skip.objects.get().reason == "field"
    send(desk, citation, "take-up")
    assert queued(curator) == [(citation.pk, Reason.INFLUENTIAL)]
    assert not Label.objects.exists()


def test_a_hub_that_would_turn_stays_with_its_next_paper_when_one_is_skipped(desk: Client, curator: User) -> None:
    hub = make_hub({"method": 19}, 2)
    first = Citation.objects.get(pk=queued(curator)[0][0])
    send(desk, first, "skip", why="field")
    ((other, reason),) = queued(curator)
    assert (reason, Citation.objects.get(pk=other).cited, other != first.pk) == (Reason.CHANGE, hub, True)


def test_what_a_decision_left_open_comes_again_after_all_others_and_not_at_once(desk: Client) -> None:
    first, second, third = (make_citation() for _ in range(3))
    for citation in (first, second, third):
        make_label(citation, "", "disputes", source="scite")
    order = []
    for _ in range(4):
        shown = re.search(r'name="citation" value="(\d+)"', desk.get(desk_url()).content.decode())
        assert shown is not None
        order.append(int(shown[1]))
        send(desk, Citation.objects.get(pk=order[-1]), role="method")
    assert order == [third.pk, second.pk, first.pk, third.pk]
    send(desk, second, "undo", label=Label.objects.filter(citation=second).latest("id").pk)
    assert second.citing.title in text_of(desk.get(desk_url()))


# Reports -------------------------------------------------------------------------------------------------------------


def report_on(citation: Citation, role: str = "comparison") -> Report:
    return Report.objects.create(citation=citation, role=role, comment="A table compares the two.")


def test_a_report_is_accepted_where_it_is_read_and_becomes_a_label_that_names_it(desk: Client, curator: User) -> None:
    citation = make_citation()
    make_label(citation, "method", source="openalex")
    report = report_on(citation)
    page = text_of(desk.get(desk_url()))
    assert "A reader suggests Baseline instead of Tool or method" in page
    assert "Accept: label it Baseline" in page
    told = text_of(send(desk, citation, "accept", report=report.pk, note="Table 3."))
    assert f"Report {report.pk} was accepted. Recorded: Baseline" in told
    report.refresh_from_db()
    assert (report.status, report.answered_by, report.answer) == (Report.ACCEPTED, curator, "Table 3.")
    label = Label.objects.latest("id")
    assert (label.role, label.curator, label.note) == ("comparison", curator, f"Report {report.pk}. Table 3.")
    assert report.label == label
    send(desk, citation, "undo", label=label.pk)
    assert fresh(citation).role == "method"


def test_a_report_is_declined_where_it_is_read_and_no_label_is_written(desk: Client, curator: User) -> None:
    citation = make_citation()
    report = report_on(citation)
    told = text_of(send(desk, citation, "decline", report=report.pk, note="They only name it."))
    assert f"Report {report.pk} was declined; no label was written." in told
    report.refresh_from_db()
    assert (report.status, report.answered_by, report.answer) == (Report.DECLINED, curator, "They only name it.")
    assert not Label.objects.exists()
    assert "was declined by ann" in text_of(send(desk, citation, "accept", report=report.pk))
    assert not Label.objects.exists()


def test_a_report_is_not_accepted_on_a_ledger_that_has_moved_on(desk: Client) -> None:
    citation = make_citation()
    report, seen = report_on(citation), mark_of(citation)
    make_label(citation, "evidence", curator=make_curator("ben"))
    response = send(desk, citation, "accept", report=report.pk, seen=seen, note="Table 3.")
    assert response.status_code == 409
    assert "Accept again: Baseline" in text_of(response)
    report.refresh_from_db()
    assert (report.status, Label.objects.count()) == (Report.OPEN, 1)
    send(desk, citation, "accept", report=report.pk, note="Table 3.")
    assert fresh(citation).role == "comparison"


def test_a_comment_is_accepted_without_a_label(desk: Client) -> None:
    citation = make_citation()
    report = report_on(citation, role="")
    assert "A reader suggests a look" in text_of(desk.get(desk_url()))
    assert "no label was written" in text_of(send(desk, citation, "accept", report=report.pk))
    report.refresh_from_db()
    assert (report.status, Label.objects.count()) == (Report.ACCEPTED, 0)


def test_reports_are_answered_by_those_who_may_and_read_by_no_others(client: Client) -> None:
    citation = make_citation()
    report = report_on(citation)
    helper = User.objects.create(username="cleo", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="add_label"))
    client.force_login(helper)
    assert "A table compares the two." not in text_of(client.get(desk_url(citation=citation.pk)))
    for act in ("accept", "decline"):
        assert send(client, citation, act, report=report.pk).status_code == 403
    report.refresh_from_db()
    assert report.status == Report.OPEN


def test_a_report_on_another_citation_is_not_answered_here(desk: Client) -> None:
    report = report_on(make_citation())
    assert "no such report on this citation" in text_of(send(desk, make_citation(), "accept", report=report.pk))
    report.refresh_from_db()
    assert report.status == Report.OPEN


# Two curators --------------------------------------------------------------------------------------------------------


def test_the_second_of_two_curators_sees_what_changed_and_decides_again(desk: Client, curator: User) -> None:
    hub = make_hub({"method": 15, "comparison": 6}, 1, title="A hub")
    citation = Citation.objects.get(cited=hub, role="")
    form = {
        "do": "decide",
        "citation": citation.pk,
        "seen": mark_of(citation),
        "hub_class": "tool-reference",
        "role": "method",
        "note": "Mine.",
    }
    theirs = make_label(citation, "comparison", curator=make_curator("ben"), note="Table 2.")
    response = desk.post(reverse("desk"), form)
    assert response.status_code == 409
    page = text_of(response)
    for words in (
        "ben added to this citation while you were reading",
        "Your choice is not saved yet",
        "Their note: “Table 2.”",
        "Confirm theirs: Baseline",
        "Decide again: Tool or method",
    ):
        assert words in page
    row = re.search(r"Class of the hub</th><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td>", response.content.decode())
    assert row is not None
    assert row.groups() == ("Tool reference", "Mixed use", "Tool reference")
    assert list(Label.objects.filter(citation=citation)) == [theirs]
    desk.post(reverse("desk"), {**form, "seen": mark_of(citation)})
    assert (fresh(citation).role, Label.objects.filter(citation=citation).count()) == ("method", 2)


def test_a_retraction_meanwhile_is_a_change_too(desk: Client) -> None:
    citation = make_citation()
    ben = make_curator("ben")
    label = make_label(citation, "method", curator=ben)
    form = {"do": "confirm", "citation": citation.pk, "seen": mark_of(citation), "label": label.pk}
    labelling.retract(label, ben)
    response = desk.post(reverse("desk"), form)
    assert response.status_code == 409
    assert "Confirm again: Tool or method" in text_of(response)
    assert Label.objects.count() == 2


@pytest.mark.parametrize("seen", ["", "x", "0.0", "999999999.9"])
def test_a_form_that_does_not_say_what_was_seen_decides_nothing(desk: Client, seen: str) -> None:
    citation = make_citation()
    make_label(citation, "method")
    assert send(desk, citation, role="dataset", seen=seen).status_code == 409
    assert Label.objects.count() == 1


# Who may -------------------------------------------------------------------------------------------------------------


def test_nobody_reaches_the_desk_without_signing_in(client: Client) -> None:
    for url in (reverse("desk"), reverse("desk_skipped")):
        assert client.get(url).headers["Location"].startswith(reverse("admin:login"))
        assert client.post(url, {"do": "decide"}).status_code == 302


@pytest.mark.parametrize(("permission", "status"), [("", 403), ("view_label", 403), ("add_label", 200)])
def test_the_desk_needs_the_permission_to_add_labels(client: Client, permission: str, status: int) -> None:
    cleo = User.objects.create(username="cleo", is_staff=True)
    if permission:
        cleo.user_permissions.add(Permission.objects.get(codename=permission))
    client.force_login(cleo)
    citation = make_citation()
    assert client.get(reverse("desk")).status_code == status
    assert client.get(reverse("desk_skipped")).status_code == status
    assert send(client, citation, role="method").status_code == status
    assert Label.objects.exists() == (status == 200)
    assert ("Curation desk" in text_of(client.get(reverse("admin:index")))) == (status == 200)


def test_the_desk_is_linked_from_the_pages_of_citations_and_hubs(desk: Client) -> None:
    citation = make_citation()
    assert desk_url(citation=citation.pk) in desk.get(address(Citation, "change", citation.pk)).content.decode()
    assert (
        desk_url(hub=citation.cited.slug) in desk.get(address(HubSummary, "change", citation.cited_id)).content.decode()
    )
    assert Paper.objects.count() == 2


def test_a_hub_that_was_counted_at_another_moment_shows_no_prospect_and_no_error(desk: Client) -> None:
    """Between two statements of one page somebody else may decide."""
    citation = make_citation()
    make_label(citation, "comparison")
    Citation.objects.filter(pk=citation.pk).update(role="evidence")
    page = desk.get("/admin/citations/queue/", {"citation": citation.pk})
    assert page.status_code == 200
    assert "The numbers of this hub are being counted" in page.content.decode()
