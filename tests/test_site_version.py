"""The site's version moves with whatever pages show, on both engines, for every writer, when it commits."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.utils import timezone

from citations import labelling
from citations.engines import site_version
from citations.engines.site_version import SiteVersion
from citations.models import Citation, HubPin, ImportRun, Mention, Paper, Venue
from tests.factories import make_citation, make_curator, make_label, make_mention, make_paper, make_venue

pytestmark = pytest.mark.django_db(transaction=True)


def now() -> SiteVersion:
    """The version as it stands."""
    version = site_version.read(connection)
    assert version is not None
    return version


def test_every_table_of_ours_is_watched() -> None:
    ours = {model._meta.db_table for model in apps.get_app_config("citations").get_models()}
    assert ours <= set(site_version.watched_tables(connection))


CHANGES: dict[str, Callable[[Citation], object]] = {
    "a label": lambda citation: make_label(citation, "method"),
    "a sentence": lambda citation: make_mention(citation, "We use it."),
    "a citing paper's title": lambda citation: Paper.objects.filter(pk=citation.citing_id).update(title="Another"),
    "a hub's notice": lambda citation: Paper.objects.filter(pk=citation.cited_id).update(notice="retracted"),
    "a pin": lambda citation: HubPin.objects.create(
        hub=citation.cited, hub_class="contested", reason="Read.", curator=make_curator("ann")
    ),
    "a venue's name": lambda citation: Venue.objects.update(name="Another"),
    "a sentence that goes": lambda citation: Mention.objects.all().delete(),
    "an import": lambda citation: ImportRun.objects.create(source="sample", fingerprint="x"),
    "a curator's name": lambda citation: User.objects.update(first_name="Ada"),
    "statements past the models": lambda citation: connection.cursor().execute(
        "UPDATE citations_paper SET abstract = 'other'"
    ),
    "full text made anew": lambda citation: labelling.rebuild_texts(),
}


@pytest.mark.parametrize("what", CHANGES)
def test_it_moves_with(what: str) -> None:
    citation = make_citation(make_paper(venue="Zeolites"), sentences=["As they say."])
    make_venue("Zeolites")
    make_curator("bo")
    before = now()
    CHANGES[what](citation)
    after = now()
    assert after.number > before.number
    assert after.token != before.token


def test_signing_in_and_reading_move_nothing() -> None:
    curator = make_curator("ann")
    make_citation()
    before = now()
    curator.last_login = timezone.now()
    curator.save(update_fields=["last_login"])
    list(Paper.objects.all())
    assert now() == before


def test_what_is_rolled_back_moves_nothing() -> None:
    before = now()
    with pytest.raises(RuntimeError), transaction.atomic():
        make_paper()
        raise RuntimeError
    assert now() == before


def test_a_transaction_whose_first_savepoint_is_rolled_back_moves_it_all_the_same() -> None:
    before = now()
    with transaction.atomic():
        with pytest.raises(RuntimeError), transaction.atomic():
            make_paper()
            raise RuntimeError
        make_paper()
    assert now().number > before.number


def test_others_see_the_new_version_and_the_new_data_together() -> None:
    """While a writer has not committed, neither is there; then both are."""
    seen: list[tuple[SiteVersion | None, int]] = []

    def look() -> None:
        seen.append((site_version.read(connection), Paper.objects.count()))
        connections.close_all()

    def from_another_connection() -> None:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    before = now()
    with transaction.atomic():
        make_paper()
        from_another_connection()
    from_another_connection()
    assert seen[0] == (before, 0)
    assert seen[1] == (now(), 1) and seen[1][0] != before


def test_writers_at_once_do_not_wait_for_each_others_transactions() -> None:
    """Two transactions that have both written are open at the same time, and commit in either order.

    SQLite lets one transaction write at a time, so that there the second only begins after the first.
    """
    at_work = threading.Barrier(2, timeout=30)
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            with transaction.atomic():
                make_venue(f"Venue {number}")
                if connection.features.has_select_for_update:
                    at_work.wait()
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    before = now()
    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert now().number >= before.number + 2


def test_a_restored_database_has_no_version_that_it_had_before() -> None:
    """The number goes back with a backup; the time tells that other data came after it."""
    old = SiteVersion(7, 1_000)
    assert SiteVersion(7, 2_000).token != old.token
    assert old.moment.year == 1970


def test_it_is_made_again_where_the_triggers_were_lost() -> None:
    table = Venue._meta.db_table
    before = now()
    with connection.cursor() as cursor:
        for name in (f"{table}_moves", f"{table}_moves_insert", f"{table}_moves_update", f"{table}_moves_delete"):
            suffix = f' ON "{table}"' if connection.features.has_select_for_update else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{suffix}")
    make_venue("Unseen")
    assert now() == before
    site_version.install(connection)
    installed = now()
    assert installed.number > before.number
    make_venue("Seen")
    assert now().number > installed.number


def test_a_database_without_a_version_has_none() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM citations_siteversion")
    assert site_version.read(connection) is None
    make_paper()
    assert now().number >= 1
