"""What is told of hubs, papers, citations and labels: plain values for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from citations.exports import ExportRow, PaperFacts, Site, export_row
from citations.exports.rows import one_line
from citations.facets import Facet
from citations.hub_class import RULES_VERSION, HubCounts, Share, classify_hub
from citations.listing import ledger
from citations.models import ClassChange, HubPin, HubSummary, Label, Mention, Merge
from citations.summaries import has_sample, hub_counts
from citations.vocabulary import CLASSIFIED_ROLES, NONE, HubClass, Polarity, Role, source_label


@dataclass(frozen=True)
class Api:
    """The absolute addresses of this interface."""

    site: Site

    def address(self, name: str, *args: Any) -> str:
        """The address of a view of this interface."""
        return self.site.address(reverse(f"api:{name}", args=args))


# Papers --------------------------------------------------------------------------------------------------------------


def paper_row(paper: PaperFacts, api: Api) -> dict[str, Any]:
    """A paper as lists tell of it. None and empty lists: not known."""
    return {
        "slug": paper.slug,
        "title": paper.title,
        "authors": list(paper.authors),
        "year": paper.year,
        "published_on": paper.published_on.isoformat() if paper.published_on else None,
        "venue": paper.venue or None,
        "kind": paper.kind.value if paper.kind else None,
        "notice": paper.notice.value if paper.notice else None,
        "summary": paper.summary or None,
        "url": paper.url or None,
        "identifiers": [
            {"scheme": name.scheme.value, "value": name.value, "url": name.url or None} for name in paper.identifiers
        ],
        "cited_by_count": paper.cited_by_count,
        "paper": api.site.paper(paper.slug),
        "api": api.address("paper", paper.slug),
    }


# Hubs ----------------------------------------------------------------------------------------------------------------


def hub_row(summary: HubSummary, paper: PaperFacts, api: Api) -> dict[str, Any]:
    """A hub as lists tell of it: the paper, its class, and the numbers behind it with their denominators."""
    counts = hub_counts(summary.counts)
    verdict = classify_hub(counts)
    return {
        "slug": paper.slug,
        "title": paper.title,
        "authors": list(paper.authors),
        "year": paper.year,
        "venue": paper.venue or None,
        "class": summary.hub_class,
        "class_label": HubClass(summary.hub_class).label,
        "computed_class": verdict.hub_class.value,
        "pinned": "pin" in summary.counts,
        "sentence": f"{verdict.sentence} {verdict.rest_sentence}".strip(),
        "share": _share(verdict.share, _has_range(verdict.role, counts)) if verdict.share else None,
        "rules_version": RULES_VERSION,
        "counts": _counts(counts),
        "roles": _roles(counts),
        "polarities": _polarities(counts),
        "sample": is_sample(summary),
        "updated_at": summary.updated_at.isoformat(),
        "hub": api.site.hub(paper.slug),
        "api": api.address("hub", paper.slug),
        "citing": api.address("citing", paper.slug),
    }


def is_sample(summary: HubSummary | None) -> bool:
    """Whether labels of the sample collection, which are illustrative, are among those of a hub."""
    return summary is not None and has_sample(summary.counts)


def hub_details(summary: HubSummary, paper: PaperFacts, api: Api) -> dict[str, Any]:
    """Everything that an unfiltered hub page counts."""
    raw = summary.counts
    suggested = {role.value: raw["suggested"].get(role.value, 0) for role in Role}
    return {
        **hub_row(summary, paper, api),
        "paper": paper_row(paper, api),
        "abstract": paper.abstract or None,
        "pin": {"reason": raw["pin"]["reason"], "date": raw["pin"].get("date")} if "pin" in raw else None,
        "decided_by": {name or NONE: number for name, number in raw["decided_by"].items()},
        "sources": [
            {"source": name or NONE, "label": source_label(name) if name else "Nobody", "count": number}
            for name, number in raw["source"].items()
        ],
        "role_sources": _by_source(raw["role_source"]),
        "polarity_sources": _by_source(raw["polarity_source"]),
        "suggested": suggested,
        "years": [
            {
                "year": int(year) if year else None,
                "count": sum(roles.values()),
                "roles": {role or NONE: number for role, number in roles.items()},
            }
            for year, roles in raw["year"].items()
        ],
        "venues": [{"slug": slug, "name": one_line(name), "count": number} for slug, name, number in raw["venue"]],
        "flags": {
            "influential": raw["is_influential"],
            "self": raw["is_self_citation"],
            "retracted": raw["retracted"],
            "coarse": sum(raw["coarse_roles"].values()),
            "confirmed": raw["confirmed"],
        },
        "representatives": [
            {"why": str(entry["why"]), "citation": api.address("citation", entry["citation"])}
            for entry in summary.representatives
        ],
        "history": api.address("history", paper.slug),
    }


def _by_source(numbers: Mapping[str, int]) -> dict[str, int]:
    """Numbers by source without what nobody decided."""
    return {one_line(name): number for name, number in numbers.items() if name}


def _counts(counts: HubCounts) -> dict[str, int]:
    """The totals: known = classified + unclear + not classified; known = assessed + not assessed."""
    return {
        "known": counts.known,
        "classified": counts.classified,
        "unclear": counts.unclear,
        "not_classified": counts.unclassified,
        "assessed": counts.assessed,
        "not_assessed": counts.unassessed,
        "confirmed_disputes": counts.confirmed_disputes,
    }


def _roles(counts: HubCounts) -> dict[str, dict[str, Any]]:
    """Each classified role with its share of the classified papers."""
    return {role.value: _share(counts.role_share(role), counts.role_range_shown) for role in CLASSIFIED_ROLES}


def _polarities(counts: HubCounts) -> dict[str, dict[str, Any]]:
    """Each polarity with its share of the assessed papers."""
    shown = counts.polarity_range_shown
    return {polarity.value: _share(counts.polarity_share(polarity), shown) for polarity in Polarity}


def _has_range(role: Role | None, counts: HubCounts) -> bool:
    """Whether the share that names a class has a range: that of a role, or that of the confirmed disputes."""
    return counts.role_range_shown if role else counts.polarity_range_shown


def _share(share: Share, has_range: bool) -> dict[str, Any]:
    """A share with its numerator, denominator and 95% range; None where there is none to tell."""
    return {
        "count": share.numerator,
        "of": share.denominator,
        "share": share.fraction,
        "low": share.low if has_range else None,
        "high": share.high if has_range else None,
    }


# Citations -----------------------------------------------------------------------------------------------------------


def citing_row(row: ExportRow, api: Api) -> dict[str, Any]:
    """One citing paper in the layout of the exports, and where the citation stands here."""
    return {**export_row(row, api.site), "citation": api.address("citation", row.number)}


def label_row(label: Label) -> dict[str, Any]:
    """One label: who says what, when, and from which sentence. Its mention must be at hand.

    Curators are not named: what they decide is the site's word.
    """
    return {
        "id": label.pk,
        "role": label.role or None,
        "polarity": label.polarity or None,
        "decided_by": label.decided_by,
        "source": one_line(label.source),
        "source_label": source_label(one_line(label.source)),
        "raw_value": one_line(label.raw_value) or None,
        "coarse": label.coarse,
        "confidence": label.confidence,
        "sentence": one_line(label.mention.sentence) or None if label.mention else None,
        "note": one_line(label.note) or None,
        "decision": str(label.decision),
        "retracts": label.retracts_id,
        "confirms": label.confirms_id,
        "created_at": label.created_at.isoformat(),
    }


def ledger_rows(labels: Sequence[Label]) -> list[dict[str, Any]]:
    """The labels of one citation, given oldest first, newest first: each with whether it was undone, and whether it
    decides.
    """
    entries = ledger(labels).entries
    return [
        {**label_row(label), "undone": entry.undone, "decides": entry.decides}
        for label, entry in zip(reversed(labels), entries, strict=True)
    ]


def mention_row(mention: Mention) -> dict[str, Any]:
    """One place where the citing paper names the hub."""
    return {
        "sentence": one_line(mention.sentence),
        "section": one_line(mention.section) or None,
        "source": one_line(mention.source),
        "source_label": source_label(one_line(mention.source)),
    }


def class_change_row(change: ClassChange) -> dict[str, Any]:
    """A hub's class became another."""
    return {"from": change.from_class or None, "to": change.to_class, "cause": one_line(change.cause)}


def pin_row(pin: HubPin, *, removed: bool) -> dict[str, Any]:
    """A curator pinned a class or a representative, or removed the pin."""
    return {"removed": removed, "class": pin.hub_class or None, "reason": one_line(pin.reason)}


def merge_row(merge: Merge) -> dict[str, Any]:
    """Two records turned out to be one paper; both must be at hand."""
    return {
        "survivor": {"slug": merge.survivor.slug, "title": one_line(merge.survivor.title)},
        "loser": {"slug": merge.loser.slug, "title": one_line(merge.loser.title)},
        "reason": one_line(merge.reason) or None,
    }


# Facets --------------------------------------------------------------------------------------------------------------


def facet_rows(facets: Sequence[Facet], api: Api) -> list[dict[str, Any]]:
    """Facets with their counts; `url` opens exactly the papers that a count counts."""
    return [
        {
            "name": facet.name,
            "label": facet.label,
            "values": [
                {
                    "value": value.value,
                    "label": value.label,
                    "count": value.count,
                    "selected": value.selected,
                    "url": api.site.address(value.only_url),
                }
                for value in facet.values
            ],
        }
        for facet in facets
    ]


def query_values(query: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Filters and sort as they were understood."""
    return {name: list(values) for name, values in query.items()}
