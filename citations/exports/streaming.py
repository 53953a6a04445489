"""Files of citing papers, piece by piece: however long a list is, a file of it takes the memory of a few hundred rows.

The rows are read in batches, each by statements of its own: no transaction stays open while a slow reader takes the
file in.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

from citations import text
from citations.exports import rows
from citations.exports.bibtex import BIBTEX
from citations.exports.csl import CSL
from citations.exports.csv_rows import CSV
from citations.exports.formats import About, Format
from citations.exports.json_rows import JSON
from citations.exports.linked_data import JSON_LD
from citations.exports.ris import RIS
from citations.filters.base import SORT
from citations.filters.citations import short_name

logger = logging.getLogger(__name__)

# By extension, in the order in which pages offer them.
FORMATS: Mapping[str, Format] = {one.extension: one for one in (CSV, JSON, BIBTEX, RIS, CSL, JSON_LD)}
# Those that one paper alone is offered in.
REFERENCE_FORMATS: Mapping[str, Format] = {one.extension: one for one in (BIBTEX, RIS, CSL)}

# Rows read and written together: enough to make the statements of a batch cheap, few enough to stay small.
BATCH = 200
# Names of files: within the bounds of every file system, with room for what browsers add.
_LONGEST_HUB, _LONGEST_FILTER = 40, 60


def stream(form: Format, about: About, batches: Iterable[Sequence[int]]) -> Iterator[bytes]:
    """The file, in pieces: the citations whose ids `batches` gives, in that order.

    What goes wrong on the way is logged, and the file ends with a line that says so, as it does where the list changed
    so that there are fewer or more papers than at the beginning. Never raises.
    """
    written = 0
    reason = ""
    yield form.begin(about).encode()
    try:
        for ids in batches:
            entries = [form.entry(row, about) for row in rows.load_rows(ids)]
            if entries:
                start = form.separator if written else ""
                written += len(entries)
                yield f"{start}{form.separator.join(entries)}".encode()
    # Whatever it is: the header with the status is long gone, and a short file must not look like a whole one.
    except Exception:
        logger.exception("An export of the papers that cite %s broke off.", about.hub.slug)
        reason = "something went wrong on our side; try again"
    else:
        reason = "the list changed meanwhile; export it again" if written != about.count else ""
    if reason:
        yield form.broken(_incomplete(about, written, reason), written > 0).encode()
    else:
        yield form.end.encode()


def _incomplete(about: About, written: int, reason: str) -> str:
    """The line in which a file ends that is not whole."""
    return f"ERROR: export incomplete after {written} of {about.count} papers: {reason}."


def file_name(about: About, form: Format) -> str:
    """The name of the file: hub, filter and date, in ASCII: "pythia-citing-role-method-2026-11-23.csv"."""
    hub = text.slugify(short_name(about.hub.title), _LONGEST_HUB) or about.hub.slug[:_LONGEST_HUB].strip("-")
    return f"{hub}-citing{_filter_name(about.query)}-{about.moment:%Y-%m-%d}.{form.extension}"


def _filter_name(query: Mapping[str, Sequence[str]]) -> str:
    """The filter as a part of a file's name; a long one is cut, and told from its like by a few digits."""
    words = [word for name, values in query.items() if name != SORT for word in (name, *values)]
    whole = "-".join(filter(None, (text.slugify(word) for word in words)))
    if len(whole) > _LONGEST_FILTER:
        digits = hashlib.sha256(repr(sorted(query.items())).encode()).hexdigest()[:6]
        whole = f"{whole[:_LONGEST_FILTER].rstrip('-')}-{digits}"
    return f"-{whole}" if whole else ""
