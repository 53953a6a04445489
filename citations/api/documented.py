"""How each address is documented: its parameters and every answer that it can give, each with an example."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from citations.api.examples import PROBLEMS
from citations.api.parameters import Parameter
from citations.api.problems import MEDIA_TYPE
from citations.api.schemas import PROBLEM

_JSON = "application/json"
_ERRORS = {
    400: "A parameter was not understood, or the cursor is not valid. Nothing is listed.",
    404: "There is no such hub, paper or citation.",
    406: "The header Accept does not admit JSON.",
    429: "Too many requests from one address.",
}
_HEADERS = (
    (
        "ETag",
        "Changes with the answer. Sent back in If-None-Match, it is answered with 304 while nothing changed.",
        200,
    ),
    ("Retry-After", "After how many seconds the next request is answered.", 429),
    ("Location", "The address of what this one is now a part of.", 302),
)


def documented(
    name: str,
    summary: str,
    shape: Any,
    example: Mapping[str, Any],
    *,
    tag: str,
    parameters: Sequence[Parameter] = (),
    path: OpenApiParameter | None = None,
) -> Callable[[Any], Any]:
    """Decorates the `get` of a view; its docstring is the description.

    `shape` and `example` are those of a success. A `path` parameter stands for a thing that may be missing or merged.
    """
    responses: dict[Any, Any] = {
        (200, _JSON): OpenApiResponse(
            shape, description="The answer.", examples=[OpenApiExample(name, value=example, response_only=True)]
        ),
        304: OpenApiResponse(description="Nothing changed since the answer whose ETag was sent in If-None-Match."),
    }
    if path is not None:
        responses[302] = OpenApiResponse(
            description="It was merged: the header Location names the one that stands for it."
        )
    statuses = [status for status in _ERRORS if status != 404 or path is not None]
    for status in statuses:
        examples = [OpenApiExample(title, value=value, response_only=True) for title, value in PROBLEMS[status]]
        responses[status, MEDIA_TYPE] = OpenApiResponse(PROBLEM, description=_ERRORS[status], examples=examples)
    headers = [
        OpenApiParameter(
            header,
            type=int if header == "Retry-After" else str,
            location=OpenApiParameter.HEADER,
            description=about,
            response=[status],
        )
        for header, about, status in _HEADERS
        if status != 302 or path is not None
    ]
    return extend_schema(
        operation_id=name,
        summary=summary,
        tags=[tag],
        parameters=[*([path] if path else []), *(parameter.documented for parameter in parameters), *headers],
        responses=responses,
        auth=[],
    )
