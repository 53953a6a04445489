"""Audits at the desk: a sample is drawn, read blind, paused, gone on with and finished.

A page on which one reads shows nothing of what anybody or anything said before, and holds none of it in its source: no
label, suggestion, report or number of a citation, and no link to a page of this site about either paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from citations import suggesting
from citations.admin.base import short, user_of
from citations.admin.desk_task import AUTHORS_SHOWN, SENTENCES_SHOWN, DeskSentence
from citations.classifier.files import ModelError
from citations.curation import audits
from citations.curation.audits import AlreadyReadError, Progress
from citations.formatting import authors_short, plural
from citations.labelling import LabelError
from citations.listing.marking import Marking
from citations.models import Audit, AuditEntry, Authorship, Citation, HubSummary, Identifier, Mention, Paper
from citations.vocabulary import HubClass, Polarity, Role, source_label

PERMISSION = "citations.add_label"
# As on the desk.
NOTE_LENGTH = 500
# The key under which the session keeps the numbers of audits that a curator paused.
PAUSED = "audits_paused"
# Finished audits that the page of all audits lists; more are on the pages of their hubs.
FINISHED_SHOWN = 100
# Citing papers whose sentences a model reads while somebody waits for a sample: a few seconds. Of larger hubs only what
# is suggested already counts.
MOST_SCORED = 5_000


@dataclass(frozen=True)
class BlindTask:
    """What a page shows of a paper of a sample: the two papers and the sentences, and nothing besides."""

    entry: AuditEntry
    citation: Citation
    authors: str
    more_authors: int
    identifiers: tuple[Identifier, ...]
    hub_identifiers: tuple[Identifier, ...]
    sentences: tuple[DeskSentence, ...]


@require_http_methods(["GET", "HEAD", "POST"])
def audits_page(request: HttpRequest) -> HttpResponse:
    """All audits, and the form by which one is drawn."""
    _check(request)
    return _draw(request) if request.method == "POST" else _list(request)


def _list(request: HttpRequest) -> HttpResponse:
    """The page of all audits."""
    rows = Audit.objects.select_related("hub", "curator").defer("hub__abstract", "hub__field_sources")
    open_ = list(rows.filter(finished_at=None).order_by("-created_at", "-pk"))
    finished = list(rows.exclude(finished_at=None).order_by("-finished_at", "-pk")[:FINISHED_SHOWN])
    progress = audits.progress_of([*open_, *finished])
    context = {
        "open": [progress[audit.pk] for audit in open_],
        "finished": [progress[audit.pk] for audit in finished],
        "paused": request.session.get(PAUSED, []),
        "asked": request.GET.get("hub", "")[:120],
        "planned": audits.PLANNED,
        "least": audits.LEAST,
        "most": audits.MOST,
        "largest_seed": audits.LARGEST_SEED,
        "desk_nav": "audits",
        "messages": messages.get_messages(request),
    }
    return render(request, "desk/audits.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def audit_page(request: HttpRequest, number: int) -> HttpResponse:
    """One audit: GET shows the next paper to read, POST does what the page's forms ask for."""
    _check(request)
    audit = Audit.objects.select_related("hub").filter(pk=number).first()
    if audit is None:
        raise Http404(f"There is no audit {number}.")
    if request.method == "POST":
        return _act(request, audit)
    curator = user_of(request)
    _go_on(request, audit)
    progress = audits.progress_of([audit])[audit.pk]
    if audit.finished_at is not None or progress.is_complete:
        messages.info(request, f"Audit {audit.pk} has nothing left to read, or is finished.")
        return _list(request)
    entry = progress.following(curator)
    assert entry is not None
    last = progress.last_of(curator)
    context = {
        "audit": audit,
        "progress": progress,
        "task": blind_task(entry),
        "last": last,
        "roles": list(Role),
        "polarities": list(Polarity),
        "note_length": NOTE_LENGTH,
        "desk_nav": "audits",
        "messages": messages.get_messages(request),
    }
    return render(request, "desk/audit.html", context)


