"""Ask OSV (https://osv.dev), the database of known vulnerabilities, about every pinned package, in one request.

Part of `make check`. Fails where a package has a vulnerability that is not excused in `EXCUSED`. Where the database
does not answer, one line says so and nothing fails: whether there is a network says nothing about the code.

AUDIT_URL names another address that answers like https://api.osv.dev, or is `off`.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
FILES = ("requirements.txt", "requirements-dev.txt", "requirements-train.txt")
ADDRESS = "https://api.osv.dev"
# Seconds for the whole of a request: a check that is waited for is soon left out.
PATIENCE = 15
# Identifiers of vulnerabilities that do not concern this site, each with the reason.
EXCUSED: dict[str, str] = {}

_PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;#]+)")


def pinned(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Name and version of each package that is pinned; raises ValueError for a line that pins none."""
    for line in lines:
        stated = line.partition("#")[0].strip()
        if not stated or stated.startswith("-r "):
            continue
        found = _PIN.match(stated)
        if found is None:
            raise ValueError(f"{stated!r} pins no version: write name==version")
        yield found[1], found[2]


def known_vulnerabilities(packages: list[tuple[str, str]], address: str) -> dict[tuple[str, str], list[str]]:
    """The identifiers of what is known of each package, where there is anything. Raises httpx.HTTPError, ValueError."""
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in packages]
    answer = httpx.post(f"{address}/v1/querybatch", json={"queries": queries}, timeout=PATIENCE)
    answer.raise_for_status()
    results: Any = answer.json().get("results")
    if not isinstance(results, list) or len(results) != len(packages):
        raise ValueError("its answer is not one for each package")
    found = {}
    for package, result in zip(packages, results, strict=True):
        identifiers = [entry["id"] for entry in (result or {}).get("vulns", []) if entry["id"] not in EXCUSED]
        if identifiers:
            found[package] = identifiers
    return found


def main() -> int:
    """0 where nothing is known or nobody answers, 1 where something is; what it is goes to standard output."""
    address = os.environ.get("AUDIT_URL", ADDRESS).rstrip("/")
    if address.lower() == "off":
        print("Packages are not audited: AUDIT_URL is off.")
        return 0
    lines = (line for name in FILES for line in (ROOT / name).read_text("utf-8").splitlines())
    packages = sorted(set(pinned(lines)))
    try:
        found = known_vulnerabilities(packages, address)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError, AttributeError) as problem:
        reason = (str(problem).splitlines() or [type(problem).__name__])[0]
        print(f"Packages are not audited: {address} does not answer as it should ({reason}).")
        return 0
    for (name, version), identifiers in found.items():
        where = ", ".join(f"https://osv.dev/vulnerability/{identifier}" for identifier in identifiers)
        print(f"{name} {version} has known vulnerabilities: {where}")
    if not found:
        print(f"No vulnerability is known in {len(packages)} packages.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
