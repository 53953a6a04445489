"""Which static files of other packages the site serves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.staticfiles.finders import AppDirectoriesFinder

# The browsable interface of Django REST framework is off; Redoc, the other reader of OpenAPI documents, needs a policy
# that lets more in; and of Swagger UI the parts for logging in and for choosing between documents are not shown.
# Together they are most of all static files, and compressing them takes seconds.
UNUSED = ("rest_framework", "redoc", "oauth2-redirect.*", "swagger-ui-standalone-preset.*")


class UsedFilesFinder(AppDirectoriesFinder):
    """The static files of applications, without those that no page uses."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        """Each file and where it is stored."""
        return iter(super().list([*(ignore_patterns or ()), *UNUSED]))
