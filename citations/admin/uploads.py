"""A file comes in through the browser: tried first, its report shown, and imported once the curator says so."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from citations.admin.base import admin_url, user_of
from citations.formatting import plural
from citations.importing import ImportStopped, Report
from citations.importing.files import find_cited, import_file
from citations.models import ImportRun
from citations.sources.files import AUTO, FORMATS
from citations.sources.records import PaperRecord, SourceError

# Larger files are for the command line, where an import shows how far it is and can be resumed.
LARGEST = 20 * 2**20
ENDINGS = (".bib", ".bibtex", ".biblatex", ".ris", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt")
# How long a file that was tried waits for its import.
KEPT_FOR = 24 * 3600
_SALT = "citations.admin.uploads"
# Reasons of rejection on the page; the run keeps every record.
REASONS_SHOWN = 20


class UploadForm(forms.Form):
    """What to import, and as what."""

    file = forms.FileField(
        help_text=f"BibTeX, RIS, CSL-JSON, our own rows (CSV or JSON Lines) or labelled sentences; "
        f"at most {LARGEST // 2**20} MB. Larger files: manage.py import_file."
    )
    format = forms.ChoiceField(choices=[(AUTO, "Tell by the file"), *((name, name) for name in FORMATS)])
    cites = forms.CharField(
        required=False,
        max_length=500,
        help_text="A DOI, an arXiv identifier or the slug of a paper in the collection: "
        "every entry becomes one of its citing papers.",
    )

    def clean_file(self) -> UploadedFile:
        """Bounded in size and kind."""
        file: UploadedFile = self.cleaned_data["file"]
        ending = Path(file.name or "").suffix.lower()
        if ending not in ENDINGS:
            raise forms.ValidationError(
                f"A file that ends in {ending or 'nothing'} is not read; use {', '.join(ENDINGS)}."
            )
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(f"The file is larger than {LARGEST // 2**20} MB: use manage.py import_file.")
        return file

    def clean_cites(self) -> str:
        """A paper that the collection has."""
        cites: str = self.cleaned_data["cites"].strip()
        try:
            if cites:
                find_cited(cites)
        except SourceError as error:
            raise forms.ValidationError(str(error)) from None
        return cites


@dataclass(frozen=True)
class Upload:
    """A file that waits to be imported, and how."""

    path: Path
    format: str
    cites: str

    def run(self, request: HttpRequest, *, dry_run: bool) -> Report:
        """Import it. Raises SourceError and ImportStopped as `import_file` does."""
        cited: PaperRecord | None = find_cited(self.cites) if self.cites else None
        return import_file(self.path, format=self.format, cites=cited, started_by=user_of(request), dry_run=dry_run)

    def token(self, request: HttpRequest) -> str:
        """What the second form carries: signed, for this curator alone."""
        named = f"{self.path.parent.name}/{self.path.name}"
        return signing.dumps([named, self.format, self.cites, user_of(request).pk], salt=_SALT)


def upload(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The page: a form; the report of a trial; the import itself. `context` is the admin site's own."""
    if not user_of(request).has_perm("citations.add_importrun"):
        raise PermissionDenied
    if "token" in request.POST:
        return _import(request)
    form = UploadForm(request.POST or None, request.FILES or None)
    context = {**context, "title": "Import a file", "form": form, "opts": ImportRun._meta}
    if form.is_valid():
        kept = Upload(_keep(form.cleaned_data["file"]), form.cleaned_data["format"], form.cleaned_data["cites"])
        try:
            report = kept.run(request, dry_run=True)
        except (SourceError, ImportStopped) as error:
            shutil.rmtree(kept.path.parent, ignore_errors=True)
            form.add_error("file", str(error))
        else:
            reasons = report.reasons.most_common(REASONS_SHOWN)
            context |= {"report": report, "reasons": reasons, "upload": kept, "token": kept.token(request)}
    status = 422 if form.errors else 200
    return TemplateResponse(request, "admin/citations/importrun/upload.html", context, status=status)


def _import(request: HttpRequest) -> HttpResponse:
    """Import what was tried, and go to the run."""
    again = HttpResponseRedirect(admin_url(ImportRun, "upload"))
    kept = _waiting(request)
    if kept is None:
        messages.error(request, "The file is no longer there: choose it again.")
        return again
    try:
        report = kept.run(request, dry_run=False)
    except (SourceError, ImportStopped) as error:
        messages.error(request, f"{error} What was stored before stays; importing the file again goes on from there.")
        return again
    shutil.rmtree(kept.path.parent, ignore_errors=True)
    for note in report.notes:
        messages.warning(request, note)
    total = report.counts.total
    messages.success(request, f"{total} {plural(total, 'record')} of {kept.path.name}: {report.counts}.")
    return HttpResponseRedirect(admin_url(ImportRun, "change", report.run.pk if report.run else 0))


def _waiting(request: HttpRequest) -> Upload | None:
    """The file that a signed token of this curator names; None where the token is not, or the file no longer is."""
    try:
        named, format_, cites, curator = signing.loads(request.POST["token"], salt=_SALT, max_age=KEPT_FOR)
    except signing.BadSignature:
        return None
    path = _folder() / named
    return Upload(path, format_, cites) if curator == user_of(request).pk and path.is_file() else None


def _folder() -> Path:
    """Where files wait: private, and not served."""
    folder = Path(settings.DATA_DIR) / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _keep(file: UploadedFile) -> Path:
    """Write an upload to a folder of its own, under a harmless form of its name; old ones are cleared away."""
    _clear_old()
    folder = _folder() / uuid4().hex
    folder.mkdir(mode=0o700)
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", Path(file.name or "upload").name).lstrip("._-")[-100:] or "upload"
    with (folder / name).open("wb") as kept:
        for chunk in file.chunks():
            kept.write(chunk)
    return folder / name


def _clear_old() -> None:
    """Remove files whose import nobody asked for."""
    for folder in _folder().iterdir():
        if folder.is_dir() and folder.stat().st_mtime < time.time() - KEPT_FOR:
            shutil.rmtree(folder, ignore_errors=True)
