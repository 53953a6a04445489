"""Audits at the desk: drawn at random, read blind, interrupted, shared, finished, and shown on the hub's page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from citations import labelling, suggesting
from citations.curation import audits
from citations.curation.audits import AlreadyReadError
from citations.curation.merging import merge
from citations.curation.queue import Filters, Reason, read_queue
from citations.labelling import LabelError
from citations.models import Audit, AuditEntry, Citation, HubSummary, Label, Paper
from citations.summaries import differing
from citations.vocabulary import Role
from tests.factories import (
    CAUSE,
    make_citation,
    make_curator,
    make_hub,
    make_label,
    make_mention,
    make_paper,
    new_label,
)
from tests.test_admin.pages import text_of

pytestmark = pytest.mark.django_db


def drawn(hub: Paper, curator: User, planned: int = 20, **options: Any) -> Audit:
    return audits.draw(hub, curator, planned=planned, **options)


def entries_of(audit: Audit) -> list[AuditEntry]:
    return list(audit.entries.order_by("position"))


def read_all(audit: Audit, curator: User, roles: Iterable[str]) -> None:
    """Label the sample in order with these roles, as many as there are."""
    for entry, role in zip(entries_of(audit), roles, strict=False):
        audits.read(entry.pk, curator, Role(role))


def shares_of(hub: Paper) -> Any:
    return HubSummary.objects.get(pk=hub.pk).counts["audit"]["finished"]


@pytest.fixture
def hub() -> Paper:
    """100 papers cite it: machines call 40 of them a tool, 20 background."""
    hub = make_hub({"background": 20}, 80, title="A language model suite", authors=["Ada Example"])
    suggested = Citation.objects.filter(cited=hub, role="").order_by("pk")[:40]
    labelling.add_labels([new_label(citation, "method", decided_by="classifier") for citation in suggested], CAUSE)
    return hub


def test_the_same_seed_draws_the_same_sample(hub: Paper, curator: User) -> None:
    first = drawn(hub, curator, 50, seed=4711)
    ids = [entry.citation_id for entry in entries_of(first)]
    audits.read(entries_of(first)[0].pk, curator, Role.METHOD)
    audits.finish(first, curator)
    assert len(set(ids)) == 50
    labelling.retract(Label.objects.get(curator=curator), curator)
    assert [entry.citation_id for entry in entries_of(drawn(hub, curator, 50, seed=4711))] == ids


def test_a_stratified_sample_takes_of_each_group_in_proportion_and_keeps_the_weights(hub: Paper, curator: User) -> None:
    audit = drawn(hub, curator, 50, stratified=True)
    assert {name: (one["size"], one["drawn"]) for name, one in audit.strata.items()} == {
        "": (40, 20),
        "background": (20, 10),
        "method": (40, 20),
    }
    assert sum(entry.weight for entry in entries_of(audit)) == pytest.approx(100)
    assert audit.strata["method"]["scores"] == {"method": pytest.approx(36)}


def test_of_few_papers_all_are_drawn(curator: User) -> None:
    audit = drawn(make_hub({}, 7), curator, 50)
    assert (audit.planned, audit.population) == (7, 7)


@pytest.mark.parametrize(
    ("options", "told"),
    [({"planned": 19}, "from 20 to 500"), ({"planned": 501}, "from 20"), ({"seed": -1}, "The seed")],
)
def test_numbers_out_of_bounds_are_refused(hub: Paper, curator: User, options: Any, told: str) -> None:
    with pytest.raises(LabelError, match=told):
        audits.draw(hub, curator, **options)
    assert not Audit.objects.exists()


def test_a_hub_has_one_open_audit(hub: Paper, curator: User) -> None:
    audit = drawn(hub, curator)
    with pytest.raises(LabelError, match="open"):
        drawn(hub, curator)
    with pytest.raises(IntegrityError), transaction.atomic():
        Audit.objects.create(hub=hub, seed=1, population=5, planned=5, curator=curator)
    read_all(audit, curator, ["method"] * 20)
    assert drawn(hub, curator).pk != audit.pk


def test_an_audit_label_counts_as_a_curators_and_is_marked(hub: Paper, curator: User) -> None:
    entry = entries_of(drawn(hub, curator))[0]
    audits.read(entry.pk, curator, Role.DATASET)
    label = Label.objects.get(curator=curator)
    assert label.audit_entry == entry
    entry.citation.refresh_from_db()
    assert (entry.citation.role, entry.citation.role_by) == ("dataset", "curator")


def test_audit_labels_never_train_a_classifier(hub: Paper, curator: User) -> None:
    audit = drawn(hub, curator)
    first, second = entries_of(audit)[:2]
    for entry in (first, second):
        make_mention(entry.citation, "We used the suite to train our models on this task.")
    make_label(second.citation, "method", curator=curator)
    assert len(suggesting.curated_examples()) == 1
    audits.read(first.pk, curator, Role.METHOD)
    assert len(suggesting.curated_examples()) == 1
    audits.read(second.pk, curator, Role.METHOD)
    assert suggesting.curated_examples() == []


def test_the_page_shows_and_holds_nothing_of_what_was_said_before(desk: Client, curator: User) -> None:
    hub = make_hub({}, 0, title="A suite")
    citation = make_citation(make_paper("One that cites"), hub, sentences=["We took the suite."], is_influential=True)
    make_label(citation, "extension", "disputes", source="scite", raw_value="SECRETRAW")
    make_label(citation, "comparison", decided_by="classifier", source="linear-secret-1", confidence=0.91)
    make_label(citation, "evidence", "supports", curator=make_curator("zacharias"), note="A secret note.")
    audit = drawn(hub, curator)
    page = desk.get(reverse("desk_audit", args=[audit.pk])).content.decode()
    assert "We took the suite." in page
    assert "One that cites" in page
    body = page.partition('id="main"')[2].partition("site-foot")[0]
    for secret in (
        "SECRETRAW",
        "linear-secret",
        "0.91",
        "91",
        "zacharias",
        "secret note",
        "influential",
        "scite",
        "confirm",
    ):
        assert secret not in body, secret
    assert str(citation.get_absolute_url()) not in body
    assert reverse("citation", args=[citation.pk]) not in page
    assert hub.get_hub_url() not in body and hub.get_absolute_url() not in body
    assert 'name="seen"' not in page
    # What may be chosen is the same for every paper, and nothing is chosen beforehand.
    checked = re.findall(r"<input[^>]*checked[^>]*>", body)
    assert all('value=""' in box for box in checked)


def test_an_audit_is_interrupted_and_gone_on_with(desk: Client, hub: Paper, curator: User) -> None:
    audit = drawn(hub, curator)
    here = reverse("desk_audit", args=[audit.pk])
    for entry in entries_of(audit)[:3]:
        desk.post(here, {"do": "read", "entry": entry.pk, "role": "method"})
    assert desk.get(reverse("desk")).headers["Location"] == here
    desk.post(here, {"do": "pause"})
    page = desk.get(reverse("desk"))
    assert page.status_code == 200
    assert "Audit of" not in page.content.decode()
    assert "3 of 20 audited" in text_of(desk.get(here))
    assert desk.get(reverse("desk")).headers["Location"] == here


def test_what_waits_for_an_audit_stands_nowhere_else_in_the_queue(hub: Paper, curator: User) -> None:
    audit = drawn(hub, curator, 60)
    waiting = {entry.citation_id for entry in entries_of(audit)}
    queue = read_queue(curator, Filters())
    assert [entry.reasons for entry in queue.entries if entry.citation_id in waiting] == [(Reason.AUDIT,)] * 60
    assert all(entry.suggested == entry.role == entry.source == "" for entry in queue.entries if entry.audit_id)
    paused = read_queue(curator, Filters(), [audit.pk])
    assert not waiting & {entry.citation_id for entry in paused.entries}
    assert paused.entries


def test_two_curators_share_an_audit_and_none_overwrites_the_other(desk: Client, hub: Paper, curator: User) -> None:
    audit = drawn(hub, curator)
    first = entries_of(audit)[0]
    ben = make_curator("ben")
    progress = audits.progress_of([audit])[audit.pk]
    assert (progress.following(curator), progress.following(ben)) == (first, entries_of(audit)[-1])
    audits.read(first.pk, ben, Role.BACKGROUND)
    with pytest.raises(AlreadyReadError):
        audits.read(first.pk, curator, Role.METHOD)
    page = desk.post(
        reverse("desk_audit", args=[audit.pk]), {"do": "read", "entry": first.pk, "role": "method"}, follow=True
    )
    assert "has been read meanwhile" in text_of(page)
    assert Label.objects.filter(curator=curator).count() == 0


def test_undo_gives_the_paper_back_to_be_read(desk: Client, hub: Paper, curator: User) -> None:
    audit = drawn(hub, curator)
    entry = entries_of(audit)[0]
    here = reverse("desk_audit", args=[audit.pk])
    desk.post(here, {"do": "read", "entry": entry.pk, "role": "method"})
    desk.post(here, {"do": "undo"})
    progress = audits.progress_of([audit])[audit.pk]
    assert (len(progress.read), progress.following(curator)) == (0, entry)
    audits.read(entry.pk, curator, Role.DATASET)
    assert Label.objects.filter(curator=curator, retracts=None).count() == 2
    with pytest.raises(LabelError, match="nothing of yours"):
        audits.undo(audit, make_curator("ben"))


def test_the_last_paper_finishes_the_audit_and_names_the_class(hub: Paper, curator: User, client: Client) -> None:
    audit = drawn(hub, curator, 50)
    read_all(audit, curator, ["method"] * 39)
    assert HubSummary.objects.get(pk=hub.pk).counts["audit"]["finished"] is None
    read_all(Audit.objects.get(pk=audit.pk), curator, [])
    for entry in entries_of(audit)[39:]:
        audits.read(entry.pk, curator, Role.BACKGROUND)
    audit.refresh_from_db()
    assert audit.finished_at is not None
    summary = HubSummary.objects.get(pk=hub.pk)
    assert summary.computed_class == "tool-reference"
    assert shares_of(hub)["roles"]["method"]["alone"][0] == pytest.approx(0.78)
    page = text_of(client.get(hub.get_hub_url()))
    assert re.search(r"About \d\d% ± \d+ use it as a tool \( ?50 audited of 100 ?\)", page)
    assert "by an audit of 50 of 100 citing papers; counted, it is" in page
    assert "unfinished" not in page.lower()
    assert differing([hub.pk]) == set()


def test_without_an_audit_the_page_says_that_none_was_made(hub: Paper, client: Client) -> None:
    assert "No audit was made" in text_of(client.get(hub.get_hub_url()))


def test_an_open_audit_shows_no_shares_to_anyone(hub: Paper, curator: User, client: Client) -> None:
    audit = drawn(hub, curator)
    read_all(audit, curator, ["dataset"] * 5)
    page = text_of(client.get(hub.get_hub_url()))
    assert "An audit is under way: 5 of 20 papers are read" in page
    assert "No audit was made" in page
    public = client.get(audit.get_absolute_url()).content.decode()
    assert "Dataset" not in public.partition('id="main"')[2]
    assert ",dataset," not in client.get(reverse("audit_file", args=[audit.pk])).content.decode()


def test_an_audit_that_is_finished_early_is_marked_and_can_be_taken_up_again(
    desk: Client, hub: Paper, curator: User, client: Client
) -> None:
    audit = drawn(hub, curator, 50)
    here = reverse("desk_audit", args=[audit.pk])
    read_all(audit, curator, ["method"] * 30)
    desk.post(here, {"do": "finish"})
    assert "Unfinished: 30 of the 50 papers" in text_of(client.get(hub.get_hub_url()))
    assert "by an unfinished audit of 30 of 100" in text_of(client.get(hub.get_hub_url()))
    desk.post(here, {"do": "reopen"})
    audit.refresh_from_db()
    assert audit.finished_at is None
    assert HubSummary.objects.get(pk=hub.pk).counts["audit"]["finished"] is None


def test_too_few_papers_with_a_role_name_no_class(hub: Paper, curator: User, client: Client) -> None:
    audit = drawn(hub, curator, 50)
    read_all(audit, curator, ["method"] * 19 + ["unclear"] * 5)
    audits.finish(audit, curator)
    page = text_of(client.get(hub.get_hub_url()))
    assert "24 audited of 100" in page
    assert "by an unfinished audit" not in page


def test_an_audit_of_a_hub_that_has_grown_names_no_class_any_more(curator: User, client: Client) -> None:
    hub = make_hub({}, 40, title="A growing hub")
    audit = drawn(hub, curator, 40)
    read_all(audit, curator, ["method"] * 40)
    assert HubSummary.objects.get(pk=hub.pk).computed_class == "tool-reference"
    for _ in range(11):
        make_label(make_citation(make_paper(), hub), "background", curator=curator)
    page = text_of(client.get(hub.get_hub_url()))
    assert "Out of date" in page
    assert "by an audit" not in page


def test_citations_that_a_merge_made_one_are_read_once(hub: Paper, curator: User) -> None:
    audit = drawn(hub, curator, 100)
    one, other = entries_of(audit)[:2]
    audits.read(one.pk, curator, Role.METHOD)
    merge(other.citation.citing_id, one.citation.citing_id, curator, reason="The same paper.", warnings_read=True)
    progress = audits.progress_of([audit])[audit.pk]
    assert len(progress.entries) == 99
    assert len(progress.read) == 1
    for entry in progress.unread:
        audits.read(entry.pk, curator, Role.METHOD)
    found = shares_of(hub)
    assert (found["audited"], found["planned"], found["population"]) == (99, 99, 99)
    assert differing([hub.pk]) == set()


def test_a_hub_that_was_merged_away_takes_its_audit_along_to_nowhere(hub: Paper, curator: User) -> None:
    audit = drawn(hub, curator)
    read_all(audit, curator, ["method"] * 20)
    other = make_hub({"background": 30}, 10, title="The same suite")
    merge(other.pk, hub.pk, curator, reason="The same work.", warnings_read=True)
    assert "audit" not in HubSummary.objects.get(pk=other.pk).counts
    assert differing([hub.pk, other.pk]) == set()


def test_a_label_that_is_undone_elsewhere_leaves_the_audit_unfinished(hub: Paper, curator: User) -> None:
    audit = drawn(hub, curator)
    read_all(audit, curator, ["method"] * 20)
    label = Label.objects.filter(curator=curator).latest("id")
    labelling.retract(label, curator)
    found = shares_of(hub)
    assert (found["audited"], found["planned"]) == (19, 20)


def test_bad_forms_are_told_and_write_nothing(desk: Client, hub: Paper, curator: User) -> None:
    for sent, told in (
        ({"hub": "no-such-hub", "planned": "50"}, "No paper here has the name"),
        ({"hub": hub.slug, "planned": "many"}, "is a whole number"),
        ({"hub": hub.slug, "planned": "5"}, "from 20 to 500"),
        ({"hub": hub.slug, "planned": "50", "seed": "x"}, "The seed is a whole number"),
    ):
        assert told in text_of(desk.post(reverse("desk_audits"), sent, follow=True))
    assert not Audit.objects.exists()
    audit = drawn(hub, curator)
    here = reverse("desk_audit", args=[audit.pk])
    entry = entries_of(audit)[0]
    for fields, told in (
        ({"do": "read", "entry": entry.pk}, "Choose a role"),
        ({"do": "read", "entry": entry.pk, "role": "nonsense"}, "is not a role"),
        ({"do": "read", "entry": 10**7, "role": "method"}, "There is no such audit"),
        ({"do": "read", "entry": entry.pk, "role": "method", "mention": "77"}, "not one of this citation"),
        ({"do": "dance"}, "not one of the desk"),
        ({"do": "finish"}, "nothing to finish"),
    ):
        assert told in text_of(desk.post(here, fields, follow=True)), fields
    assert Label.objects.filter(curator=curator).count() == 0
    assert desk.get(reverse("desk_audit", args=[10**6])).status_code == 404


def test_whoever_may_not_label_may_not_audit(client: Client, hub: Paper, curator: User) -> None:
    audit = drawn(hub, curator)
    client.force_login(User.objects.create_user("reader", is_staff=True))
    for address in (reverse("desk_audits"), reverse("desk_audit", args=[audit.pk])):
        assert client.get(address).status_code == 403


def test_a_sample_is_drawn_by_form_with_the_scores_of_the_model_in_use(desk: Client, hub: Paper) -> None:
    citation = Citation.objects.filter(cited=hub, role="", suggested_role="")[0]
    make_mention(citation, "We used the software of [4] to count lichens, which was implemented as described by them.")
    sent = {"hub": f"https://example.org{hub.get_hub_url()}", "planned": "100", "stratified": "1", "seed": "7"}
    page = desk.post(reverse("desk_audits"), sent, follow=True)
    assert "Drawn: 100 of 100 citing papers, seed 7." in text_of(page)
    entry = AuditEntry.objects.get(citation=citation)
    assert entry.audit.scored_by.startswith("linear-")
    assert entry.scores["method"] > 0.5


def test_every_audited_number_opens_its_list(hub: Paper, curator: User, client: Client) -> None:
    audit = drawn(hub, curator, 30)
    read_all(audit, curator, ["method"] * 20 + ["comparison"] * 7 + ["unclear"] * 3)
    page = client.get(hub.get_hub_url()).content.decode()
    for role, number in (("method", 20), ("comparison", 7), ("unclear", 3)):
        address = f"{audit.get_absolute_url()}?role={role}"
        assert address in page
        assert client.get(address).content.decode().count('class="row"') == number
    told = client.get(f"{audit.get_absolute_url()}?role=nonsense").content.decode()
    assert "This address was not understood" in told
    lines = client.get(reverse("audit_file", args=[audit.pk])).content.decode().splitlines()
    assert len(lines) == 31
    assert client.get(reverse("audit", args=[10**6])).status_code == 404


def test_the_page_of_data_lists_audits_and_models(hub: Paper, curator: User, client: Client) -> None:
    audit = drawn(hub, curator, 30, seed=4711)
    read_all(audit, curator, ["method"] * 30)
    page = client.get(reverse("about_data")).content.decode()
    assert "4711" in page
    assert reverse("audit_file", args=[audit.pk]) in page
    assert "linear-open-1" in page
    card = client.get(reverse("model_card", args=["linear-open-1"])).json()
    assert card["name"] == "linear-open-1"
    assert card["cross_validation"]
    stored = b"".join(client.get(reverse("model_file", args=["linear-open-1"])))
    assert stored.startswith(b"citation-classifier 1 sha256:")
    assert client.get(reverse("model_file", args=["cues-1"])).status_code == 404
    assert client.get("/about/data/models/..%2Fsettings.json").status_code == 404
