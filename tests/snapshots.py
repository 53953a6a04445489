"""Small made-up bulk files, laid out as the services publish theirs."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROLES = ("background", "methodology", "result")


def write_lines(path: Path, rows: Iterable[Any]) -> Path:
    """Rows as JSON Lines (texts as they are), in gzip where the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def s2_paper(number: int, **facts: Any) -> dict[str, Any]:
    """A line of Semantic Scholar's `papers`."""
    return {
        "corpusid": number,
        "externalids": {"DOI": f"10.1000/made.{number}", "CorpusId": str(number), "ArXiv": None, "DBLP": None},
        "url": f"https://www.semanticscholar.org/paper/{number:040x}",
        "title": f"A Made-Up Study {number}",
        "authors": [{"authorId": str(number % 7), "name": f"Author Number{number % 7}"}],
        "venue": f"Journal {number % 3}",
        "publicationvenueid": None,
        "year": 2000 + number % 20,
        "citationcount": number,
        "publicationtypes": ["JournalArticle"],
        "publicationdate": None,
        "journal": None,
        **facts,
    }


def s2_citation(citing: int | None, cited: int | None, **facts: Any) -> dict[str, Any]:
    """A line of Semantic Scholar's `citations`."""
    return {
        "citationid": 1,
        "citingcorpusid": citing,
        "citedcorpusid": cited,
        "isinfluential": False,
        "contexts": None,
        "intents": None,
        **facts,
    }


def s2_snapshot(directory: Path, *, papers: int = 60, citations: int = 300, seed: int = 7) -> Path:
    """Datasets with repeated pairs, self-citations, unknown papers, sentences and intents; several files each."""
    dice = random.Random(seed)
    rows = [s2_paper(number) for number in range(1, papers + 1)]
    # Titles that meet, without Latin letters, and a paper that is there twice.
    rows[10]["title"] = rows[11]["title"] = rows[12]["title"] = "Editorial"
    rows[13]["title"] = "量子化学"
    rows.append({**rows[15], "year": 1999})
    rows[15]["year"] = None
    half = len(rows) // 2
    write_lines(directory / "papers" / "papers-part0.jsonl.gz", rows[:half])
    write_lines(directory / "papers" / "papers-part1.jsonl.gz", rows[half:])
    abstracts = [{"corpusid": number, "abstract": f"We study {number}."} for number in range(1, 20)]
    write_lines(directory / "abstracts" / "part0.gz", abstracts)
    write_lines(directory / "tldrs" / "part0.gz", [{"corpusid": 3, "model": "m", "text": "It is made up."}])
    write_lines(directory / "paper-ids" / "part0.gz", [{"sha": "ab" * 20, "corpusid": 5, "primary": False}])
    made = _made_citations(dice, papers, citations)
    third = citations // 3
    for place in range(3):
        some = made[place * third : (place + 1) * third]
        write_lines(directory / "citations" / f"part{place}.gz", some)
    return directory


def _made_citations(dice: random.Random, papers: int, number: int) -> list[dict[str, Any]]:
    """Citations, preferably of the first papers. A pair that comes again says the same again."""
    said: dict[tuple[int, int], dict[str, Any]] = {}
    found = []
    for _ in range(number):
        pair = dice.randint(1, papers + 1), min(dice.randint(1, papers), dice.randint(1, papers // 4))
        found.append(said.setdefault(pair, _made_citation(dice, *pair)))
    return found


def _made_citation(dice: random.Random, citing: int, cited: int) -> dict[str, Any]:
    """A citation with up to two sentences."""
    number = dice.choice((0, 0, 1, 2))
    contexts = [f"As shown in [{cited}], case {dice.randint(1, 50)} holds." for _ in range(number)]
    intents = [dice.choice(([dice.choice(ROLES)], [*ROLES[:2]], None, ["mystery"])) for _ in contexts]
    facts = {"contexts": contexts, "intents": intents} if contexts else {}
    return s2_citation(citing, cited, isinfluential=dice.random() < 0.3, **facts)


def openalex_work(number: int, cites: Iterable[int] = (), **facts: Any) -> dict[str, Any]:
    """A line of OpenAlex's works."""
    words = {"Made": [0], "up": [1], f"work{number}": [2]}
    return {
        "id": f"https://openalex.org/W{number}",
        "doi": f"https://doi.org/10.1000/work.{number}",
        "display_name": f"Work Number {number}",
        "title": f"Work Number {number}",
        "publication_year": 2010 + number % 10,
        "publication_date": f"{2010 + number % 10}-05-06",
        "ids": {"openalex": f"https://openalex.org/W{number}"},
        "primary_location": {"source": {"display_name": f"Proceedings {number % 2}", "type": "journal"}},
        "type": "article",
        "cited_by_count": number,
        "is_retracted": number % 10 == 0,
        "authorships": [
            {"author": {"id": f"https://openalex.org/A{number % 5 + 1}", "display_name": f"Person {number % 5}"}}
        ],
        "abstract_inverted_index": words,
        "referenced_works": [f"https://openalex.org/W{other}" for other in cites],
        **facts,
    }


def openalex_snapshot(directory: Path, works: int = 30) -> Path:
    """Works in two files, each citing later and earlier ones and some that are not there."""
    made = [openalex_work(n, [n % works + 1, (n * 7) % works + 1, 900 + n % 2]) for n in range(1, works + 1)]
    write_lines(directory / "works" / "updated_date=2024-01-01" / "part_000.gz", made[: works // 2])
    write_lines(directory / "works" / "updated_date=2024-02-01" / "part_000.gz", made[works // 2 :])
    write_lines(directory / "merged_ids" / "works" / "2024.csv.gz", ["merge_date,id,merge_into_id"])
    return directory
