"""The form by which a reader suggests a correction: the only public page that takes a form and sets a cookie.

Without an account. Programs are kept off by a field that people do not see, by the least time that a person takes, and
by a bound on what one network may send; nobody else is asked who the reader is. What was typed is never lost: a form
that is refused comes back filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from citations.curation.reports import (
    LONGEST_ADDRESS,
    LONGEST_COMMENT,
    SHORTEST_COMMENT,
    ReportError,
    Suggestion,
    clean,
    submit,
)
from citations.engines.busy import is_busy
from citations.filters.citations import short_name
from citations.formatting import count
from citations.models import Citation, Report
from citations.views import errors, limits
from citations.views.citation import find_citation, row_of
from citations.vocabulary import Polarity, Role

# Seconds. Nobody reads the page and writes a sentence in less; programs take none.
LEAST_TIME = 4
# Seconds. A form that stood open for longer is handed out anew, filled in.
LONGEST_TIME = 24 * 3600
_TOKEN_SALT, _SENT_SALT = "citations.report.form", "citations.report.sent"

ROLE_HINTS: dict[Role, str] = {
    Role.METHOD: "It runs, fits or measures with the cited work",
    Role.DATASET: "It uses the data of the cited work",
    Role.COMPARISON: "It compares its own results against it",
    Role.EXTENSION: "It builds directly on it",
    Role.EVIDENCE: "It relies on what the cited work found",
    Role.BACKGROUND: "It names it as context",
    Role.UNCLEAR: "The text does not tell",
}
POLARITY_HINTS: dict[Polarity, str] = {
    Polarity.SUPPORTS: "It says that the cited work is right",
    Polarity.DISPUTES: "It says that the cited work is wrong",
    Polarity.MIXED: "It agrees in part, or under conditions",
    Polarity.NEUTRAL: "It takes no side",
}
# How the summary of problems names each field.
NAMES = {"role": "Role", "polarity": "Polarity", "comment": "What did you see", "email": "Your address"}


class ReportForm(forms.Form):
    """What a reader sends. Everything is checked again where it is stored."""

    role = forms.ChoiceField(
        required=False,
        choices=[("", ""), *((role.value, role.label) for role in Role)],
        error_messages={"invalid_choice": "Choose one of the roles, or leave it."},
    )
    polarity = forms.ChoiceField(
        required=False,
        choices=[("", ""), *((polarity.value, polarity.label) for polarity in Polarity)],
        error_messages={"invalid_choice": "Choose one of the polarities, or leave it."},
    )
    comment = forms.CharField(required=False, strip=True)
    email = forms.EmailField(
        required=False,
        max_length=LONGEST_ADDRESS,
        error_messages={
            "invalid": "This is no e-mail address: mend it, or leave it empty.",
            "max_length": f"An address has at most {LONGEST_ADDRESS} characters: mend it, or leave it empty.",
        },
    )
    website = forms.CharField(required=False)
    token = forms.CharField(required=False)

    def __init__(self, citation: Citation, *args: Any, **options: Any) -> None:
        self.citation = citation
        super().__init__(*args, **options)

    def clean_comment(self) -> str:
        """The comment without what prints nothing; long enough to help, short enough to be read."""
        words = clean(self.cleaned_data["comment"])
        if len(words) < SHORTEST_COMMENT:
            raise forms.ValidationError(
                f"Say in a sentence what you saw; {len(words)} of at least {SHORTEST_COMMENT} characters are there."
            )
        if len(words) > LONGEST_COMMENT:
            raise forms.ValidationError(
                f"Say it in at most {count(LONGEST_COMMENT)} characters; these are {count(len(words))}."
            )
        return words

    def clean_website(self) -> str:
        """Empty: people do not see the field."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError("The field that must stay empty was filled in. It is empty now: send again.")
        return ""

    def clean_token(self) -> str:
        """The mark that the form was given by this page, for this citation, and neither just now nor long ago."""
        token: str = self.cleaned_data["token"]
        seconds = _age(token, self.citation)
        if seconds is None or seconds > LONGEST_TIME:
            raise forms.ValidationError("The page stood open for too long. It is fresh now: look it over, send again.")
        if seconds < LEAST_TIME:
            raise forms.ValidationError("That was quicker than a person can read. Look it over and send it again.")
        return token

    @property
    def suggestion(self) -> Suggestion:
        """What a valid form says."""
        said = self.cleaned_data
        return Suggestion(
            role=Role(said["role"]) if said["role"] else None,
            polarity=Polarity(said["polarity"]) if said["polarity"] else None,
            comment=said["comment"],
            address=said["email"],
        )


@dataclass(frozen=True)
class Trouble:
    """Something to mend: the anchor of its field ("" for none), the name of the field, and what is wrong."""

    anchor: str
    name: str
    message: str