def blind_task(entry: AuditEntry) -> BlindTask:
    """What may be seen of a paper before it is labelled. Four queries."""
    citation = Citation.objects.select_related("citing__venue", "cited").get(pk=entry.standing_id)  # type: ignore[attr-defined]
    names: dict[int, list[str]] = {citation.citing_id: [], citation.cited_id: []}
    rows = Authorship.objects.filter(paper_id__in=names, position__lt=100).order_by("paper_id", "position")
    for paper_id, name in rows.values_list("paper_id", "name"):
        names[paper_id].append(name)
    authors, more = authors_short(names[citation.citing_id], AUTHORS_SHOWN)
    first = next(iter(names[citation.cited_id]), "")
    marking = Marking(title=citation.cited.title, first_author=first, year=citation.cited.year)
    mentions = Mention.objects.filter(citation=citation).exclude(sentence="").order_by("order", "pk")[:SENTENCES_SHOWN]
    identifiers = list(Identifier.objects.filter(paper_id__in=names).order_by("pk"))
    return BlindTask(
        entry=entry,
        citation=citation,
        authors=authors,
        more_authors=more,
        identifiers=tuple(name for name in identifiers if name.paper_id == citation.citing_id)[:4],
        hub_identifiers=tuple(name for name in identifiers if name.paper_id == citation.cited_id)[:2],
        sentences=tuple(
            DeskSentence(mention, marking.sentence(mention.sentence), source_label(mention.source))
            for mention in mentions
        ),
    )


def _check(request: HttpRequest) -> None:
    """Refuse whoever may not add labels."""
    if not user_of(request).has_perm(PERMISSION):
        raise PermissionDenied


# Drawing -------------------------------------------------------------------------------------------------------------


def _draw(request: HttpRequest) -> HttpResponse:
    """Draw the sample that the form asks for and lead to its first paper; what cannot be drawn is said."""
    sent = request.POST
    slug = sent.get("hub", "").strip()
    try:
        hub = _hub(slug)
        planned = _whole(sent.get("planned", ""), "The number of papers")
        seed = _whole(sent["seed"], "The seed") if sent.get("seed", "").strip() else None
        scores, scored_by = _scores(audits.population(hub))
        audit = audits.draw(
            hub,
            user_of(request),
            planned=planned,
            stratified=sent.get("stratified") == "1",
            seed=seed,
            scores=scores,
            scored_by=scored_by,
        )
    except (LabelError, IntegrityError) as error:
        said = str(error) if isinstance(error, LabelError) else "An audit of this hub is open already."
        messages.error(request, f"{said} Nothing was drawn.")
        return HttpResponseRedirect(reverse("desk_audits"))
    papers = f"{audit.planned:,} of {audit.population:,} citing {plural(audit.population, 'paper')}"
    messages.success(request, f"Drawn: {papers}, seed {audit.seed}.")
    return HttpResponseRedirect(reverse("desk_audit", args=[audit.pk]))


def _hub(slug: str) -> Paper:
    """The hub that a form names; the end of its address will do, or all of it."""
    name = slug.rstrip("/").rpartition("/")[2]
    found = Paper.objects.filter(slug=name).select_related("merged_into").first() if "\0" not in name else None
    if found is None:
        raise LabelError(f"No paper here has the name “{slug[:80]}” in its address.")
    return found.merged_into or found


def _whole(written: str, what: str) -> int:
    """A whole number that a form gives."""
    text = written.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise LabelError(f"{what} is a whole number, not “{text[:20]}”.")
    return int(text)


def _scores(citation_ids: list[int]) -> tuple[dict[int, dict[str, float]], str]:
    """How likely the model in use holds each role, and its name; nothing for a hub that would take too long."""
    if len(citation_ids) > MOST_SCORED:
        return {}, ""
    try:
        model = suggesting.load_model()
    except ModelError:
        # An audit stands without: predictions narrow its ranges, and nothing else.
        return {}, ""
    return suggesting.scores(model, citation_ids), model.name


# Reading -------------------------------------------------------------------------------------------------------------


