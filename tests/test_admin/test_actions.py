"""What is done to many rows at once is asked about first, done in one go, told, and stands in the ledger."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from citations import labelling
from citations.admin import base
from citations.curation import bulk
from citations.models import Citation, HubPin, HubSummary, Label, Mention, Paper, Report
from citations.querysets import BATCH
from citations.vocabulary import Role
from tests.factories import make_citation, make_curator, make_hub, make_label, make_paper
from tests.test_admin.pages import QUERIES, address, text_of

pytestmark = pytest.mark.django_db


def ask(desk: Client, model: Any, action: str, rows: Any = (), *, query: str = "", **data: Any) -> Any:
    """Choose rows (or, with a query and without rows, all that match) and an action."""
    chosen = {"action": action, "index": "0", "_selected_action": [row.pk for row in rows] or ["0"]}
    chosen |= {} if rows else {"select_across": "1"}
    return desk.post(f"{address(model, 'changelist')}{query}", {**chosen, **data})


def answer(desk: Client, model: Any, action: str, rows: Any = (), *, query: str = "", **data: Any) -> Any:
    """Do the same, and answer the question that comes."""
    number = ask(desk, model, action, rows, query=query).context["number"]
    done = ask(desk, model, action, rows, query=query, answered="1", expected=str(number), **data)
    return desk.get(done["Location"]) if done.status_code == 302 else done


def logged(curator: User, row: Any) -> list[str]:
    """What the admin's log says that this curator did to a row."""
    entries = LogEntry.objects.filter(user=curator, content_type__model=row._meta.model_name, object_id=str(row.pk))
    return list(entries.values_list("change_message", flat=True))


def test_an_action_asks_first_and_writes_nothing_before_the_answer(desk: Client) -> None:
    hub = make_hub({"method": 12}, title="A hub")
    response = ask(desk, Citation, "set_role", Citation.objects.filter(cited=hub))
    page = text_of(response)
    assert response.status_code == 200
    assert "12 citations." in page
    assert "and 2 more" in page
    assert not Label.objects.filter(decided_by="curator").exists()


