"""Actions on many rows: each asks first, on a page that says what would be done to how many; then it tells what was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from citations.admin.base import user_of
from citations.curation.bulk import BulkError
from citations.formatting import count
from citations.labelling import LabelError

# Beyond so many rows an action takes a minute or more, and on SQLite everybody else waits that long.
MANY = 20_000
# So many are named on the page that asks.
NAMED = 10

Deed = Callable[[dict[str, Any]], str | HttpResponseBase]


class PlainForm(forms.Form):
    """Nothing more to say."""


class NoteForm(forms.Form):
    """Why."""

    note = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Why, for other curators and for readers. It stays in the ledger, with each label.",
    )


def ask(
    admin: Any,
    request: HttpRequest,
    rows: QuerySet[Any],
    *,
    permission: str,
    title: str,
    explanation: str,
    button: str,
    deed: Deed,
    form_class: type[forms.Form] = PlainForm,
) -> HttpResponseBase | None:
    """The page that asks or, once that was answered, the `deed`; None leads back to the list.

    `deed` takes the form's cleaned data and returns a sentence for the curator, or a response of its own. A selection
    that has changed since is asked about again. Raises `PermissionDenied` for somebody without `permission`.
    """
    if not user_of(request).has_perm(permission):
        raise PermissionDenied
    number = rows.count()
    answered = "answered" in request.POST
    form = form_class(request.POST if answered else None)
    if answered and form.is_valid():
        if request.POST.get("expected") == str(number):
            return _do(request, deed, form.cleaned_data)
        messages.warning(request, f"The selection changed meanwhile: it holds {count(number)} now. Nothing was done.")
    return _page(admin, request, rows, number, form, {"title": title, "explanation": explanation, "button": button})


def _do(request: HttpRequest, deed: Deed, data: dict[str, Any]) -> HttpResponseBase | None:
    """Do it, and say what was done, or why not."""
    try:
        told = deed(data)
    except (BulkError, LabelError) as error:
        messages.error(request, str(error))
        return None
    if isinstance(told, str):
        messages.success(request, told)
        return None
    return told


def _page(
    admin: Any, request: HttpRequest, rows: QuerySet[Any], number: int, form: forms.Form, words: dict[str, str]
) -> HttpResponse:
    """The question. What was selected is sent along as it came."""
    carried = [(helpers.ACTION_CHECKBOX_NAME, pk) for pk in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)]
    across = request.POST.get("select_across", "0")
    actions = request.POST.getlist("action")
    index = request.POST.get("index", "0")
    chosen = actions[int(index)] if index.isdigit() and int(index) < len(actions) else next(iter(actions), "")
    carried += [("action", chosen), ("select_across", across), ("index", "0"), ("expected", str(number))]
    context = {
        **admin.admin_site.each_context(request),
        **words,
        "opts": admin.model._meta,
        "form": form,
        "number": number,
        "name": admin.model._meta.verbose_name if number == 1 else admin.model._meta.verbose_name_plural,
        "named": [admin.title_of(row) for row in rows.order_by("pk")[:NAMED]],
        "more": max(0, number - NAMED),
        "is_long": number > MANY,
        "carried": carried,
        "list_address": request.get_full_path(),
    }
    return TemplateResponse(request, "admin/citations/ask.html", context, status=422 if form.errors else 200)
