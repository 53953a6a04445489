"""Files: the papers that cite a hub, under any filter, in every format; and one paper as a reference."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from citations.exports import (
    BATCH,
    FORMATS,
    REFERENCE_FORMATS,
    Format,
    PaperFacts,
    file_name,
    paper_facts,
    stream,
)
from citations.exports.bibtex import entry as bibtex_entry
from citations.exports.csl import item as csl_item
from citations.exports.json_rows import text as json_text
from citations.exports.ris import entry as ris_entry
from citations.formatting import join_words
from citations.listing import Selection, about, find_hub, select_citing
from citations.models import Paper

PLAIN_TEXT = "text/plain; charset=utf-8"
# A file of a list is for whoever asks for it; search engines are to know the page.
NOT_INDEXED = "noindex"


@require_safe
def citing_export(request: HttpRequest, slug: str, form: str) -> HttpResponseBase:
    """All papers that cite the hub and match the parameters, in the order of the page, as a file in the format `form`.

    `page` and `page_size` are checked and make no difference. What is not understood is answered with 400 in plain
    text: a file must never silently hold another list than the one asked for.
    """
    if form not in FORMATS:
        raise Http404(f"Nothing is exported as “{form}”. Formats are: {join_words(list(FORMATS))}.")
    hub = _found(slug)
    if hub.slug != slug:
        return _moved(request, reverse("citing_export", args=[hub.slug, form]))
    selection = select_citing(hub, request.GET)
    if selection.problems:
        return HttpResponse(selection.refusal, status=400, content_type=PLAIN_TEXT)
    return _file(request, FORMATS[form], selection)


@require_safe
def paper_export(request: HttpRequest, slug: str, form: str) -> HttpResponseBase:
    """One paper as a reference, in the format `form`."""
    if form not in REFERENCE_FORMATS:
        raise Http404(f"A paper is not exported as “{form}”. Formats are: {join_words(list(REFERENCE_FORMATS))}.")
    paper = _found(slug)
    if paper.slug != slug:
        return _moved(request, reverse("paper_export", args=[paper.slug, form]))
    format_ = REFERENCE_FORMATS[form]
    response = HttpResponse(_reference(paper_facts(paper, abstract=True), form), content_type=format_.content_type)
    _attach(response, f"{paper.slug}.{form}")
    return response


def _found(slug: str) -> Paper:
    """The paper with this slug, or that stands for it. Raises Http404 where there is none."""
    paper = find_hub(slug)
    if paper is None:
        raise Http404(f"No paper here has the address “{slug}”.")
    return paper


def _file(request: HttpRequest, form: Format, selection: Selection) -> HttpResponse | StreamingHttpResponse:
    """The file; for HEAD its headers alone."""
    of = about(selection, request.build_absolute_uri("/").removesuffix("/"))
    response: HttpResponse | StreamingHttpResponse
    if request.method == "HEAD":
        response = HttpResponse(content_type=form.content_type)
    else:
        response = StreamingHttpResponse(stream(form, of, selection.batches(BATCH)), content_type=form.content_type)
    _attach(response, file_name(of, form))
    response["Link"] = f'<{of.list_address}>; rel="alternate"; type="text/html"'
    return response


def _attach(response: HttpResponseBase, name: str) -> None:
    """Headers of a file to be saved; `name` is of ASCII letters, digits, dots and hyphens."""
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Robots-Tag"] = NOT_INDEXED
    # Labels change from one moment to the next.
    response["Cache-Control"] = "no-cache"


def _reference(paper: PaperFacts, form: str) -> str:
    """One paper in one of the formats of references."""
    if form == "bib":
        return bibtex_entry(paper)
    return ris_entry(paper) if form == "ris" else f"[\n{json_text(csl_item(paper))}\n]\n"


def _moved(request: HttpRequest, address: str) -> HttpResponseRedirect:
    """302 to the same of the paper that this one was merged into."""
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"{address}?{query}" if query else address)
