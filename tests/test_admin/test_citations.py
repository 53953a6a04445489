"""Deciding in the admin writes to the ledger, and nothing that carries a label can be deleted."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from citations import labelling, summaries
from citations.models import Citation, ClassChange, HubSummary, Label, Paper
from tests.factories import make_citation, make_curator, make_hub, make_label, make_paper
from tests.test_admin.pages import PageForm, address, form_of, send, text_of

pytestmark = pytest.mark.django_db


def test_a_role_chosen_in_the_admin_is_a_curators_label_that_outlives_a_later_import(
    desk: Client, curator: User
) -> None:
    hub = make_hub({"method": 3})
    citation = Citation.objects.filter(cited=hub).first()
    assert citation is not None
    response = send(desk, address(Citation, "change", citation.pk), role="dataset", note="Only the corpus.")
    label = Label.objects.latest("id")
    assert (label.role, label.polarity, label.curator, label.note) == ("dataset", "", curator, "Only the corpus.")
    assert "Recorded as your decision: Dataset." in text_of(response)
    make_label(citation, "background")
    assert (citation.role, citation.role_by) == ("dataset", "curator")
    assert HubSummary.objects.get(pk=hub.pk).counts["role"] == {"dataset": 1, "method": 2}


def test_role_and_polarity_chosen_together_are_one_label(desk: Client) -> None:
    citation = make_citation()
    send(desk, address(Citation, "change", citation.pk), role="evidence", polarity="disputes")
    label = Label.objects.get()
    assert (label.role, label.polarity) == ("evidence", "disputes")
    citation.refresh_from_db()
    assert (citation.role, citation.polarity, citation.confirmed) == ("evidence", "disputes", True)


def test_the_form_names_the_source_of_a_polarity_beside_a_role_of_another(desk: Client) -> None:
    citation = make_citation()
    make_label(citation, "method", "supports")
    make_label(citation, "background", decided_by="curator")
    page = text_of(desk.get(address(Citation, "change", citation.pk)))
    assert "Background (a curator)" in page
    assert "Supports (imported from Sample (illustrative))" in page


def test_the_message_says_what_the_class_was_and_is_now(desk: Client) -> None:
    hub = make_hub({"method": 15, "comparison": 5}, title="A hub")
    citation = Citation.objects.filter(cited=hub, role="method").first()
    assert citation is not None
    page = text_of(send(desk, address(Citation, "change", citation.pk), role="comparison"))
    assert "“A hub” is now Mixed use; it was Tool reference." in page
    change = ClassChange.objects.latest("id")
    assert (change.to_class, change.label) == ("mixed-use", Label.objects.latest("id"))
    page = text_of(send(desk, address(Citation, "change", citation.pk), role="comparison"))
    assert "“A hub” is Mixed use as before." in page


def test_saving_without_a_choice_writes_nothing(desk: Client) -> None:
    citation = make_citation()
    make_label(citation, "method")
    url = address(Citation, "change", citation.pk)
    assert form_of(desk, url)["role"] == form_of(desk, url)["polarity"] == ""
    send(desk, url)
    assert Label.objects.count() == 1


def test_a_note_without_a_choice_is_kept_in_the_form_not_dropped(desk: Client) -> None:
    citation = make_citation()
    response = send(desk, address(Citation, "change", citation.pk), note="I wonder.")
    assert "Choose a role or a polarity that this note explains" in text_of(response)
    assert "I wonder." in text_of(response)
    assert not Label.objects.exists()


def test_a_word_outside_the_vocabulary_is_refused(desk: Client) -> None:
    citation = make_citation()
    response = send(desk, address(Citation, "change", citation.pk), role="tool")
    assert "tool is not one of the available choices" in text_of(response)
    assert not Label.objects.exists()


def test_a_decision_on_a_ledger_that_moved_on_is_shown_again_with_what_changed(desk: Client) -> None:
    citation = make_citation()
    url = address(Citation, "change", citation.pk)
    filled_in = {**form_of(desk, url), "role": "dataset", "polarity": "neutral", "note": "Line one.\r\nLine two."}
    make_label(citation, "comparison", curator=make_curator("ben"))
    response = desk.post(url, filled_in)
    assert response.status_code == 200
    page = text_of(response)
    assert "This citation changed while you were reading. Added since: Baseline by ben." in page
    assert "Now the role is Baseline and the polarity not assessed." in page
    assert Label.objects.count() == 1
    parser = PageForm()
    parser.feed(response.content.decode())
    again = {name: value for name, value in parser.data.items() if name}
    assert (again["role"], again["polarity"], again["note"]) == ("dataset", "neutral", "Line one.\r\nLine two.")
    desk.post(url, again)
    citation.refresh_from_db()
    assert (Label.objects.count(), citation.role) == (2, "dataset")


@pytest.mark.parametrize("claimed", ["", "x", "999999999999", "-1"])
def test_a_form_that_does_not_say_what_was_seen_decides_nothing(desk: Client, claimed: str) -> None:
    citation = make_citation()
    make_label(citation, "method")
    response = send(desk, address(Citation, "change", citation.pk), role="dataset", newest_label=claimed)
    assert response.status_code == 200
    assert Label.objects.count() == 1


def test_a_retraction_counts_as_a_change_of_the_ledger(desk: Client) -> None:
    citation = make_citation()
    ben = make_curator("ben")
    label = make_label(citation, "method", curator=ben)
    url = address(Citation, "change", citation.pk)
    filled_in = {**form_of(desk, url), "role": "dataset"}
    labelling.retract(label, ben)
    assert f"retraction of label {label.pk} by ben" in text_of(desk.post(url, filled_in))
    assert Label.objects.count() == 2


def test_editing_a_flag_leaves_what_was_decided_meanwhile(desk: Client) -> None:
    citation = make_citation()
    url = address(Citation, "change", citation.pk)
    filled_in = {**form_of(desk, url), "is_influential": "on"}
    make_label(citation, "comparison", curator=make_curator("ben"))
    desk.post(url, filled_in)
    citation.refresh_from_db()
    assert (citation.is_influential, citation.role) == (True, "comparison")
    assert citation.flag_sources == {"is_influential": "curator"}
    assert HubSummary.objects.get(pk=citation.cited_id).counts["is_influential"] == 1
    assert not labelling.hub_differs(citation.cited_id).differed


def test_a_flag_that_another_changed_meanwhile_is_not_put_back_in_a_curators_name(desk: Client) -> None:
    citation = make_citation(is_influential=False)
    url = address(Citation, "change", citation.pk)
    filled_in = {**form_of(desk, url), "role": "method"}
    Citation.objects.filter(pk=citation.pk).update(
        is_influential=True, flag_sources={"is_influential": "semanticscholar"}
    )
    desk.post(url, filled_in)
    citation.refresh_from_db()
    assert (citation.is_influential, citation.role) == (True, "method")
    assert citation.flag_sources == {"is_influential": "semanticscholar"}


def test_two_curators_who_edit_one_flag_each_both_keep_it(
    desk: Client, curator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    citation = make_citation()
    hold = summaries.lock_hubs

    def late(paper_ids: Iterable[int]) -> None:
        """The other curator was quicker to the lock."""
        monkeypatch.setattr(summaries, "lock_hubs", hold)
        Citation.objects.filter(pk=citation.pk).update(
            is_self_citation=True, flag_sources={"is_self_citation": "curator"}
        )
        hold(paper_ids)

    monkeypatch.setattr(summaries, "lock_hubs", late)
    send(desk, address(Citation, "change", citation.pk), is_influential="on")
    citation.refresh_from_db()
    assert citation.is_influential and citation.is_self_citation
    assert citation.flag_sources == {"is_influential": "curator", "is_self_citation": "curator"}


def test_the_page_of_a_citation_shows_its_whole_ledger_newest_first(desk: Client, curator: User) -> None:
    citation = make_citation(sentences=["We used it as a tool."])
    first = make_label(citation, "method", raw_value="methodology", source="semanticscholar", coarse=True)
    wrong = make_label(citation, "background", curator=curator, note="A slip.")
    labelling.retract(wrong, curator, note="Undone.")
    last = labelling.confirm(first, curator)
    response = desk.get(address(Citation, "change", citation.pk))
    rows = response.context["ledger"]
    assert [row.label.pk for row in rows] == [last.pk, last.pk - 1, wrong.pk, first.pk]
    states = {row.label.pk: row.state for row in rows}
    assert states[last.pk] == f"decides the role; confirms {first.pk}"
    assert f"retracted by {last.pk - 1}" in states[wrong.pk]
    page = text_of(response)
    for words in ("methodology", "A slip.", "Undone.", "We used it as a tool.", "semanticscholar"):
        assert words in page
    assert "Tool or method (a curator" in page


def test_the_ledger_of_a_survivor_holds_the_labels_of_what_was_merged_into_it(desk: Client) -> None:
    survivor, hidden = make_citation(), make_citation()
    label = make_label(hidden, "method")
    Citation.objects.filter(pk=hidden.pk).update(merged_into=survivor)
    rows = desk.get(address(Citation, "change", survivor.pk)).context["ledger"]
    assert [row.label.pk for row in rows] == [label.pk]
    assert form_of(desk, address(Citation, "change", survivor.pk))["newest_label"] == str(label.pk)


def test_a_citation_that_a_merge_hid_is_looked_at_only(desk: Client) -> None:
    survivor, hidden = make_citation(), make_citation()
    Citation.objects.filter(pk=hidden.pk).update(merged_into=survivor)
    url = address(Citation, "change", hidden.pk)
    assert "role" not in form_of(desk, url)
    assert desk.post(url, {"role": "method", "newest_label": "0"}).status_code == 403
    assert not Label.objects.exists()


def test_a_curator_adds_a_citation_and_decides_it_at_once(desk: Client) -> None:
    citing, cited = make_paper(year=2021), make_paper()
    send(desk, address(Citation, "add"), citing=citing.pk, cited=cited.pk, role="extension")
    citation = Citation.objects.get()
    assert (citation.role, citation.role_by, citation.year) == ("extension", "curator", 2021)
    assert HubSummary.objects.get(pk=cited.pk).known == 1
    assert not labelling.hub_differs(cited.pk).differed


def test_a_citation_of_itself_of_a_hidden_paper_or_twice_is_refused_in_words(desk: Client) -> None:
    paper, other = make_paper(), make_paper()
    hidden = make_paper(merged_into=other)
    url = address(Citation, "add")
    assert "A paper cannot cite itself." in text_of(send(desk, url, citing=paper.pk, cited=paper.pk))
    assert f"merged into paper {other.pk}" in text_of(send(desk, url, citing=paper.pk, cited=hidden.pk))
    make_citation(paper, other)
    assert "already exists" in text_of(send(desk, url, citing=paper.pk, cited=other.pk))
    assert Citation.objects.count() == 1


def test_someone_who_may_only_look_cannot_decide(client: Client) -> None:
    looker = User.objects.create(username="cleo", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_citation"))
    client.force_login(looker)
    citation = make_citation()
    url = address(Citation, "change", citation.pk)
    assert client.get(url).status_code == 200
    assert client.post(url, {"role": "method", "newest_label": "0"}).status_code == 403
    assert not Label.objects.exists()


def test_a_citation_that_carries_a_label_cannot_be_deleted(desk: Client) -> None:
    citation = make_citation()
    make_label(citation, "method")
    url = address(Citation, "delete", citation.pk)
    assert "would require deleting the following protected related objects" in text_of(desk.get(url))
    desk.post(url, {"post": "yes"})
    desk.post(
        address(Citation, "changelist"),
        {"action": "delete_selected", "_selected_action": [citation.pk], "post": "yes"},
    )
    assert Citation.objects.filter(pk=citation.pk).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("in_bulk", [False, True])
def test_a_citation_without_labels_can_be_deleted_and_the_hub_is_counted_again(desk: Client, in_bulk: bool) -> None:
    citation = make_citation(sentences=["We used it."])
    if in_bulk:
        url = address(Citation, "changelist")
        chosen = {"action": "delete_unlabelled", "_selected_action": [citation.pk], "index": "0"}
        desk.post(url, {**chosen, "answered": "1", "expected": "1"})
    else:
        desk.post(address(Citation, "delete", citation.pk), {"post": "yes"})
    assert not Citation.objects.exists()
    assert HubSummary.objects.get(pk=citation.cited_id).known == 0


def test_a_paper_that_cites_or_is_cited_cannot_be_deleted_and_another_can(desk: Client) -> None:
    citation = make_citation()
    alone = make_paper(identifiers=["doi:10.1/one"], authors=["Ada Author"], cited_by=3)
    for paper in (citation.citing, citation.cited, alone):
        desk.post(address(Paper, "delete", paper.pk), {"post": "yes"})
    assert set(Paper.objects.all()) == {citation.citing, citation.cited}


def test_a_user_with_labels_cannot_be_deleted(desk: Client) -> None:
    ben = make_curator("ben")
    make_label(make_citation(), "method", curator=ben)
    desk.post(reverse("admin:auth_user_delete", args=[ben.pk]), {"post": "yes"})
    assert User.objects.filter(pk=ben.pk).exists()