@never_cache
def report(request: HttpRequest, number: int) -> HttpResponse:
    """The form about the citation with this number; what was sent; and, afterwards, that it came."""
    if request.method not in ("GET", "HEAD", "POST"):
        refused = errors.method_not_allowed(request)
        refused["Allow"] = "GET, HEAD, POST"
        return refused
    citation = find_citation(number)
    if request.method == "POST":
        return _receive(request, citation)
    if citation.pk != number:
        return HttpResponseRedirect(reverse("report", args=[citation.pk]))
    if "sent" in request.GET:
        return _thanks(request, citation, request.GET["sent"])
    return _page(request, citation, ReportForm(citation))


def _receive(request: HttpRequest, citation: Citation) -> HttpResponse:
    """Store what was sent, and lead to the page that says so; else the form again, as it was filled in."""
    form = ReportForm(citation, request.POST)
    if not form.is_valid():
        return _page(request, citation, form, 422)
    refused = limits.spend(request, "reports", settings.REPORT_RATE)
    if refused is not None:
        response = _page(request, citation, form, 429, refused=refused)
        response["Retry-After"] = str(refused.wait)
        return response
    try:
        stored = submit(citation, form.suggestion)
    except ReportError as error:
        form.add_error("comment", str(error))
        return _page(request, citation, form, 422)
    except OperationalError as error:
        if not is_busy(error):
            raise
        response = _page(request, citation, form, 503, busy=True)
        response["Retry-After"] = "60"
        return response
    sent = signing.Signer(salt=_SENT_SALT).sign_object([citation.pk, stored.pk])
    answer = HttpResponseRedirect(f"{reverse('report', args=[citation.pk])}?sent={sent}")
    answer.status_code = 303  # the next request is a GET, whatever the client
    return answer


def _page(
    request: HttpRequest,
    citation: Citation,
    form: ReportForm,
    status: int = 200,
    *,
    refused: limits.Refused | None = None,
    busy: bool = False,
) -> HttpResponse:
    """The form, empty or as it was filled in, with what is to be mended above it."""
    context = {
        **_frame(citation),
        "form": form,
        "filled": _filled(form),
        "troubles": _troubles(form),
        "token": _token(form, citation),
        "refused": refused,
        "busy": busy,
        "roles": [(role, ROLE_HINTS[role]) for role in Role],
        "polarities": [(polarity, POLARITY_HINTS[polarity]) for polarity in Polarity],
        "longest": LONGEST_COMMENT,
        "longest_address": LONGEST_ADDRESS,
    }
    return render(request, "report.html", context, status=status)


def _thanks(request: HttpRequest, citation: Citation, sent: str) -> HttpResponse:
    """That the report came, and what it says: for whoever was led here by sending it."""
    try:
        of, number = signing.Signer(salt=_SENT_SALT).unsign_object(sent)
        stored = Report.objects.get(pk=number, citation_id=of)
    except (signing.BadSignature, ValueError, UnicodeError, Report.DoesNotExist):
        raise Http404("No report was sent from this address.") from None
    context = {
        **_frame(citation),
        "report": stored,
        "role": Role(stored.role) if stored.role else None,
        "polarity": Polarity(stored.polarity) if stored.polarity else None,
    }
    return render(request, "report_sent.html", context)


def _frame(citation: Citation) -> dict[str, Any]:
    """What both pages print of the citation."""
    hub = citation.cited
    row = row_of(citation)
    return {"citation": citation, "row": row, "hub": hub, "name": short_name(hub.title)}


def _filled(form: ReportForm) -> dict[str, str]:
    """What the fields show: what was typed."""
    return {name: str(form.data.get(name, "")) for name in NAMES}


def _troubles(form: ReportForm) -> list[Trouble]:
    """Everything to mend, in the order of the page."""
    found = []
    for name in form.fields:
        for message in form.errors.get(name, []):
            found.append(Trouble(f"r-{name}" if name in NAMES else "", NAMES.get(name, ""), str(message)))
    return found


def _token(form: ReportForm, citation: Citation) -> str:
    """The mark of a form: the one that came, while it holds, so that a second try need not wait; else a fresh one."""
    given = str(form.data.get("token", ""))
    seconds = _age(given, citation)
    if seconds is not None and seconds <= LONGEST_TIME:
        return given
    return signing.Signer(salt=_TOKEN_SALT).sign_object([citation.pk, int(timezone.now().timestamp())])


def _age(token: str, citation: Citation) -> int | None:
    """How many seconds ago a form was given out; None where the mark is not one of ours, or of another citation."""
    try:
        of, given_at = signing.Signer(salt=_TOKEN_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, UnicodeError):
        return None
    return int(timezone.now().timestamp()) - int(given_at) if of == citation.pk else None
