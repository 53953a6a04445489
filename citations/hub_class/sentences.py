"""What is said of each class, with its numbers, in parts."""

from __future__ import annotations

from dataclasses import replace

from citations.formatting import count, plural
from citations.hub_class.audited import AuditedShares
from citations.hub_class.counts import HubCounts, Share
from citations.hub_class.parts import (
    ASSESSED,
    CITING,
    CLASSIFIED,
    CONFIRMED_DISPUTES,
    UNASSESSED,
    UNCLASSIFIED,
    UNCLEAR,
    UNCONFIRMED_DISPUTES,
    Part,
    polarity_query,
    role_query,
)
from citations.hub_class.thresholds import ENOUGH
from citations.vocabulary import CLASSIFIED_ROLES, HubClass, Polarity, Role


def disputed_by(counts: HubCounts) -> Part | None:
    """The words "Disputed by 3", opening the confirmed disputes; None without one. Shown for every class."""
    disputes = counts.confirmed_disputes
    if not disputes:
        return None
    return Part(f"Disputed by {count(disputes)}", "count", CONFIRMED_DISPUTES, disputes)


def _range_parts(share: Share, shown: bool) -> tuple[Part, ...]:
    """The range in brackets after its denominator, where it is shown."""
    if not shown:
        return ()
    return Part(" (", short=""), Part(share.range, "range", short=""), Part(")", short="")


def _classified_part(counts: HubCounts) -> Part:
    """The denominator of roles: "23 classified citing papers", or "all 23 citing papers" where these are all."""
    number = counts.classified
    papers = f"citing {plural(number, 'paper')}"
    if number == counts.known:
        return Part(f"all {count(number)} {papers}", "count", CLASSIFIED, number, short=f"all {papers}")
    return Part(f"{count(number)} classified {papers}", "count", CLASSIFIED, number, short=f"classified {papers}")


def majority_parts(role: Role, counts: HubCounts) -> tuple[Part, ...]:
    """As in "78% of 23 classified citing papers (58–90%) use this work as ..."."""
    share = counts.role_share(role)
    phrase = role.coarse_phrase if role is Role.METHOD and counts.method_is_coarse else role.phrase
    return (
        Part(share.percent, "share", role_query(role), share.numerator),
        Part(" of "),
        _classified_part(counts),
        *_range_parts(share, counts.role_range_shown),
        Part(f" {phrase}."),
    )


def contested_parts(counts: HubCounts) -> tuple[Part, ...]:
    """As in "14 of 100 citing papers whose position is known (9–22%) dispute this work; 21 support it."."""
    share = counts.contested_share
    is_all = share.numerator == counts.assessed
    supports = counts.polarities[Polarity.SUPPORTS]
    papers = f"citing {plural(counts.assessed, 'paper')}"
    known = f"{count(counts.assessed)} {papers}"
    if counts.assessed != counts.known:
        known = f"{known} whose position is known"
    elif not is_all:
        known = f"all {known}"
    disputing = Part(count(share.numerator), "count", CONFIRMED_DISPUTES, share.numerator)
    return (
        *((Part("All "),) if is_all else (disputing, Part(" of "))),
        Part(known, "count", ASSESSED, counts.assessed),
        *_range_parts(share, counts.polarity_range_shown),
        Part(f" {plural(share.numerator, 'disputes this work', Polarity.DISPUTES.phrase)}"),
        Part("; ", short=""),
        Part(
            f"{count(supports)} {plural(supports, 'supports it', Polarity.SUPPORTS.sentence)}",
            "count",
            polarity_query(Polarity.SUPPORTS),
            supports,
            short="",
        ),
        Part("."),
    )


def not_enough_parts(counts: HubCounts) -> tuple[Part, ...]:
    """As in "Only 9 of 30 citing papers have a classified role; no class is named below 20."."""
    known, classified = counts.known, counts.classified
    if not known:
        return (Part("No citing paper is known, so no class is named.", short="No citing paper is known."),)
    end = Part(f"; no class is named below {ENOUGH}.", short=".")
    papers = Part(f"{count(known)} citing {plural(known, 'paper')}", "count", CITING, known)
    if known == 1:
        only = Part("The one known citing paper", "count", CITING, known)
        return only, Part(f" has {'a' if classified else 'no'} classified role"), end
    if not classified:
        return Part("None of "), papers, Part(" has a classified role"), end
    if classified == known:
        return Part("All "), papers, Part(" have a classified role"), end
    few = Part(count(classified), "count", CLASSIFIED, classified)
    have = plural(classified, "has", "have")
    return Part("Only "), few, Part(" of "), papers, Part(f" {have} a classified role"), end


