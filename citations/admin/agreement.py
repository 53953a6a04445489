"""How far sources agree with curators, as the admin shows it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from citations.admin.base import ReadOnlyAdmin
from citations.agreement import SourceAgreement, agreement
from citations.vocabulary import CLASSIFIED_ROLES, Role


class AgreementPage(ReadOnlyAdmin):
    """A list that leads to the page of agreement: /admin/citations/label/agreement/."""

    change_list_template = "admin/citations/label/change_list.html"

    def get_urls(self) -> list[Any]:
        """With the page of agreement."""
        page = self.admin_site.admin_view(self.agreement_view)
        return [path("agreement/", page, name="citations_label_agreement"), *super().get_urls()]

    def agreement_view(self, request: HttpRequest) -> HttpResponse:
        """How often curators agreed with each source; the numbers open public lists."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        measured = agreement()
        context = {
            **self.admin_site.each_context(request),
            "title": "Agreement with curators",
            "opts": self.opts,
            "agreement": measured,
            "roles": CLASSIFIED_ROLES,
            "tables": [(one, _confusion(one)) for one in measured.sources if one.n],
        }
        return TemplateResponse(request, "admin/citations/label/agreement.html", context)


def _confusion(one: SourceAgreement) -> list[tuple[Role, list[tuple[str, int]], int]]:
    """The confusion table of a source, each number beside the value of the curators' role."""
    values = [role.value for role in CLASSIFIED_ROLES]
    return [(said, list(zip(values, cells, strict=True)), total) for said, cells, total in one.rows]
