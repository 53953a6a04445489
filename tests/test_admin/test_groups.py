"""Every address of the admin, tried as every group and as nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from citations.curation import groups
from citations.models import Citation, HubPin, ImportRun, Label, Merge, Paper, Report
from tests.factories import make_citation
from tests.test_admin.pages import address

pytestmark = pytest.mark.django_db

NOBODY, OUTSIDER = "nobody", "an account without a group"
PEOPLE = (NOBODY, OUTSIDER, groups.READER, groups.CURATOR, groups.EDITOR)


@pytest.fixture(autouse=True)
def _groups_are_there() -> None:
    """A migration makes them; a test that empties all tables takes them away for the tests after it."""
    groups.install(apps)


def signed_in(client: Client, who: str) -> Client:
    """A client of one of `PEOPLE`."""
    if who != NOBODY:
        user = User.objects.create(username="somebody", is_staff=True)
        if who != OUTSIDER:
            user.groups.add(Group.objects.get(name=who))
        client.force_login(user)
    return client


def admin_addresses() -> Iterator[tuple[str, str]]:
    """Name and route of every address below /admin/, with regular expressions for what stands for a row."""

    def walk(patterns: Any, before: str) -> Iterator[tuple[str, str]]:
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern):
                yield pattern.name or "", route

    yield from walk(get_resolver().url_patterns, "")


ADDRESSES = sorted({(name, route) for name, route in admin_addresses() if route.startswith("admin/")})
TABLES = {str(model._meta.model_name): model for model in apps.get_app_config("citations").get_models()}
# What anybody may ask for: to sign in, and (with an account) what goes with an account of one's own.
OPEN = {
    "",
    "index",
    "login",
    "logout",
    "jsi18n",
    "password_change",
    "password_change_done",
    "app_list",
    "view_on_site",
    "autocomplete",
}


def table_of(name: str) -> tuple[str, str]:
    """The table and the page that a name speaks of: ("label", "change")."""
    _, table, page = name.split("_", 2)
    return table, page


# The pages of the desk, where labels are made.
DESK = {"desk", "desk_skipped", "desk_audits", "desk_audit"}
# What a page of a table takes. Pages that nobody has are refused to all by the tables' own admin.
NEEDS = {"changelist": "view", "change": "view", "history": "view", "add": "add", "delete": "delete"}
# Tables that nobody adds to or deletes from by hand, whatever the group.
NEVER = {
    "add": {*TABLES} - {"paper", "identifier", "author", "authorship", "venue", "citation", "hubpin"},
    "delete": {*TABLES} - {"paper", "identifier", "author", "authorship", "venue", "citation"},
}


def may(who: str, name: str) -> bool:
    """Whether a page should open for a group, told from the groups' table."""
    granted = groups.permissions_of(who, TABLES) if who in (groups.READER, groups.CURATOR, groups.EDITOR) else set()
    if name in DESK:
        return "add_label" in granted
    if not name.startswith("citations_"):
        return False  # accounts and groups are an operator's
    table, page = table_of(name)
    if page == "agreement":
        return "view_label" in granted
    if page == "upload":
        return "add_importrun" in granted
    if page == "rejected":
        return "view_importrun" in granted
    if table in NEVER.get(page, ()):
        return False
    return f"{NEEDS[page]}_{table}" in granted


@pytest.mark.parametrize("who", PEOPLE)
def test_every_address_of_the_admin_opens_for_those_alone_who_may(
    client: Client, everything: dict[type[models.Model], Any], who: str
) -> None:
    signed_in(client, who)
    tried = 0
    for name, route in ADDRESSES:
        if name in OPEN or "(?P" in route:
            continue
        url = "/" + route
        if "<" in route:
            table = name.split("_")[1]
            accounts: dict[str, Any] = {"user": User.objects.order_by("pk").first(), "group": Group.objects.first()}
            row = everything[TABLES[table]] if table in TABLES else accounts[table]
            url = "/" + re.sub(r"<[^>]*>", str(row.pk), route)
        expected = 302 if who == NOBODY else 200 if may(who, name) else 403
        found = client.get(url).status_code
        assert found == expected, (who, name, url)
        tried += 1
    assert tried > 80


@pytest.mark.parametrize("who", PEOPLE)
def test_autocompletes_tell_nothing_to_those_who_may_not_look(
    client: Client, everything: dict[type[models.Model], Any], who: str
) -> None:
    asked = {"app_label": "citations", "model_name": "merge", "field_name": "survivor", "term": "a"}
    expected = {NOBODY: 302, OUTSIDER: 403}.get(who, 200)
    assert signed_in(client, who).get("/admin/autocomplete/", asked).status_code == expected


# Deeds ----------------------------------------------------------------------------------------------------------------


