"""The curation desk: the next citation to decide, and what a curator does with it.

Everything is a plain form; the script only presses its buttons. Each form says which citation it is about and, where it
decides, how far the ledger was that the page showed: a decision on a ledger that has moved on is not written, but shown
again beside what changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from citations import labelling
from citations.admin.audits import PAUSED
from citations.admin.base import short, user_of
from citations.admin.desk_task import load, statements
from citations.curation import deciding, reports
from citations.curation.queue import FILTERS, Filters, Queue, any_unclassified, read_queue
from citations.labelling import LabelError, LedgerMark, LedgerMovedError
from citations.models import Citation, HubSummary, Label, Mention, Paper, Report, Skip
from citations.vocabulary import HubClass, Polarity, Role, SkipReason

PERMISSION = "citations.add_label"
ANSWER = "citations.change_report"
# As much of a note as a page of history shows; the field says so.
NOTE_LENGTH = 500
# Decisions of a session that can be undone one after the other; citations that are not asked about again before all
# others; and what is shown of the queue beside the first.
REMEMBERED = 50
NOT_AGAIN = 200
NEXT_SHOWN = 4
HUBS_SHOWN = 6
SKIPPED_SHOWN = 200
# The key under which the session keeps what was done at the desk since signing in.
SESSION = "desk"


@dataclass(frozen=True)
class Choice:
    """What a form states. `confirms`: the label whose word is said again; `accepts`: the report that is agreed with."""

    role: Role | None = None
    polarity: Polarity | None = None
    note: str = ""
    mention: Mention | None = None
    confirms: Label | None = None
    accepts: Report | None = None


@dataclass(frozen=True)
class Clash:
    """A choice that was not written, because others were quicker; what stood when it was made, and who came since."""

    choice: Choice
    role_before: Role | None
    polarity_before: Polarity | None
    authors: list[str]
    latest: Label | None
    class_before: HubClass | None


@require_http_methods(["GET", "HEAD", "POST"])
def queue_page(request: HttpRequest) -> HttpResponse:
    """The desk: GET shows a citation of the queue, POST does what its forms ask for and goes back to it."""
    _check(request)
    filters, problems = Filters.read(request.GET.dict())
    if request.method == "POST":
        return _act(request, filters)
    for problem in problems:
        messages.warning(request, problem)
    return _page(request, filters, _asked_for(request.GET.get("citation", "")))


@require_http_methods(["GET", "HEAD"])
def skipped_page(request: HttpRequest) -> HttpResponse:
    """What this curator put aside, newest first, each with a button that takes it up again."""
    _check(request)
    skips = Skip.objects.filter(curator=user_of(request)).select_related("citation__citing", "citation__cited")
    rows = list(skips.order_by("-created_at", "-pk")[:SKIPPED_SHOWN])
    told = messages.get_messages(request)
    return render(
        request, "desk/skipped.html", {"skips": rows, "shown": SKIPPED_SHOWN, "desk_nav": "skipped", "messages": told}
    )


def _check(request: HttpRequest) -> None:
    """Refuse whoever may not add labels, to look as to decide."""
    if not user_of(request).has_perm(PERMISSION):
        raise PermissionDenied


def desk_address(filters: Filters | None = None, **parameters: object) -> str:
    """The address of the desk, with its filters."""
    query = {**(filters.query if filters else {}), **parameters}
    return f"{reverse('desk')}?{urlencode(query)}" if query else reverse("desk")


def _asked_for(number: str) -> Citation | None:
    """The citation of that number as readers see it: for one that a merge hid, the one that stands for it."""
    found = _citations().filter(pk=_number(number)).first()
    if found is not None and found.merged_into_id is not None:
        found = _citations().filter(pk=found.merged_into_id).first()
    return found


def _citations() -> Any:
    """Citations with what the page prints of their papers."""
    return Citation.objects.select_related("citing__venue", "cited__venue").defer(
        "citing__abstract", "cited__abstract", "citing__field_sources", "cited__field_sources"
    )


# Showing --------------------------------------------------------------------------------------------------------------


def _page(
    request: HttpRequest, filters: Filters, citation: Citation | None, *, clash: Clash | None = None, status: int = 200
) -> HttpResponse:
    """The desk with one citation, or the word that nothing waits."""
    curator = user_of(request)
    session = request.session.get(SESSION, {})
    queue = read_queue(curator, filters, request.session.get(PAUSED, ()), session.get("citations", ()))
    if citation is None and clash is None and queue.entries:
        audit_id = _place(request, queue).audit_id
        if audit_id is not None:
            # What others said of it stands on this page: a sample is read on a page of its own.
            return HttpResponseRedirect(reverse("desk_audit", args=[audit_id]))
    if citation is None and queue.entries:
        citation = _citations().get(pk=_place(request, queue).citation_id)
    task = load(citation, curator.pk) if citation is not None else None
    current = citation.pk if citation is not None else 0
    following = [pair for pair in queue.after(current, NEXT_SHOWN) if pair[1].audit_id is None]
    context = {
        "queue": queue,
        "task": task,
        "reason": queue.reason_of(current) if citation is not None else None,
        "unclassified": any_unclassified(curator) if task is None and not filters.query else None,
        "place": next((n for n, entry in enumerate(queue.entries, start=1) if entry.citation_id == current), 0),
        "following": _titled(following),
        "hubs": _hubs(queue),
        "filters": filters,
        "desk_address": desk_address,
        "here": desk_address(filters, **({"citation": current} if current else {})),
        "clash": clash,
        "last": deciding.last_decision(session.get("labels", []), curator),
        "session": session,
        "may_see_reports": curator.has_perm("citations.view_report") or curator.has_perm(ANSWER),
        "may_answer": curator.has_perm(ANSWER),
        "roles": list(Role),
        "polarities": list(Polarity),
        "skip_reasons": list(SkipReason),
        "note_length": NOTE_LENGTH,
        "desk_nav": "queue",
        "messages": messages.get_messages(request),
        "without": {name: _without(filters, name) for name in FILTERS},
    }
    return render(request, "desk/queue.html", context, status=status)


def _place(request: HttpRequest, queue: Queue) -> Any:
    """The entry that `at` asks for, counted from 1; the first where there is none."""
    at = request.GET.get("at", "")
    number = int(at) if at.isascii() and at.isdigit() and len(at) < 7 else 1
    return queue.entries[number - 1] if 1 <= number <= len(queue.entries) else queue.entries[0]


def _titled(following: Any) -> list[dict[str, Any]]:
    """What comes after, with titles. One query."""
    ids = [entry.citation_id for _, entry in following]
    titles = {
        row[0]: row[1:]
        for row in Citation.objects.filter(pk__in=ids).values_list("pk", "citing__title", "cited__title").order_by()
    }
    return [
        {
            "number": number,
            "entry": entry,
            "citing": titles[entry.citation_id][0],
            "cited": titles[entry.citation_id][1],
        }
        for number, entry in following
        if entry.citation_id in titles
    ]


def _hubs(queue: Queue) -> list[dict[str, Any]]:
    """The hubs with most entries. One query."""
    numbers = queue.hub_ids(HUBS_SHOWN)
    papers = Paper.objects.only("pk", "slug", "title").in_bulk([pk for pk, _ in numbers])
    return [
        {
            "slug": papers[pk].slug,
            "title": papers[pk].title,
            "number": number,
            "chosen": papers[pk].slug == queue.filters.hub,
        }
        for pk, number in numbers
        if pk in papers
    ]


def _without(filters: Filters, name: str) -> dict[str, str]:
    """The filters but one."""
    return {key: value for key, value in filters.query.items() if key != name}


# Doing ----------------------------------------------------------------------------------------------------------------


def _act(request: HttpRequest, filters: Filters) -> HttpResponse:
    """Do what the form's `do` asks for. What cannot be done is said, and nothing is written."""
    act = _ACTS.get(request.POST.get("do", ""))
    citation = _asked_for(request.POST.get("citation", ""))
    if act is None or citation is None:
        messages.error(request, "This form is not one of the desk's, or its citation is gone: nothing was written.")
        return HttpResponseRedirect(desk_address(filters))
    try:
        return act(request, filters, citation)
    except (LabelError, reports.AlreadyAnswered) as error:
        said = str(error) if isinstance(error, reports.AlreadyAnswered) else f"{error} Nothing was written."
        messages.error(request, said)
        return HttpResponseRedirect(desk_address(filters, citation=citation.pk))


