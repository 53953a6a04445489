#!/usr/bin/env python
"""Django's command line: `python manage.py help` lists the commands."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command that the arguments name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "explorer.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        raise SystemExit(
            "Django is not installed here: run `make run` first, then .venv/bin/python manage.py"
        ) from None
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