def deeds(everything: dict[type[models.Model], Any]) -> dict[str, tuple[str, dict[str, Any], set[str], Any]]:
    """By name: where it is sent, what, which groups may, and what tells whether it was done."""
    citation, paper, report = make_citation(), everything[Paper], everything[Report]
    loser = everything[Merge].loser
    chosen = {"index": "0", "_selected_action": [citation.pk], "answered": "1", "expected": "1"}
    listed = address(Citation, "changelist")
    both = {groups.CURATOR, groups.EDITOR}
    return {
        "set a role": (
            listed,
            {**chosen, "action": "set_role", "role": "dataset"},
            both,
            lambda: Label.objects.filter(citation=citation).exists(),
        ),
        "mark a self-citation": (
            listed,
            {**chosen, "action": "set_self_citation", "value": "1"},
            both,
            lambda: Citation.objects.get(pk=citation.pk).is_self_citation,
        ),
        "decide on its page": (
            address(Citation, "change", citation.pk),
            {"role": "method", "newest_label": "0"},
            both,
            lambda: Label.objects.filter(citation=citation).exists(),
        ),
        "answer a report": (
            address(Report, "change", report.pk),
            {"status": "declined", "answer": "No."},
            both,
            lambda: Report.objects.get(pk=report.pk).status == "declined",
        ),
        "delete a citation": (
            address(Citation, "delete", citation.pk),
            {"post": "yes"},
            {groups.EDITOR},
            lambda: not Citation.objects.filter(pk=citation.pk).exists(),
        ),
        "delete several citations": (
            listed,
            {**chosen, "action": "delete_unlabelled"},
            {groups.EDITOR},
            lambda: not Citation.objects.filter(pk=citation.pk).exists(),
        ),
        "pin a class": (
            address(HubPin, "add"),
            {"hub": citation.cited_id, "hub_class": "foundation", "reason": "x"},
            {groups.EDITOR},
            lambda: HubPin.objects.filter(hub=citation.cited_id).exists(),
        ),
        "merge": (
            f"/admin/citations/merge/?keep={paper.pk}&fold={citation.citing_id}",
            {"reason": "x", "sure": "on", "warnings_read": "on", "seen": seen(paper, citation.citing)},
            {groups.EDITOR},
            lambda: Paper.objects.get(pk=citation.citing_id).merged_into_id == paper.pk,
        ),
        "redact": (
            address(Paper, "changelist"),
            {
                "action": "redact_abstract",
                "index": "0",
                "_selected_action": [loser.pk],
                "answered": "1",
                "expected": "1",
                "understood": "on",
            },
            {groups.EDITOR},
            lambda: not Paper.objects.get(pk=loser.pk).abstract,
        ),
        "import": (
            address(ImportRun, "upload"),
            {"token": "x"},
            {groups.EDITOR},
            None,
        ),
        "change an account": ("/admin/auth/user/add/", {"username": "eve"}, set(), None),
    }


def seen(survivor: Paper, loser: Paper) -> str:
    from citations.curation import merge_plan

    return merge_plan.fingerprint(survivor, loser)


DEEDS = (
    "answer a report",
    "change an account",
    "decide on its page",
    "delete a citation",
    "delete several citations",
    "import",
    "mark a self-citation",
    "merge",
    "pin a class",
    "redact",
    "set a role",
)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_is_done_for_those_alone_who_may(
    client: Client, everything: dict[type[models.Model], Any], who: str, name: str
) -> None:
    Paper.objects.filter(pk=everything[Merge].loser.pk).update(abstract="An abstract.")
    url, sent, allowed, done = deeds(everything)[name]
    response = signed_in(client, who).post(url, sent)
    if done is None:
        assert (response.status_code == 403) is (who not in allowed and who != NOBODY)
    else:
        assert done() is (who in allowed), response.status_code


def test_the_table_of_deeds_is_whole(everything: dict[type[models.Model], Any]) -> None:
    assert tuple(sorted(deeds(everything))) == DEEDS


def test_somebody_with_labels_is_deactivated_not_deleted(client: Client, curator: User) -> None:
    from tests.factories import make_label

    make_label(make_citation(), "method", curator=curator)
    operator = User.objects.create(username="root", is_staff=True, is_superuser=True)
    client.force_login(operator)
    client.post(f"/admin/auth/user/{curator.pk}/delete/", {"post": "yes"})
    assert User.objects.filter(pk=curator.pk).exists()


# The migration --------------------------------------------------------------------------------------------------------


def test_each_group_may_what_the_one_before_may() -> None:
    granted = [set(Group.objects.get(name=name).permissions.values_list("codename", flat=True)) for name in PEOPLE[2:]]
    assert granted[0] < granted[1] < granted[2]
    assert "view_report" not in granted[0]
    assert all(codename.startswith("view_") for codename in granted[0])
    assert "redact" in granted[2] - granted[1]


def test_every_permission_that_a_group_should_have_exists() -> None:
    for name in PEOPLE[2:]:
        found = set(Group.objects.get(name=name).permissions.values_list("codename", flat=True))
        assert found == groups.permissions_of(name, TABLES)


@pytest.mark.django_db(transaction=True)
def test_the_migration_makes_the_groups_where_there_are_no_permissions_yet() -> None:
    before, after = [("citations", "0003_full_text")], [("citations", "0004_groups")]
    latest = MigrationExecutor(connection).loader.graph.leaf_nodes("citations")
    try:
        MigrationExecutor(connection).migrate(before)
        with connection.cursor() as cursor:
            for table in ("auth_group_permissions", "auth_group", "auth_permission"):
                cursor.execute(f"DELETE FROM {table}")
        MigrationExecutor(connection).migrate(after)
        assert set(Group.objects.values_list("name", flat=True)) == {groups.READER, groups.CURATOR, groups.EDITOR}
        editor = Group.objects.get(name=groups.EDITOR)
        assert {"add_merge", "redact", "add_label"} <= set(editor.permissions.values_list("codename", flat=True))
    finally:
        MigrationExecutor(connection).migrate(latest)
        call_command("migrate", verbosity=0)