def _decide(request: HttpRequest, filters: Filters, citation: Citation) -> HttpResponse:
    """Write a decision, or show what changed meanwhile."""
    sent = request.POST
    choice = Choice(
        role=_word(Role, sent.get("role", "")),
        polarity=_word(Polarity, sent.get("polarity", "")),
        note=_note(sent),
        mention=_mention(sent.get("mention", ""), citation),
    )
    curator = user_of(request)

    def write(seen: LedgerMark) -> Label:
        return labelling.decide(
            citation,
            curator,
            role=choice.role,
            polarity=choice.polarity,
            mention=choice.mention,
            note=choice.note,
            seen=seen,
        )

    return _write(request, filters, citation, choice, write)


def _confirm(request: HttpRequest, filters: Filters, citation: Citation) -> HttpResponse:
    """Say again what a label says, in the curator's own name."""
    number = request.POST.get("label", "")
    label = _labels(number).filter(citation__in=_ledger_ids(citation)).first()
    if label is None:
        raise LabelError("There is no such label to confirm.")
    curator, note = user_of(request), _note(request.POST)
    choice = Choice(_word(Role, label.role), _word(Polarity, label.polarity), note, confirms=label)
    return _write(
        request,
        filters,
        citation,
        choice,
        lambda seen: labelling.confirm(label, curator, note=note, seen=seen),
    )


