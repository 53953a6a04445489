"""Who may do what: three groups of accounts, each of which may do all that the one before may.

Made by a migration, and by a later one anew where it adds tables. Works on the models that are given, those of a
migration's state as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

READER, CURATOR, EDITOR = "Reader of drafts", "Curator", "Editor"

# What readers wrote, and from which address, is for those who answer it.
_PRIVATE = frozenset({"report"})

# Looking is granted by table (below); these are the deeds. "redact" is a permission of its own on labels.
_CURATOR_MAY = (
    "add_label",
    "view_report",
    "change_report",
    "add_citation",
    "change_citation",
    "add_paper",
    "change_paper",
    "add_identifier",
    "change_identifier",
    "add_author",
    "change_author",
    "add_authorship",
    "change_authorship",
    "delete_authorship",
    "add_venue",
    "change_venue",
)
_EDITOR_MAY = (
    "add_merge",
    "add_hubpin",
    "change_hubpin",
    "add_importrun",
    "change_hubsummary",
    "redact",
    "delete_citation",
    "delete_paper",
    "delete_identifier",
    "delete_author",
    "delete_venue",
)


def permissions_of(group: str, tables: Iterable[str]) -> set[str]:
    """The codenames that a group has, where there are these `tables` (names of models, lower case)."""
    found = {f"view_{table}" for table in tables if table not in _PRIVATE}
    if group in (CURATOR, EDITOR):
        found.update(_CURATOR_MAY)
    if group == EDITOR:
        found.update(_EDITOR_MAY)
    return found


def install(apps: Any, using: str = "default") -> None:
    """Make the three groups, and grant what they lack. What an operator granted besides stays.

    `apps` is a registry: that of a migration, or Django's own. The permissions must be there.
    """
    group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    tables = [model._meta.model_name for model in apps.get_app_config("citations").get_models()]
    known: Mapping[str, Any] = {
        permission.codename: permission
        for permission in permission_model.objects.using(using).filter(content_type__app_label="citations")
    }
    for name in (READER, CURATOR, EDITOR):
        group, _ = group_model.objects.using(using).get_or_create(name=name)
        wanted = permissions_of(name, tables)
        group.permissions.add(*(known[codename] for codename in sorted(wanted & known.keys())))