def mixed_parts(counts: HubCounts) -> tuple[Part, ...]:
    """As in "No single role is a clear majority of 120 classified citing papers: tool 41%, baseline 33%, ..."."""
    # The sort keeps roles of the same size in the order of display.
    roles = sorted((role for role in CLASSIFIED_ROLES if counts.roles[role]), key=lambda role: -counts.roles[role])
    parts = [
        Part("No single role is a clear majority"),
        Part(" of ", short=""),
        replace(_classified_part(counts), short=""),
    ]
    for place, role in enumerate(roles):
        share = counts.role_share(role)
        parts.append(Part(", " if place else ": "))
        parts.append(Part(f"{role.short} {share.percent}", "share", role_query(role), share.numerator))
    return *parts, Part(".")


def audited_majority_parts(role: Role, counts: HubCounts) -> tuple[Part, ...]:
    """As in "About 78% ± 8 of citing papers use this work as ..., by an audit of 50 of 412; counted, it is 70% of 300
    classified citing papers." Raises ValueError where there is no audit.
    """
    audited = _audited(counts)
    said, share = audited.roles[role].powered, counts.role_share(role)
    phrase = role.coarse_phrase if role is Role.METHOD and counts.method_is_coarse else role.phrase
    about = said.about[0].upper() + said.about[1:]
    return (
        Part(about, "range", short=f"About {said.percent}"),
        Part(" of citing papers"),
        Part(f" {phrase}"),
        Part(f", by {_audit_words(audited)}; counted, it is ", short=""),
        Part(share.percent, "share", role_query(role), share.numerator, short=""),
        Part(" of ", short=""),
        replace(_classified_part(counts), short=""),
        Part("."),
    )


def audited_mixed_parts(counts: HubCounts) -> tuple[Part, ...]:
    """As in "No single role is a clear majority by an audit of 50 of 412 citing papers: tool about 41%, ..."."""
    audited = _audited(counts)
    found = [(role, said.powered) for role, said in audited.roles.items() if said.powered.share > 0]
    found.sort(key=lambda pair: -pair[1].share)
    listed = ", ".join(f"{role.short} about {said.percent}" for role, said in found)
    words = f" by {_audit_words(audited)}"
    return Part("No single role is a clear majority"), Part(words, short=" by an audit"), Part(f": {listed}.")


def _audited(counts: HubCounts) -> AuditedShares:
    """The audit of the counts."""
    if counts.audited is None:
        raise ValueError("There is no audit of this hub.")
    return counts.audited


def _audit_words(audited: AuditedShares) -> str:
    """What was audited: "an audit of 50 of 412 citing papers", "an unfinished audit of ..."."""
    article = "an audit" if audited.is_complete else "an unfinished audit"
    return f"{article} of {count(audited.audited)} of {count(audited.population)} citing papers"


def rest_parts(hub_class: HubClass, counts: HubCounts) -> tuple[Part, ...]:
    """As in "7 more are not classified, 0 unclear."; for a contested hub also the positions its sentence leaves out."""
    if not counts.known:
        return ()
    more = " more" if counts.classified else ""
    parts = [
        Part(f"{count(counts.unclassified)}{more}", "count", UNCLASSIFIED, counts.unclassified),
        Part(f" {plural(counts.unclassified, 'is', 'are')} not classified, "),
        Part(f"{count(counts.unclear)} unclear", "count", UNCLEAR, counts.unclear),
    ]
    if hub_class is HubClass.CONTESTED:
        parts.append(Part("; "))
        parts.append(Part(f"{count(counts.unassessed)} not assessed", "count", UNASSESSED, counts.unassessed))
        unconfirmed = counts.unconfirmed_disputes
        if unconfirmed:
            parts.append(Part("; "))
            disputes = f"{count(unconfirmed)} more {plural(unconfirmed, 'dispute')}"
            parts.append(Part(disputes, "count", UNCONFIRMED_DISPUTES, unconfirmed))
            parts.append(Part(f" {plural(unconfirmed, 'is', 'are')} not confirmed by a curator"))
    return *parts, Part(".")
