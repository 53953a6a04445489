"""How people are named in public."""

from __future__ import annotations

from django.contrib.auth.models import User

A_CURATOR = "a curator"


def public_name(user: User | None) -> str:
    """The full name that a curator has set in their account, else "a curator": names to log in by stay private."""
    full_name = " ".join(user.get_full_name().split()) if user is not None else ""
    return full_name or A_CURATOR
