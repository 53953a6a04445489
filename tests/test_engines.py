"""What the engines do differently comes to the same."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import connection

from citations import engines
from citations.models import Venue

WRITES_MEANWHILE = """
import threading
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from citations import engines
from citations.models import Venue

def write():
    Venue.objects.create(slug="late", name="Late")
    connection.close()

call_command("migrate", verbosity=0)
with engines.read_snapshot(connection):
    before = Venue.objects.count()
    writer = threading.Thread(target=write)
    writer.start()
    writer.join()
    print(before, Venue.objects.count())
print(Venue.objects.count())
"""


def test_a_snapshot_stands_still_and_keeps_no_writer_of_a_sqlite_file_waiting(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "explorer.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", WRITES_MEANWHILE], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", "0", "1"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="the tests' SQLite lives in memory: tried on a file above")
def test_a_snapshot_stands_still_on_a_server() -> None:
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
