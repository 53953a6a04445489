"""The addresses of the curation desk, below /admin/citations/. Whoever is not signed in is sent to the sign-in page."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from citations.admin.audits import audit_page, audits_page
from citations.admin.queue import queue_page, skipped_page

urlpatterns = [
    path("queue/", admin.site.admin_view(queue_page), name="desk"),
    path("queue/skipped/", admin.site.admin_view(skipped_page), name="desk_skipped"),
    path("audits/", admin.site.admin_view(audits_page), name="desk_audits"),
    path("audits/<int:number>/", admin.site.admin_view(audit_page), name="desk_audit"),
]
