"""The OpenAPI document, and the page that shows it."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2
from rest_framework.request import Request
from rest_framework.response import Response

from citations.api.documented import documented
from citations.api.examples import EXAMPLES
from citations.api.problems import KINDS
from citations.api.views import ApiView


@cache
def openapi_document() -> dict[str, Any]:
    """The OpenAPI document of this interface: the same for every request, and slow to make."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


class SchemaView(ApiView):
    """The OpenAPI document."""

    # The first is what is sent where the request leaves it open: browsers show plain JSON.
    renderer_classes = (OpenApiJsonRenderer2, OpenApiJsonRenderer)

    @documented("schema", "This interface as an OpenAPI document", {"type": "object"}, EXAMPLES["schema"], tag="About")
    def get(self, request: Request) -> Response:
        """The document from which clients and documentation are made."""
        self.given(request)
        return Response(openapi_document())


@require_safe
def docs_page(request: HttpRequest) -> HttpResponse:
    """The documentation: what problems mean, and the OpenAPI document, to be tried out."""
    return render(request, "api_docs.html", {"problems": KINDS})
