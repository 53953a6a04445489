"""A file comes in through the admin: tried first, imported when the curator says so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from citations.admin import uploads
from citations.models import Citation, ImportRun, Paper, RejectedRecord
from tests.factories import make_paper

pytestmark = pytest.mark.django_db

PAGE = "/admin/citations/importrun/upload/"
BIBTEX = b"""@article{one, title={The first}, author={Ada Author}, year={2020}, doi={10.1000/one}}
@article{two, title={}, year={2021}, doi={10.1000/two}}
"""


@pytest.fixture(autouse=True)
def _folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def send(desk: Client, content: bytes = BIBTEX, name: str = "library.bib", **fields: str) -> str:
    file = SimpleUploadedFile(name, content)
    return desk.post(PAGE, {"file": file, "format": "auto", "cites": "", **fields}).content.decode()


def token_of(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found, page
    return found[1]


def test_a_trial_reports_and_writes_nothing(desk: Client) -> None:
    page = send(desk)
    assert "nothing has been written yet" in page
    assert "no title (1)" in page
    assert Paper.objects.count() == ImportRun.objects.count() == 0


def test_the_import_follows_the_trial_and_leaves_no_file_behind(desk: Client, curator: User, tmp_path: Path) -> None:
    answer = desk.post(PAGE, {"token": token_of(send(desk))}, follow=True)
    run = ImportRun.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("admin:citations_importrun_change", args=[run.pk])
    assert (run.started_by, run.created, run.rejected) == (curator, 1, 1)
    assert Paper.objects.get().title == "The first"
    assert not list((tmp_path / "uploads").iterdir())


def test_entries_become_citing_papers_of_the_named_hub(desk: Client) -> None:
    make_paper("A hub", identifiers=["doi:10.1000/hub"])
    desk.post(PAGE, {"token": token_of(send(desk, cites="doi:10.1000/hub"))})
    assert Citation.objects.get().cited.title == "A hub"


def test_a_hub_that_is_not_there_is_named(desk: Client) -> None:
    assert "has no paper &#x27;doi:10.1000/nowhere&#x27;" in send(desk, cites="doi:10.1000/nowhere")


@pytest.mark.parametrize(
    ("content", "name", "complaint"),
    [
        (b"MZ\x90\x00", "setup.exe", "ends in .exe is not read"),
        (b"x", "noending", "ends in nothing is not read"),
        (b"", "empty.bib", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "picture.bib", "picture.bib"),
        (b"nothing of any form", "what.json", "what.json"),
    ],
)
def test_a_file_that_is_no_library_is_refused_by_name(desk: Client, content: bytes, name: str, complaint: str) -> None:
    page = send(desk, content, name)
    assert complaint in page
    assert 'name="token"' not in page


def test_a_file_that_is_too_large_is_refused(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 10)
    assert "larger than" in send(desk)


def test_a_hostile_name_is_only_a_name(desk: Client, tmp_path: Path) -> None:
    page = send(desk, name="../../<script>alert(1)</script>.bib")
    assert "<script>alert" not in page
    (folder,) = (tmp_path / "uploads").iterdir()
    (file,) = folder.iterdir()
    assert re.fullmatch(r"[A-Za-z0-9._-]+", file.name)


def test_a_forged_or_foreign_token_imports_nothing(desk: Client, client: Client) -> None:
    token = token_of(send(desk))
    assert "no longer there" in desk.post(PAGE, {"token": token + "x"}, follow=True).content.decode()
    other = Client()
    other.force_login(User.objects.create_superuser("other"))
    assert "no longer there" in other.post(PAGE, {"token": token}, follow=True).content.decode()
    assert not ImportRun.objects.exists()


def test_only_those_who_may_import_see_the_page() -> None:
    staff = Client()
    staff.force_login(User.objects.create_user("reader", is_staff=True))
    assert staff.get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302


def test_the_list_of_runs_leads_to_the_page(desk: Client) -> None:
    assert f'href="{PAGE}"' in desk.get("/admin/citations/importrun/").content.decode()


def test_rejected_records_can_be_taken_home(desk: Client) -> None:
    run = ImportRun.objects.create(source="file", fingerprint="f", rejected=2)
    for reason in ("no title", "no identifier"):
        RejectedRecord.objects.create(run=run, reason=reason, raw='{"title": "Über"}')
    answer = desk.get(f"/admin/citations/importrun/{run.pk}/rejected.jsonl")
    lines = [json.loads(line) for line in answer.getvalue().splitlines()]
    assert [line["reason"] for line in lines] == ["no title", "no identifier"]
    assert lines[0]["raw"] == '{"title": "Über"}'
    assert desk.get("/admin/citations/importrun/99999/rejected.jsonl").status_code == 404
    assert f"{run.pk}/rejected.jsonl" in desk.get(f"/admin/citations/importrun/{run.pk}/change/").content.decode()
