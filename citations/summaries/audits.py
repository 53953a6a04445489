"""What the audits of hubs come to: from samples and their labels to the numbers that a summary carries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef

from citations.hub_class import AuditedRole, AuditedShares, Estimate, ReadPaper, Stratum, shares
from citations.models import Audit, AuditEntry, Label
from citations.vocabulary import CLASSIFIED_ROLES, Role

# Digits of a share that are kept: a hundredth of a point, and the same text on both engines.
DIGITS = 6


def audits_of(paper_ids: list[int]) -> dict[int, dict[str, Any]]:
    """`HubSummary.counts["audit"]` of the hubs that were ever audited: the newest finished audit, and the open one.

    One query, and one more where there is an audit.
    """
    newest: dict[int, Audit] = {}
    open_: dict[int, Audit] = {}
    for audit in Audit.objects.filter(hub_id__in=paper_ids).order_by("finished_at", "pk"):
        (open_ if audit.finished_at is None else newest)[audit.hub_id] = audit
    wanted = [*newest.values(), *open_.values()]
    entries = standing_entries([audit.pk for audit in wanted]) if wanted else {}
    return {
        hub: {
            "finished": _finished(newest[hub], entries.get(newest[hub].pk, [])) if hub in newest else None,
            "open": _progress(open_[hub], entries.get(open_[hub].pk, [])) if hub in open_ else None,
        }
        for hub in {audit.hub_id for audit in wanted}
    }


def standing_entries(audit_ids: list[int]) -> dict[int, list[AuditEntry]]:
    """The entries of audits that still stand for a citing paper, in order, each with its label, by audit. One query.

    Where a merge made one citation of two, the first entry stands for it; a citation that a merge made void, or took to
    another hub, is left out. `is_read`: it has a label that nobody took back. `standing_id`: the citation that stands.
    """
    undone = Label.objects.filter(retracts=OuterRef("label"))
    rows = (
        AuditEntry.objects.filter(audit_id__in=audit_ids)
        .select_related("label", "citation__merged_into", "audit")
        .annotate(is_undone=Exists(undone))
        .order_by("audit_id", "position")
    )
    found: dict[int, list[AuditEntry]] = defaultdict(list)
    taken: dict[tuple[int, int], AuditEntry] = {}
    for entry in rows:
        standing = entry.citation.merged_into or entry.citation
        if standing.is_void or standing.cited_id != entry.audit.hub_id:
            continue
        entry.standing_id = standing.pk  # type: ignore[attr-defined]
        entry.is_read = entry.label is not None and not entry.is_undone  # type: ignore[attr-defined]
        earlier = taken.get((entry.audit_id, standing.pk))
        if earlier is None:
            taken[entry.audit_id, standing.pk] = entry
            found[entry.audit_id].append(entry)
        elif entry.is_read and not earlier.is_read:  # type: ignore[attr-defined]
            # Of the two the one that was read speaks.
            found[entry.audit_id][found[entry.audit_id].index(earlier)] = entry
            taken[entry.audit_id, standing.pk] = entry
    return found


def _progress(audit: Audit, entries: list[AuditEntry]) -> dict[str, Any]:
    """How far an audit is; nothing of what it found."""
    return {
        "number": audit.pk,
        "planned": len(entries),
        "audited": sum(entry.is_read for entry in entries),  # type: ignore[attr-defined]
    }


def _finished(audit: Audit, entries: list[AuditEntry]) -> dict[str, Any]:
    """The numbers of a finished audit."""
    read = [entry for entry in entries if entry.is_read]  # type: ignore[attr-defined]
    gone = audit.planned - len(entries)
    found = shares([_read_paper(audit, entry) for entry in read], _strata(audit, read, gone))
    named = sum(bool(entry.label and Role(entry.label.role).is_classified) for entry in read)
    return {
        **_progress(audit, entries),
        "population": audit.population - gone,
        "seed": audit.seed,
        "stratified": audit.stratified,
        "drawn_on": audit.created_at.date().isoformat(),
        "finished_on": audit.finished_at.date().isoformat() if audit.finished_at else "",
        "named": named,
        "roles": {role.value: _numbers(said) for role, said in found.items()},
    }


def _read_paper(audit: Audit, entry: AuditEntry) -> ReadPaper:
    """An entry as the estimators take it."""
    assert entry.label is not None
    return ReadPaper(Role(entry.label.role), entry.reading if audit.stratified else "", _scores(entry.scores))


def _scores(raw: Mapping[str, float]) -> dict[Role, float]:
    return {Role(role): score for role, score in raw.items()}


def _strata(audit: Audit, read: list[AuditEntry], gone: int) -> dict[str, Stratum]:
    """Where the sample was drawn from. Papers that a merge made one count once."""
    strata = {name: Stratum(one["size"], _scores(one["scores"])) for name, one in audit.strata.items()}
    if not audit.stratified:
        total = {
            role: sum(one.scores.get(role, 0.0) for one in strata.values())
            * (audit.population - gone)
            / audit.population
            for role in CLASSIFIED_ROLES
        }
        return {"": Stratum(audit.population - gone, total)}
    return strata


def _numbers(said: AuditedRole) -> dict[str, Any]:
    return {"number": said.number, "alone": _estimate(said.alone), "powered": _estimate(said.powered)}


def _estimate(said: Estimate) -> list[float]:
    return [round(value, DIGITS) for value in (said.share, said.low, said.high, said.weight)]


def audited_shares(counts: Mapping[str, Any], known: int) -> AuditedShares | None:
    """The audit of a hub from `HubSummary.counts`; None where none was finished. `known`: papers that cite it now."""
    raw = (counts.get("audit") or {}).get("finished")
    if not raw:
        return None
    return AuditedShares(
        number=raw["number"],
        audited=raw["audited"],
        planned=raw["planned"],
        population=raw["population"],
        named=raw["named"],
        roles={
            role: AuditedRole(
                raw["roles"][role.value]["number"],
                Estimate(*raw["roles"][role.value]["alone"]),
                Estimate(*raw["roles"][role.value]["powered"]),
            )
            for role in CLASSIFIED_ROLES
            if role.value in raw["roles"]
        },
        known=known,
    )
