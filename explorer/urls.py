"""The project's addresses: the admin, then everything public (citations/urls.py)."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/citations/", include("citations.admin.desk_urls")),
    path("admin/", admin.site.urls),
    path("", include("citations.urls")),
]

handler400 = "citations.views.errors.bad_request"
handler403 = "citations.views.errors.permission_denied"
handler404 = "citations.views.errors.page_not_found"
handler500 = "citations.views.errors.server_error"