def _write(
    request: HttpRequest, filters: Filters, citation: Citation, choice: Choice, write: Callable[[LedgerMark], Label]
) -> HttpResponse:
    """Write what a form states if the ledger is as the page showed it; else the page as 409, with what changed."""
    before = _hub_class(citation.cited_id)
    sent = request.POST.get("seen", "")
    try:
        label = write(LedgerMark.parse(sent))
    except LedgerMovedError:
        citation = _citations().get(pk=citation.pk)
        return _page(request, filters, citation, clash=_clash(request, citation, choice, sent), status=409)
    session = request.session.get(SESSION, {})
    session["labels"] = [*session.get("labels", []), label.pk][-REMEMBERED:]
    session["decided"] = session.get("decided", 0) + 1
    others = [pk for pk in session.get("citations", []) if pk != citation.pk]
    session["citations"] = [*others, citation.pk][-NOT_AGAIN:]
    request.session[SESSION] = session
    messages.success(request, _outcome(citation, choice, before))
    return HttpResponseRedirect(desk_address(filters))


def _clash(request: HttpRequest, citation: Citation, choice: Choice, sent: str) -> Clash:
    """What the curator chose, what stood then and what was added since."""
    task = load(citation, user_of(request).pk)
    try:
        seen = LedgerMark.parse(sent)
    except LedgerMovedError:
        seen = LedgerMark()
    then, added = task.at(seen), task.since(seen)
    stating = (line.label for line in task.ledger if line.label in added and line.may_be_confirmed)
    return Clash(
        choice=choice,
        role_before=_word(Role, then.role),
        polarity_before=_word(Polarity, then.polarity),
        authors=statements(added),
        latest=next(stating, None),
        class_before=_word(HubClass, request.POST.get("hub_class", "")[:40], strict=False),
    )


def _outcome(citation: Citation, choice: Choice, before: str) -> str:
    """What was recorded, of which paper, and what it did to the hub."""
    words = ", ".join(word.label for word in (choice.role, choice.polarity) if word)
    hub, after = short(citation.cited.title, 60), _hub_class(citation.cited_id)
    said = "Confirmed" if choice.confirms else "Recorded"
    said = f"Report {choice.accepts.pk} was accepted. {said}" if choice.accepts else said
    sentence = f"{said}: {words}, for “{short(citation.citing.title, 60)}”."
    if after != before and after:
        return f"{sentence} “{hub}” is now {HubClass(after).label}; it was {HubClass(before).label}."
    now = Citation.objects.get(pk=citation.pk)
    if now.polarity == Polarity.DISPUTES and not now.confirmed:
        return f"{sentence} Its dispute is still not confirmed."
    return f"{sentence} “{hub}” stays {HubClass(after).label}." if after else sentence


def _undo(request: HttpRequest, filters: Filters, citation: Citation) -> HttpResponse:
    """Retract a decision of the curator's own, and show its citation again."""
    label = _labels(request.POST.get("label", "")).filter(citation__in=_ledger_ids(citation)).first()
    if label is None:
        raise LabelError("There is no such decision to undo.")
    deciding.undo(label, user_of(request))
    session = request.session.get(SESSION, {})
    session["labels"] = [pk for pk in session.get("labels", []) if pk != label.pk]
    session["citations"] = [pk for pk in session.get("citations", []) if pk != citation.pk]
    session["decided"] = max(0, session.get("decided", 0) - 1)
    request.session[SESSION] = session
    messages.success(request, f"Undone: your decision on “{short(citation.citing.title, 60)}”. Nothing was deleted.")
    return HttpResponseRedirect(desk_address(filters, citation=citation.pk))


