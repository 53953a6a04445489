"""Which citing papers stand for a hub, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from citations.models import Citation, HubPin
from citations.querysets import BEST_FIRST
from citations.vocabulary import CLASSIFIED_ROLES, DecidedBy, Role

# A handful: one screen of cards, and every role can have one.
REPRESENTATIVES = 6


def choose_representatives(
    ranked: Iterable[Mapping[str, Any]], role_counts: Mapping[str, int], pins: Iterable[HubPin]
) -> list[dict[str, Any]]:
    """A handful of citing papers that show how a hub is used: {"citation": id, "why": text}, in order of display.

    `ranked` holds the best few of each role, `place` counting from 1. Pinned first; then one per role, in order of the
    role's share, then a second of each, up to `REPRESENTATIVES`. Within a role: decided by a curator, has a sentence,
    worldwide citations, id (DESIGN section 7). The same data give the same list. Pins never crowd out a role.
    """
    chosen = [
        {"citation": pin.citation_id, "why": f"Pinned by a curator: {pin.reason}"} for pin in pins if pin.citation_id
    ]
    room = max(REPRESENTATIVES, len(chosen) + len(CLASSIFIED_ROLES)) if chosen else REPRESENTATIVES
    taken = {entry["citation"] for entry in chosen}
    by_share = sorted(CLASSIFIED_ROLES, key=lambda role: -role_counts.get(role, 0))
    best = list(ranked)
    seconds = {citation["role"]: citation for citation in best if citation["place"] == 2}
    for citation in sorted(best, key=lambda row: (row["place"], by_share.index(Role(row["role"])))):
        if len(chosen) >= room:
            break
        if citation["id"] not in taken:
            why = _why(citation, seconds.get(citation["role"]), role_counts[citation["role"]])
            chosen.append({"citation": citation["id"], "why": why})
    return chosen


def pins_of(paper_ids: list[int]) -> dict[int, list[HubPin]]:
    """The pins in force, oldest first."""
    pins = HubPin.objects.filter(hub_id__in=paper_ids, citation__merged_into__isnull=True, removed_at__isnull=True)
    found: dict[int, list[HubPin]] = defaultdict(list)
    for pin in pins.order_by("created_at", "id"):
        found[pin.hub_id].append(pin)
    return found


_RANKED = ("id", "role", "role_by", "mention_count", "cited_by_count")


def best_of(paper_id: int, roles: Iterable[str]) -> list[dict[str, Any]]:
    """The same as `ranked_of` for one hub, of which these are the roles, from the beginnings of an index."""
    public = Citation.objects.public().filter(cited_id=paper_id).order_by(*BEST_FIRST)
    return [
        {**row, "place": place}
        for role in CLASSIFIED_ROLES
        if role in roles
        for place, row in enumerate(public.filter(role=role).values(*_RANKED)[:REPRESENTATIVES], start=1)
    ]


def ranked_of(paper_ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    """The best few citing papers of each role of each hub."""
    rows = (
        Citation.objects.public()
        .filter(cited_id__in=paper_ids)
        .classified()
        .annotate(place=Window(RowNumber(), partition_by=[F("cited_id"), F("role")], order_by=BEST_FIRST))
        .filter(place__lte=REPRESENTATIVES)
        .values("cited_id", *_RANKED, "place")
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["cited_id"]].append(row)
    return found


def _why(citation: Mapping[str, Any], second: Mapping[str, Any] | None, of_role: int) -> str:
    """Why a citing paper stands for its role, of which there are `of_role`; `second` is the next best of them.

    Only what decided is said: the best is called most cited where nothing else sets it apart from the second.
    """
    label = Role(citation["role"]).label
    if second is None or of_role == 1:
        return f"{label}: the only one"
    if citation["place"] > 1:
        return f"{label}: next by the same rule"
    reasons = ["decided by a curator"] if citation["role_by"] == DecidedBy.CURATOR else []
    reasons += ["with a citing sentence"] if citation["mention_count"] else []
    if _before_citations(citation) == _before_citations(second):
        among = "of these" if reasons else f"of the {of_role:,}"
        is_ahead = citation["cited_by_count"] > second["cited_by_count"]
        reasons.append(f"most cited worldwide {among}" if is_ahead else f"added first {among}")
    return f"{label}: {', '.join(reasons)}"


def _before_citations(citation: Mapping[str, Any]) -> tuple[bool, bool]:
    """What goes before worldwide citations in the order of representatives."""
    return citation["role_by"] == DecidedBy.CURATOR, citation["mention_count"] > 0
