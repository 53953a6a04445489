"""Pages of the admin and the curation desk on the largest hub, against the first page of its explorer.

A part of `bench.pages`, on the same collection.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

ROUNDS = 7


def admin_pages() -> list[Any]:
    """Milliseconds of each list of the admin, of the largest hub where it can be asked for one, and of the desk."""
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    from bench import pages, synthetic
    from citations.models import Paper

    hub = Paper.objects.get(slug=synthetic.slug(synthetic.SIZES[-1]))
    account = User.objects.create_superuser(f"bench-{User.objects.count()}")
    addresses = {
        "citations of the hub": f"{reverse('admin:citations_citation_changelist')}?cited__id__exact={hub.pk}",
        "citations": reverse("admin:citations_citation_changelist"),
        "papers": reverse("admin:citations_paper_changelist"),
        "hubs": reverse("admin:citations_hubsummary_changelist"),
        "labels": reverse("admin:citations_label_changelist"),
        "mentions": reverse("admin:citations_mention_changelist"),
        "import runs": reverse("admin:citations_importrun_changelist"),
        "the hub": reverse("admin:citations_hubsummary_change", args=[hub.pk]),
        "the desk": f"{reverse('desk')}?hub={hub.slug}",
    }
    client, now = Client(headers={"host": pages.HOST}), pages.clock()
    client.force_login(account)

    def ask(address: str) -> float:
        begin = now()
        answer = client.get(address)
        took = now() - begin
        if answer.status_code != 200:
            raise RuntimeError(f"{address} is answered with {answer.status_code}")
        return 1_000 * took

    asked: dict[str, Callable[[], float]] = {name: lambda url=url: ask(url) for name, url in addresses.items()}
    asked["explorer"] = pages.page(pages.citing(synthetic.SIZES[-1]))
    for one in asked.values():
        one()
    found = [{name: one() for name, one in asked.items()} for _ in range(ROUNDS)]
    medians = {name: statistics.median(one[name] for one in found) for name in asked}
    explorer = medians.pop("explorer")
    slowest = max(medians.values())
    details = {f"{name} (ms)": value for name, value in medians.items()} | {"first page of the explorer (ms)": explorer}
    name = f"slowest page of the admin on a hub of {synthetic.SIZES[-1]:,}, against its explorer"
    return [pages.result(name, slowest / explorer, None, **details)]