def _accept(request: HttpRequest, filters: Filters, citation: Citation) -> HttpResponse:
    """Agree with a reader's report: what it says becomes the curator's own decision."""
    report, answer = _report(request, citation), _note(request.POST)
    curator = user_of(request)
    if not report.role and not report.polarity:
        reports.accept(report.pk, curator, answer)
        messages.success(request, f"Report {report.pk} was accepted; no label was written.")
        return HttpResponseRedirect(desk_address(filters, citation=citation.pk))
    choice = Choice(_word(Role, report.role), _word(Polarity, report.polarity), answer, accepts=report)

    def write(seen: LedgerMark) -> Label:
        label = reports.accept(report.pk, curator, answer, seen).label
        assert label is not None
        return label

    return _write(request, filters, citation, choice, write)


def _decline(request: HttpRequest, filters: Filters, citation: Citation) -> HttpResponse:
    """Disagree with a reader's report: nothing changes but the report."""
    report = reports.decline(_report(request, citation).pk, user_of(request), _note(request.POST))
    messages.success(request, f"Report {report.pk} was declined; no label was written.")
    return HttpResponseRedirect(desk_address(filters))


def _report(request: HttpRequest, citation: Citation) -> Report:
    """The report on this citation that the form names. Raises `LabelError` for none."""
    if not user_of(request).has_perm(ANSWER):
        raise PermissionDenied
    found = Report.objects.filter(pk=_number(request.POST.get("report", "")), citation=citation).first()
    if found is None:
        raise LabelError("There is no such report on this citation.")
    return found


def _skip(request: HttpRequest, filters: Filters, citation: Citation) -> HttpResponse:
    """Put a citation aside for this curator."""
    reason = _word(SkipReason, request.POST.get("why", ""), strict=False)
    if reason is None:
        raise LabelError("Choose why this citation is skipped.")
    deciding.put_aside(citation, user_of(request), reason)
    session = request.session.get(SESSION, {})
    request.session[SESSION] = {**session, "skipped": session.get("skipped", 0) + 1}
    messages.success(request, f"Skipped: “{short(citation.citing.title, 60)}”. {reason.label}.")
    return HttpResponseRedirect(desk_address(filters))


def _take_up(request: HttpRequest, filters: Filters, citation: Citation) -> HttpResponse:
    """Take a skipped citation up again, at once."""
    deciding.take_up(citation, user_of(request))
    return HttpResponseRedirect(desk_address(filters, citation=citation.pk))


_ACTS: Mapping[str, Callable[[HttpRequest, Filters, Citation], HttpResponse]] = {
    "decide": _decide,
    "confirm": _confirm,
    "undo": _undo,
    "accept": _accept,
    "decline": _decline,
    "skip": _skip,
    "take-up": _take_up,
}


def _word(vocabulary: Any, value: str, *, strict: bool = True) -> Any:
    """The member that a form names; None for nothing. Raises `LabelError` for another word, unless not `strict`."""
    if not value:
        return None
    try:
        return vocabulary(value)
    except ValueError:
        if strict:
            raise LabelError(f"“{value[:40]}” is not a {vocabulary.__name__.lower()}.") from None
        return None


def _note(sent: Mapping[str, str]) -> str:
    """The note, with line ends as the database keeps them. Raises `LabelError` for one that no page would show."""
    note = sent.get("note", "").replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(note) > NOTE_LENGTH:
        raise LabelError(f"The note has {len(note)} characters; {NOTE_LENGTH} is the most.")
    if "\0" in note:
        raise LabelError("The note holds a character that cannot be stored.")
    return note


def _mention(number: str, citation: Citation) -> Mention | None:
    """The mention that the decision is about; None for the citation as a whole. Raises `LabelError` for another's."""
    if not number:
        return None
    mentions = Mention.objects.filter(citation=citation).select_related("citation")
    found = mentions.filter(pk=_number(number)).first()
    if found is None:
        raise LabelError("The sentence that was chosen is not one of this citation.")
    return found


def _labels(number: str) -> Any:
    """The label of that number, as a query."""
    return Label.objects.filter(pk=_number(number)).select_related("citation", "mention__citation")


def _number(written: str) -> int:
    """The id that a form names; 0, which no row has, for what is none."""
    # Nineteen digits and more are beyond what a column holds.
    return int(written) if written.isascii() and written.isdigit() and len(written) < 19 else 0


def _ledger_ids(citation: Citation) -> list[int]:
    """The citations whose ledgers are read together."""
    return [citation.pk, *Citation.objects.filter(merged_into=citation).values_list("pk", flat=True)]


def _hub_class(paper_id: int) -> str:
    """The class that readers see of a hub; empty where it has no summary."""
    return HubSummary.objects.filter(pk=paper_id).values_list("hub_class", flat=True).first() or ""