def _act(request: HttpRequest, audit: Audit) -> HttpResponse:
    """Do what the form's `do` asks for. What cannot be done is said, and nothing is written."""
    act = _ACTS.get(request.POST.get("do", ""))
    if act is None:
        messages.error(request, "This form is not one of the desk's: nothing was written.")
        return HttpResponseRedirect(reverse("desk_audit", args=[audit.pk]))
    try:
        return act(request, audit)
    except AlreadyReadError as error:
        messages.warning(request, f"{error} Your choice was not written; here is the next one.")
    except LabelError as error:
        messages.error(request, f"{error} Nothing was written.")
    return HttpResponseRedirect(reverse("desk_audit", args=[audit.pk]))


def _read(request: HttpRequest, audit: Audit) -> HttpResponse:
    """Label the paper that the page showed."""
    sent = request.POST
    note = sent.get("note", "").replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(note) > NOTE_LENGTH or "\0" in note:
        raise LabelError(f"The note is longer than {NOTE_LENGTH} characters, or holds one that cannot be stored.")
    role = _word(Role, sent.get("role", ""))
    if role is None:
        raise LabelError("Choose a role; where the text does not tell, choose Unclear.")
    mention = sent.get("mention", "")
    progress = audits.read(
        _whole(sent.get("entry", ""), "The number of the paper"),
        user_of(request),
        role,
        polarity=_word(Polarity, sent.get("polarity", "")),
        mention_id=_whole(mention, "The number of the sentence") if mention else None,
        note=note,
    )
    if progress.is_complete:
        messages.success(request, f"That was the last one. {_outcome(audit.hub)}")
        return HttpResponseRedirect(reverse("desk_audits"))
    return HttpResponseRedirect(reverse("desk_audit", args=[audit.pk]))


def _undo(request: HttpRequest, audit: Audit) -> HttpResponse:
    """Take back the curator's last label."""
    audits.undo(audit, user_of(request))
    messages.success(request, "Undone: your last decision. Its paper is to be read again.")
    return HttpResponseRedirect(reverse("desk_audit", args=[audit.pk]))


def _pause(request: HttpRequest, audit: Audit) -> HttpResponse:
    """Leave it until the curator goes on; the queue does not lead here meanwhile."""
    resting = [pk for pk in request.session.get(PAUSED, []) if pk != audit.pk]
    request.session[PAUSED] = [*resting, audit.pk]
    messages.success(request, "Paused. Go on whenever you like: nothing is lost.")
    return HttpResponseRedirect(reverse("desk_audits"))


def _finish(request: HttpRequest, audit: Audit) -> HttpResponse:
    """End it early."""
    progress = audits.finish(audit, user_of(request))
    left = len(progress.unread)
    papers = f"{left:,} {plural(left, 'paper')} of the sample {plural(left, 'was', 'were')}"
    unread = f"{papers} not read: the audit is marked as unfinished. "
    messages.success(request, f"Finished. {unread if left else ''}{_outcome(audit.hub)}")
    return HttpResponseRedirect(reverse("desk_audits"))


def _reopen(request: HttpRequest, audit: Audit) -> HttpResponse:
    """Go on with an audit that was finished early."""
    audits.reopen(audit, user_of(request))
    return HttpResponseRedirect(reverse("desk_audit", args=[audit.pk]))


_ACTS: Mapping[str, Callable[[HttpRequest, Audit], HttpResponse]] = {
    "read": _read,
    "undo": _undo,
    "pause": _pause,
    "finish": _finish,
    "reopen": _reopen,
}


def _go_on(request: HttpRequest, audit: Audit) -> None:
    """Whoever opens a paused audit goes on with it."""
    resting = request.session.get(PAUSED, [])
    if audit.pk in resting:
        request.session[PAUSED] = [pk for pk in resting if pk != audit.pk]


def _outcome(hub: Paper) -> str:
    """What readers see of the hub now."""
    found = HubSummary.objects.filter(pk=hub.pk).values_list("hub_class", flat=True).first()
    return f"“{short(hub.title, 60)}” is shown as {HubClass(found).label}." if found else ""


def _word(vocabulary: Any, value: str) -> Any:
    """The member that a form names; None for nothing. Raises `LabelError` for another word."""
    if not value:
        return None
    try:
        return vocabulary(value)
    except ValueError:
        raise LabelError(f"“{value[:40]}” is not a {vocabulary.__name__.lower()}.") from None


__all__ = ["PAUSED", "BlindTask", "Progress", "audit_page", "audits_page", "blind_task"]
