"""Several curators decide one citation at the same moment: one is written, the others are told."""

from __future__ import annotations

import threading
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citations import labelling
from citations.curation import deciding
from citations.labelling import LabelError, LedgerMark, LedgerMovedError
from citations.models import Citation, HubSummary, Label, Skip
from citations.vocabulary import Role, SkipReason
from tests.factories import make_citation, make_curator, make_hub, make_label

CURATORS = 6


def prepared() -> tuple[int, list[int], LedgerMark]:
    """A citation, some curators, and the ledger that all of them saw."""
    citation = make_citation()
    people = [make_curator(f"curator-{number}").pk for number in range(CURATORS)]
    return citation.pk, people, labelling.ledger_mark(citation.pk)


def race(citation_id: int, people: list[int], seen: LedgerMark) -> tuple[int, int, int]:
    """All decide at once: how many were written, were told that the ledger moved, and how many labels there are."""
    outcomes: list[str] = []
    start = threading.Barrier(len(people))

    def decide(person: int) -> None:
        citation, curator = Citation.objects.get(pk=citation_id), User.objects.get(pk=person)
        start.wait()
        try:
            labelling.decide(citation, curator, role=list(Role)[person % 7], seen=seen)
            outcomes.append("written")
        except LedgerMovedError:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes.count("written"), outcomes.count("told"), Label.objects.filter(citation_id=citation_id).count()


@pytest.mark.django_db(transaction=True)
def test_of_curators_who_decide_at_once_one_is_written() -> None:
    assert race(*prepared()) == (1, CURATORS - 1, 1)


acts = st.lists(
    st.tuples(st.sampled_from(["decide", "confirm", "undo", "skip"]), st.integers(0, 1), st.booleans()), max_size=12
)


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts)
def test_whatever_two_curators_do_what_stale_forms_say_is_not_written_and_nothing_is_lost(
    said: list[tuple[str, int, bool]],
) -> None:
    citation = make_citation()
    people = [make_curator("ann"), make_curator("ben")]
    make_label(citation, "method")
    written = 1
    for number, (act, who, looks_again) in enumerate(said):
        curator, now = people[who], labelling.ledger_mark(citation.pk)
        seen = now if looks_again else LedgerMark()
        newest = Label.objects.filter(citation=citation).latest("id")
        try:
            if act == "decide":
                labelling.decide(citation, curator, role=list(Role)[number % 7], seen=seen)
            elif act == "confirm":
                labelling.confirm(newest, curator, seen=seen)
            elif act == "undo":
                deciding.undo(newest, curator)
            else:
                deciding.put_aside(citation, curator, SkipReason.FIELD)
                continue
        except LabelError:
            assert labelling.ledger_mark(citation.pk) == now
        else:
            assert act == "undo" or looks_again
            written += 1
    assert Label.objects.filter(citation=citation).count() == written
    assert not labelling.hub_differs(citation.cited_id).differed
    assert Skip.objects.filter(citation=citation).count() <= 2


@pytest.mark.django_db
def test_the_migration_fills_what_the_writers_would_have_written() -> None:
    fill = import_module("citations.migrations.0005_desk").fill
    turning = make_hub({"method": 19}, 2)
    make_hub({"method": 5}, 2)
    disagreeing, agreeing, survivor, hidden = (make_citation() for _ in range(4))
    make_label(disagreeing, "background", source="semanticscholar")
    make_label(disagreeing, "extension", source="acl-arc")
    make_label(agreeing, "background", source="semanticscholar")
    make_label(agreeing, "background", source="acl-arc")
    make_label(survivor, "background", source="semanticscholar")
    make_label(hidden, "extension", source="acl-arc")
    Citation.objects.filter(pk=hidden.pk).update(merged_into=survivor)
    Citation.objects.update(disagreement=False)
    HubSummary.objects.update(role_would_turn=False)
    fill(apps, None)
    found = set(Citation.objects.filter(disagreement=True).values_list("pk", flat=True))
    assert found == {disagreeing.pk, survivor.pk}
    assert list(HubSummary.objects.filter(role_would_turn=True)) == [HubSummary.objects.get(pk=turning.pk)]
