"""Liveness and readiness."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from citations.views import health


def test_the_process_lives_without_a_database(client: Client) -> None:
    """pytest-django refuses any query here."""
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_a_migrated_database_is_ready(client: Client) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_a_migration_that_is_not_applied_is_named(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="citations").delete()
    response = client.get("/readyz")
    assert response.status_code == 503
    assert b"citations.0001_initial" in response.content
    assert b".venv/bin/python manage.py migrate" in response.content


@pytest.mark.django_db
def test_a_database_that_is_away_is_said_in_one_line_without_its_secrets(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise DatabaseError("password=hunter2 is wrong")

    monkeypatch.setattr(health, "MigrationExecutor", away)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.content == b"The database cannot be reached.\n"


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_reading_is_allowed(client: Client, path: str) -> None:
    response = client.post(path)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
