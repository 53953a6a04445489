"""What the engines do differently comes to the same."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from citations import engines
from citations.models import Venue


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_stands_still_and_keeps_no_writer_waiting() -> None:
    def write() -> None:
        Venue.objects.create(slug="late", name="Late")
        connection.close()

    with engines.read_snapshot(connection):
        assert Venue.objects.count() == 0
        writer = threading.Thread(target=write)
        writer.start()
        writer.join()
        assert Venue.objects.count() == 0
    assert Venue.objects.count() == 1


@pytest.mark.django_db
def test_a_snapshot_inside_a_transaction_is_that_transaction() -> None:
    Venue.objects.create(slug="early", name="Early")
    with engines.read_snapshot(connection):
        assert Venue.objects.count() == 1
