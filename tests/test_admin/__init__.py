"""The admin, page family by page family."""