def test_a_role_is_set_for_all_that_match_a_filter_that_it_takes_them_out_of(
    desk: Client, curator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BATCH", 7)
    hub = make_hub({"method": 5}, 20, title="A hub")
    other = make_citation()
    query = f"?cited__id__exact={hub.pk}&role=none&merged=0"
    page = text_of(answer(desk, Citation, "set_role", query=query, role="dataset", note="All of them."))
    assert "20 citations were given the role." in page
    labels = Label.objects.filter(curator=curator)
    assert set(labels.values_list("role", "note", "source")) == {("dataset", "All of them.", "curator")}
    assert labels.count() == 20
    summary = HubSummary.objects.get(pk=hub.pk)
    assert (summary.counts["role"], summary.hub_class) == ({"dataset": 20, "method": 5}, "dataset-reference")
    other.refresh_from_db()
    assert other.role == ""
    assert not labelling.hub_differs(hub.pk).differed


def test_what_a_curator_said_already_and_what_a_merge_hid_is_left(desk: Client) -> None:
    said, hidden = make_citation(), make_citation()
    make_label(said, "dataset", curator=make_curator("ben"))
    Citation.objects.filter(pk=hidden.pk).update(merged_into=said)
    page = text_of(answer(desk, Citation, "set_role", [said, hidden, make_citation()], role="dataset"))
    assert (
        "1 citation was given the role; 1 left as it is: a curator said so already; "
        "1 left as it is: hidden by a merge." in page
    )


def test_an_action_without_its_choice_is_asked_again_in_words(desk: Client) -> None:
    citation = make_citation()
    response = answer(desk, Citation, "set_role", [citation])
    assert response.status_code == 422
    assert "This field is required." in text_of(response)
    assert not Label.objects.exists()


def test_a_selection_that_changed_meanwhile_is_asked_about_again(desk: Client) -> None:
    hub = make_hub({}, 3)
    query = f"?cited__id__exact={hub.pk}"
    ask(desk, Citation, "set_role", query=query)
    make_citation(cited=hub)
    response = ask(desk, Citation, "set_role", query=query, answered="1", expected="3", role="dataset")
    assert "The selection changed meanwhile: it holds 4 now." in text_of(response)
    assert not Label.objects.exists()


def test_the_imported_labels_that_decide_are_confirmed_each_by_a_label(desk: Client, curator: User) -> None:
    imported, mixed, decided, nothing = (make_citation(sentences=["We used it."]) for _ in range(4))
    label = make_label(imported, "method", "disputes", coarse=True, mention=imported.mentions.get())
    role = make_label(mixed, "method")
    polarity = make_label(mixed, "", "supports", source="scite")
    make_label(decided, "dataset", curator=make_curator("ben"))
    rows = [imported, mixed, decided, nothing]
    page = text_of(answer(desk, Citation, "confirm_imported", rows, note="Read."))
    assert "2 citations confirmed; 2 left as they are: no imported label decides." in page
    imported.refresh_from_db()
    mixed.refresh_from_db()
    assert (imported.role, imported.role_by, imported.confirmed, imported.coarse) == ("method", "curator", True, False)
    assert (mixed.role_by, mixed.polarity_by) == ("curator", "curator")
    said = Label.objects.filter(curator=curator)
    assert set(said.values_list("confirms", flat=True)) == {label.pk, role.pk, polarity.pk}
    assert said.get(confirms=label).mention == label.mention
    assert HubSummary.objects.get(pk=imported.cited_id).confirmed_disputes == 1


def test_chosen_labels_are_confirmed_unless_they_are_undone_or_no_imports(desk: Client, curator: User) -> None:
    citation = make_citation()
    good, undone = make_label(citation, "method"), make_label(citation, "dataset", source="openalex")
    labelling.retract(undone, curator)
    own = make_label(citation, "evidence", curator=curator)
    page = text_of(answer(desk, Label, "confirm_labels", [good, undone, own]))
    assert "1 label confirmed; 2 left as they are" in page
    assert Label.objects.latest("id").confirms == good
    citation.refresh_from_db()
    assert citation.role == "method"


@pytest.mark.parametrize(("value", "flag"), [("1", True), ("0", False)])
def test_self_citations_are_a_curators_word(desk: Client, curator: User, value: str, flag: bool) -> None:
    citation = make_citation(is_self_citation=not flag, flag_sources={"is_influential": "openalex"})
    page = text_of(answer(desk, Citation, "set_self_citation", [citation], value=value))
    assert "1 citation marked." in page
    citation.refresh_from_db()
    assert citation.is_self_citation is flag
    assert citation.flag_sources == {"is_influential": "openalex", "is_self_citation": "curator"}
    assert not labelling.hub_differs(citation.cited_id).differed
    assert logged(curator, citation) == [f"Marked as {'a' if flag else 'no'} self-citation."]


def test_only_citations_that_carry_nothing_are_deleted(desk: Client, curator: User) -> None:
    free, labelled, pinned, reported, standing, hidden = (make_citation(sentences=["A."]) for _ in range(6))
    make_label(labelled, "method")
    HubPin.objects.create(hub=pinned.cited, citation=pinned, reason="x", curator=curator)
    Report.objects.create(citation=reported, role="method")
    Citation.objects.filter(pk=hidden.pk).update(merged_into=standing)
    page = text_of(answer(desk, Citation, "delete_unlabelled", list(Citation.objects.all())))
    assert "1 citation deleted; 5 left as they are: labels, pins, reports, audits or a merge rest on them." in page
    assert not Citation.objects.filter(pk=free.pk).exists()
    assert Citation.objects.count() == Mention.objects.count() == 5
    assert HubSummary.objects.get(pk=free.cited_id).known == 0
    assert logged(curator, free) == ["Deleted: it carried no label."]
    assert LogEntry.objects.count() == 1


def test_hubs_are_counted_anew_from_both_lists(desk: Client, curator: User) -> None:
    hub = make_hub({"method": 3}, title="A hub")
    for model, rows in ((HubSummary, HubSummary.objects.filter(pk=hub.pk)), (Paper, Paper.objects.filter(pk=hub.pk))):
        HubSummary.objects.filter(pk=hub.pk).update(known=99)
        assert "1 hub corrected." in text_of(answer(desk, model, "recount_hubs", rows))
        assert HubSummary.objects.get(pk=hub.pk).known == 3
    assert "0 hubs corrected; 1 left as it is: right already." in text_of(
        answer(desk, HubSummary, "recount_hubs", HubSummary.objects.filter(pk=hub.pk))
    )
    assert logged(curator, HubSummary.objects.get(pk=hub.pk)) == ["Counted anew."] * 2


def test_too_many_hubs_are_for_the_command_line(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from citations.admin import actions

    monkeypatch.setattr(actions, "MOST_HUBS", 1)
    make_citation(), make_citation()
    page = text_of(answer(desk, HubSummary, "recount_hubs", list(HubSummary.objects.all())))
    assert "run manage.py rebuild_summaries instead" in page


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_selection_is_exported_as_rows_that_can_be_imported(
    desk: Client, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from citations.admin import actions

    monkeypatch.setattr(actions, "BATCH", 2)
    hub = make_hub({"method": 3}, 2, title="A hub")
    hidden = make_citation(cited=hub)
    Citation.objects.filter(pk=hidden.pk).update(merged_into=Citation.objects.filter(cited=hub).first())
    response = answer(desk, Citation, "export", query=f"?cited__id__exact={hub.pk}", format=form)
    content = b"".join(response.streaming_content).decode()
    rows: list[Any] = (
        list(csv.DictReader(io.StringIO(content)))
        if form == "csv"
        else [json.loads(line) for line in content.splitlines()]
    )
    assert [row["role"] or "" for row in rows] == ["method"] * 3 + [""] * 2
    assert {row["hub"] for row in rows} == {hub.slug}
    assert f'.{form}"' in response["Content-Disposition"]


REDACTIONS = {
    "note": (Label, "redact_note", "note"),
    "sentence": (Mention, "redact_sentence", "sentence"),
    "abstract": (Paper, "redact_abstract", "abstract"),
    "address": (Report, "redact_address", "reporter_address"),
}


@pytest.mark.parametrize("what", sorted(REDACTIONS))
def test_texts_are_blanked_with_a_record_and_nothing_else(desk: Client, curator: User, what: str) -> None:
    model, action, column = REDACTIONS[what]
    paper = make_paper("A paper", abstract="An abstract.")
    citation = make_citation(paper, sentences=["A sentence."])
    make_label(citation, "method", curator=curator, note="A note.")
    Report.objects.create(citation=citation, role="method", reporter_address="reader@example.org")
    row = model._default_manager.exclude(**{column: ""}).get()
    assert answer(desk, model, action, [row]).status_code == 422  # it cannot be undone: that has to be ticked
    page = text_of(answer(desk, model, action, [row], understood="on"))
    assert f"1 {what} blanked." in page
    row.refresh_from_db()
    assert getattr(row, column) == ""
    history = text_of(desk.get(address(model, "history", row.pk)))
    assert f"Blanked the {what}." in history


@pytest.mark.parametrize("action", ["set_role", "confirm_imported", "set_self_citation", "delete_unlabelled"])
def test_somebody_who_may_only_look_is_not_offered_an_action_and_cannot_send_it(client: Client, action: str) -> None:
    from django.contrib.auth.models import Permission

    looker = User.objects.create(username="cleo", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_citation"))
    client.force_login(looker)
    citation = make_citation()
    assert action not in client.get(address(Citation, "changelist")).content.decode()
    data = {"action": action, "index": "0", "_selected_action": [citation.pk], "answered": "1", "expected": "1"}
    client.post(address(Citation, "changelist"), {**data, "role": "method", "value": "1"})
    assert not Label.objects.exists()
    citation.refresh_from_db()
    assert not citation.is_self_citation


def test_many_labels_take_few_statements_a_batch(curator: User) -> None:
    hub = make_hub({}, 2 * BATCH)
    with CaptureQueriesContext(connection) as queries:
        bulk.set_role(Citation.objects.filter(cited=hub), curator, Role.METHOD)
    assert len(queries) < BATCH / 4
    assert HubSummary.objects.get(pk=hub.pk).counts["role"] == {"method": 2 * BATCH}


# Lists ----------------------------------------------------------------------------------------------------------------


def test_a_list_counts_no_more_than_it_can_show(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "ROWS_COUNTED", 10)
    hub = make_hub({"method": 15}, title="A hub")
    response = desk.get(address(Citation, "changelist"), {"cited__id__exact": str(hub.pk), "merged": "0"})
    page = text_of(response)
    assert "more than 10 citations: filter to reach those behind" in page
    assert "Select all that match, more than 10 Citations" in page or "more than 10 citations" in page
    assert ask(desk, Citation, "set_role", query=f"?cited__id__exact={hub.pk}").context["number"] == 15


@pytest.mark.parametrize(
    "query",
    [
        "",
        "&q=paper",
        "&role=method",
        "&suggestion=differs",
        "&source=sample",
        "&o=1",
        "&p=2",
        "&role_by=none&coarse__exact=0",
    ],
)
def test_every_list_of_a_hub_with_many_rows_takes_few_queries(desk: Client, curator: User, query: str) -> None:
    hub = make_hub({"method": 60, "background": 60}, 60, curator=curator, citing_facts={"venue": "A Journal"})
    with CaptureQueriesContext(connection) as queries:
        response = desk.get(f"{address(Citation, 'changelist')}?cited__id__exact={hub.pk}&merged=0{query}")
    assert response.status_code == 200
    assert len(queries) <= QUERIES


def test_citing_papers_of_a_hub_are_searched_by_their_sentences(desk: Client) -> None:
    hub = make_hub({"method": 3}, title="A hub")
    found = make_citation(cited=hub, sentences=["We measured a wombat."])
    make_citation(sentences=["Another wombat."])
    listed = desk.get(address(Citation, "changelist"), {"cited__id__exact": str(hub.pk), "q": "wombat"})
    assert [row.pk for row in listed.context["cl"].result_list] == [found.pk]


def test_the_page_of_a_hub_leads_to_all_that_can_be_done_about_it(desk: Client) -> None:
    hub = make_hub({"method": 3}, title="A hub")
    page = desk.get(address(HubSummary, "change", hub.pk)).content.decode()
    citation = Citation.objects.filter(cited=hub).first()
    assert citation is not None
    for target in (
        f"{address(HubPin, 'add')}?hub={hub.pk}",
        f"{address(HubPin, 'add')}?hub={hub.pk}&amp;citation={citation.pk}",
        f"{address(Paper, 'change', hub.pk)}#id_notice",
        f"{reverse('admin:citations_merge_changelist')}?keep={hub.pk}",
    ):
        assert target in page, target
