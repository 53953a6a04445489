"""Names of papers: reading, normalising and printing DOIs, arXiv, PubMed, OpenAlex and other identifiers.

Whatever a person types or a source gives becomes one `Identifier`, spelled in exactly one way, so that two
spellings of the same name can never make two papers.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import quote, unquote

# Identifiers in the field stay well below this; longer ones are damage or abuse.
MAXIMUM_LENGTH = 500
# A percent-encoded address may be up to twelve times as long as the name in it (four bytes, three characters each).
_MAXIMUM_INPUT_LENGTH = 12 * MAXIMUM_LENGTH + 200
# How much of an offending text an error message repeats.
_MAXIMUM_QUOTED_LENGTH = 80
# 128 bits: far beyond any accidental meeting of two fingerprints.
_FINGERPRINT_LENGTH = 32


class Scheme(StrEnum):
    """A naming scheme: its stored value, its label, the prefix it is printed with and its public address."""

    label: str
    prefix: str
    address: str

    DOI = "doi", "DOI", "doi:", "https://doi.org/"
    ARXIV = "arxiv", "arXiv", "arXiv:", "https://arxiv.org/abs/"
    S2 = "s2", "Semantic Scholar", "S2:", "https://www.semanticscholar.org/paper/"
    CORPUSID = "corpusid", "Semantic Scholar corpus id", "CorpusId:", "https://api.semanticscholar.org/CorpusID:"
    OPENALEX = "openalex", "OpenAlex", "OpenAlex:", "https://openalex.org/"
    PMID = "pmid", "PubMed", "PMID:", "https://pubmed.ncbi.nlm.nih.gov/"
    PMCID = "pmcid", "PubMed Central", "PMCID:", "https://pmc.ncbi.nlm.nih.gov/articles/"
    ACL = "acl", "ACL Anthology", "ACL:", "https://aclanthology.org/"
    # Microsoft Academic closed in 2021; its numbers live on in other sources but have no page any more.
    MAG = "mag", "Microsoft Academic Graph", "MAG:", ""
    DBLP = "dblp", "DBLP", "DBLP:", "https://dblp.org/rec/"
    FINGERPRINT = "fingerprint", "Fingerprint", "fingerprint:", ""

    def __new__(cls, value: str, label: str = "", prefix: str = "", address: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.prefix = prefix
        member.address = address
        return member

    def url(self, value: str) -> str:
        """The public address of a normalised value, percent-encoded; "" where the scheme has none."""
        return self.address + quote(value, safe="/:;()-._~") if self.address else ""


class BadIdentifier(ValueError):
    """A text that is no identifier; the message names the text and what was expected."""


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A scheme and a normalised value. Build it with `parse()` or `normalise()`, which normalise."""

    scheme: Scheme
    value: str

    def __str__(self) -> str:
        return f"{self.scheme.value}:{self.value}"

    @property
    def url(self) -> str:
        """The public address, or "" where the scheme has none."""
        return self.scheme.url(self.value)


_EXPECTED = {
    Scheme.DOI: "a DOI such as 10.1000/xyz123",
    Scheme.ARXIV: "an arXiv identifier such as 2304.01373 or hep-th/9711200",
    Scheme.S2: "a Semantic Scholar paper id of 40 hexadecimal digits",
    Scheme.CORPUSID: "a Semantic Scholar corpus id such as CorpusId:14514057",
    Scheme.OPENALEX: "an OpenAlex work such as W2741809807",
    Scheme.PMID: "a PubMed id such as PMID:29456894",
    Scheme.PMCID: "a PubMed Central id such as PMC5815332",
    Scheme.ACL: "an ACL Anthology id such as P18-1001 or 2024.naacl-long.290",
    Scheme.MAG: "a Microsoft Academic Graph number such as MAG:2741809807",
    Scheme.DBLP: "a DBLP key such as conf/acl/Doe2018",
    Scheme.FINGERPRINT: "a fingerprint of 32 hexadecimal digits",
}


def parse(text: str | int, hint: Scheme | None = None) -> Identifier:
    """The identifier in `text`: a prefixed name, a web address, or a bare name whose shape tells its scheme.

    `hint` is the scheme of a bare name, for shapes that several schemes share (plain numbers). A scheme that the
    text itself states wins over the hint. In a web address a query and a fragment are dropped, because there a
    `?` or `#` that belongs to a DOI must be percent-encoded (DOI Handbook, section 3.8); in a bare DOI they stay,
    except for tracking parameters (`?utm_...`).

    Raises BadIdentifier, and nothing else.
    """
    named, body = _unwrap(_clean(text), text)
    if named is not None:
        return _build(named, body, text)
    # Forty digits are Semantic Scholar's own name for a paper, letters among them or not.
    is_number = body.isdecimal() and len(body) != 40
    if is_number and hint is None:
        raise BadIdentifier(
            f"{_quoted(text)} is only a number: say which one, as in PMID:{body}, CorpusId:{body} or MAG:{body}."
        )
    stated = () if hint is None else (hint,)
    candidates = stated if is_number else (*stated, *_BARE_SCHEMES)
    for scheme in candidates:
        value = _VALUE_READERS[scheme](body)
        if value is not None and len(value) <= MAXIMUM_LENGTH:
            return Identifier(scheme, value)
    expected = _EXPECTED[hint] if hint is not None else "a DOI, an arXiv identifier or another name of a paper"
    raise BadIdentifier(f"{_quoted(text)} is not {expected}.")


def normalise(scheme: Scheme, raw: str | int) -> Identifier:
    """The identifier of this scheme in `raw`, which may carry a prefix or be a web address.

    Raises BadIdentifier where `raw` is malformed or names another scheme.
    """
    named, body = _unwrap(_clean(raw), raw)
    if named is not None and named is not scheme:
        raise BadIdentifier(f"{_quoted(raw)} belongs to {named.label}; expected {_EXPECTED[scheme]}.")
    return _build(scheme, body, raw)


def display(identifier: Identifier) -> str:
    """How an identifier is printed for readers, such as `arXiv:2304.01373`; `parse()` reads it back."""
    return identifier.scheme.prefix + identifier.value


def equivalents(identifier: Identifier) -> tuple[Identifier, ...]:
    """Other identifiers that name the same paper by construction.

    arXiv registers 10.48550/arXiv.X for each of its papers X (arXiv help, "arXiv DOIs"), so each names the other.
    """
    if identifier.scheme is Scheme.ARXIV:
        return (Identifier(Scheme.DOI, _ARXIV_DOI_PREFIX + identifier.value.lower()),)
    if identifier.scheme is Scheme.DOI and identifier.value.startswith(_ARXIV_DOI_PREFIX):
        value = _read_arxiv(identifier.value.removeprefix(_ARXIV_DOI_PREFIX))
        return (Identifier(Scheme.ARXIV, value),) if value is not None else ()
    return ()


def fingerprint(title: str | None, year: int | None, family_name: str | None) -> Identifier | None:
    """A stable name for a paper that has no other: a hash of folded title, year and first author's family name.

    `title` is plain text. None where it holds no letter or digit of any script. Case, diacritics, spaces and
    punctuation make no difference; letters of every script do.
    """
    folded_title = _fold_every_script(title or "")
    if not folded_title:
        return None
    year_part = "" if year is None else str(year)
    content = "\x1f".join((folded_title, year_part, _fold_every_script(family_name or "")))
    digest = hashlib.sha256(content.encode("utf-8")).hexdigest()
    return Identifier(Scheme.FINGERPRINT, digest[:_FINGERPRINT_LENGTH])


# --- cleaning ---------------------------------------------------------------------------------------------------

# Full-width forms, as typed with an East Asian keyboard, and the typographic hyphens that publishers put into DOIs
# in reference lists. The en dash stays: it is a character of a few registered DOIs.
_ASCII_FORMS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x2010: "-", 0x2011: "-"}
_OPENING_MARKS = "\"'`“”„‘’‚«»‹›<([{"
_CLOSING_MARKS = ".,;:\"'`“”„‘’‚«»‹›…"
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}


def _quoted(raw: object) -> str:
    shown = str(raw)
    if len(shown) > _MAXIMUM_QUOTED_LENGTH:
        shown = shown[:_MAXIMUM_QUOTED_LENGTH] + "…"
    return repr(shown)


def _clean(raw: str | int) -> str:
    """`raw` without invisible characters, surrounding space, quotes, brackets or punctuation."""
    if isinstance(raw, bool) or not isinstance(raw, (str, int)):
        raise BadIdentifier(f"An identifier is a text or a number, not {_quoted(raw)}.")
    if isinstance(raw, int):
        # Python refuses to print integers of more than 4,300 digits; none of that size is an identifier.
        if not 0 < raw < 10**20:
            raise BadIdentifier("A number that names a paper is positive and has at most 20 digits.")
        return str(raw)
    if len(raw) > _MAXIMUM_INPUT_LENGTH:
        raise BadIdentifier(f"{_quoted(raw)} is too long for an identifier: {len(raw)} characters.")
    cleaned = _trim(_plain_characters(raw))
    if not cleaned:
        raise BadIdentifier("The identifier is empty.")
    for character in cleaned:
        if (unicodedata.category(character) in ("Cc", "Cs") and not character.isspace()) or _is_noncharacter(character):
            raise BadIdentifier(f"{_quoted(raw)} contains the unusable character U+{ord(character):04X}.")
    return cleaned


def _is_noncharacter(character: str) -> bool:
    code = ord(character)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _plain_characters(text: str) -> str:
    """`text` composed, with ASCII forms of look-alikes and without invisible format characters."""
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFC", visible.translate(_ASCII_FORMS))


def _trim(text: str) -> str:
    """`text` without the space, quotes, brackets and punctuation that prose puts around a name.

    A closing bracket goes only where it closes nothing, because DOIs may contain balanced ones.
    """
    text = text.lstrip(_OPENING_MARKS + " \t\r\n").strip().lstrip(_OPENING_MARKS)
    while text:
        last = text[-1]
        unbalanced = last in _BRACKETS and text.count(last) > text.count(_BRACKETS[last])
        if not (unbalanced or last in _CLOSING_MARKS or last.isspace()):
            break
        text = text[:-1]
    return text.lstrip()


def _fold_every_script(text: str) -> str:
    """Letters and digits of every script, without case and diacritics, for comparing.

    Diacritics of alphabets go; marks that are letters in their own right (Indic vowel signs, kana voicing) stay.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(
        character
        for character in decomposed
        if character.isalnum() or (unicodedata.category(character)[0] == "M" and not _DIACRITIC.match(character))
    )


# Combining diacritical marks with their extensions and variation selectors; Hebrew points; Arabic vowel marks.
_DIACRITIC = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef"
    "\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]"
)


# --- finding the scheme -----------------------------------------------------------------------------------------

_PREFIX_SCHEMES = {
    "doi": Scheme.DOI,
    "info:doi": Scheme.DOI,
    "urn:doi": Scheme.DOI,
    "arxiv": Scheme.ARXIV,
    "info:arxiv": Scheme.ARXIV,
    "oai:arxiv.org": Scheme.ARXIV,
    "s2": Scheme.S2,
    "sha": Scheme.S2,
    "corpusid": Scheme.CORPUSID,
    "s2cid": Scheme.CORPUSID,
    "openalex": Scheme.OPENALEX,
    "pmid": Scheme.PMID,
    "info:pmid": Scheme.PMID,
    "pubmed": Scheme.PMID,
    "pmcid": Scheme.PMCID,
    "pmc": Scheme.PMCID,
    "acl": Scheme.ACL,
    "mag": Scheme.MAG,
    "dblp": Scheme.DBLP,
    "fingerprint": Scheme.FINGERPRINT,
}
_PREFIX = re.compile(
    r"(?P<prefix>info:doi|urn:doi|oai:arxiv\.org|info:arxiv|info:pmid|doi|arxiv|s2cid|s2|sha|corpus\s?id|openalex"
    r"|pmid|pubmed|pmcid|pmc|acl|mag|dblp|fingerprint)(?:\s*[:=]\s*|(?<=info:doi)/|(?<=info:arxiv)/|(?<=info:pmid)/|\s+)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:url:\s*)?(?P<protocol>https?://|//)?(?P<host>(?:[a-z0-9-]+\.)+[a-z]{2,})(?::[0-9]+)?/(?P<path>.*)",
    re.IGNORECASE | re.DOTALL,
)
# Per service: host, path with the name in the group `id`, and the scheme (None: the name carries its own prefix).
_SERVICES: tuple[tuple[re.Pattern[str], re.Pattern[str], Scheme | None], ...] = tuple(
    (re.compile(host, re.IGNORECASE), re.compile(path, re.IGNORECASE), scheme)
    for host, path, scheme in (
        (r"(?:dx\.)?doi\.[a-z.]+", r"(?P<id>.+?)/*", Scheme.DOI),
        (
            r"(?:[a-z0-9-]+\.)*(?:arxiv\.org|alphaxiv\.org|ar5iv\.org)|xxx\.lanl\.gov",
            r"(?:abs|pdf|html|ps|format|src|e-print|overview)/(?P<id>.+?)(?:\.pdf)?/*",
            Scheme.ARXIV,
        ),
        (r"huggingface\.co", r"papers/(?P<id>[^/]+)/*", Scheme.ARXIV),
        (r"semanticscholar\.org", r"(?:paper|reader)/(?:[^/]*/)?(?P<id>[0-9a-f]{40})(?:/.*)?", Scheme.S2),
        (r"api\.semanticscholar\.org", r"(?:graph/v1/paper/|v1/paper/)?(?P<id>[0-9a-f]{40})(?:/.*)?", Scheme.S2),
        (
            r"api\.semanticscholar\.org",
            r"(?:graph/v1/paper/|v1/paper/)?(?P<id>.+?)(?:/(?:citations|references|authors))?/*",
            None,
        ),
        (r"(?:api\.|explore\.)?openalex\.org", r"(?:works/)?(?P<id>[^/]+)/*", Scheme.OPENALEX),
        (r"pubmed\.ncbi\.nlm\.nih\.gov", r"(?P<id>[^/]+)/*", Scheme.PMID),
        (r"ncbi\.nlm\.nih\.gov", r"pubmed/(?P<id>[^/]+)/*", Scheme.PMID),
        (r"ncbi\.nlm\.nih\.gov", r"pmc/articles/(?P<id>[^/]+)(?:/.*)?", Scheme.PMCID),
        (r"pmc\.ncbi\.nlm\.nih\.gov", r"articles/(?P<id>[^/]+)(?:/.*)?", Scheme.PMCID),
        (r"europepmc\.org", r"(?:article|abstract|articles)/med/(?P<id>[^/]+)/*", Scheme.PMID),
        (r"europepmc\.org", r"(?:article|abstract|articles)/(?:pmc/)?(?P<id>[^/]+)/*", Scheme.PMCID),
        (
            r"aclanthology\.(?:org|info)|aclweb\.org",
            r"(?:.*/)?(?P<id>[^/]+?)(?:v[0-9]+)?(?:\.pdf|\.bib|\.xml|\.endf)?/*",
            Scheme.ACL,
        ),
        (r"academic\.microsoft\.com", r"paper/(?P<id>[0-9]+)(?:/.*)?", Scheme.MAG),
        (
            r"dblp\.(?:[a-z0-9-]+\.)?[a-z]+",
            r"rec/(?:bibtex/|html/)?(?P<id>.+?)(?:\.html|\.bib|\.xml|\.rdf)?/*",
            Scheme.DBLP,
        ),
        # Springer repeats the whole DOI in its addresses; so do the many sites with a /doi/ path.
        (
            r"link\.springer\.com",
            r"(?:[a-z]+/)+(?P<id>10\.[0-9]{4,9}/[^/]+?)(?:\.pdf|\.epub)?(?:/[^/]*)?",
            Scheme.DOI,
        ),
        (
            r".+",
            r"(?:.*/)?doi/(?:(?:abs|full|fullhtml|e?pdf|pdfdirect|epub|book|ref|citedby|reader)/)*(?P<id>10\.[0-9]+/.+?)/*",
            Scheme.DOI,
        ),
    )
)
# Prefixes and addresses may be nested, as in "DOI: doi:https://doi.org/10...", but not deeper than this.
_MAXIMUM_NESTING = 4


def _unwrap(text: str, raw: object) -> tuple[Scheme | None, str]:
    """The scheme that `text` states (None: a bare name) and the name without prefix or address."""
    named: Scheme | None = None
    for _ in range(_MAXIMUM_NESTING):
        step = _unwrap_prefix(text) or _unwrap_address(text, raw)
        if step is None:
            break
        named = step[0] or named
        text = _trim(step[1])
    return named, text


def _unwrap_prefix(text: str) -> tuple[Scheme, str] | None:
    match = _PREFIX.match(text)
    if match is None:
        return None
    prefix = re.sub(r"\s", "", match["prefix"]).lower()
    return _PREFIX_SCHEMES[prefix], text[match.end() :]


def _unwrap_address(text: str, raw: object) -> tuple[Scheme | None, str] | None:
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return None
    host = match["host"].lower().removeprefix("www.")
    path = _percent_decoded(_without_query(match["path"])).lstrip("/")
    for host_pattern, path_pattern, scheme in _SERVICES:
        if not match["protocol"] and host_pattern.pattern == ".+":
            continue
        found = path_pattern.fullmatch(path) if host_pattern.fullmatch(host) else None
        if found is not None:
            return scheme, found["id"]
    if match["protocol"]:
        raise BadIdentifier(f"{_quoted(raw)} is not the address of a paper at a service that is known here.")
    return None


def _without_query(path: str) -> str:
    """`path` without query and fragment, but with the check character `#` that ends some SICIs (";2-#")."""
    match = re.fullmatch(r"([^?#]*;2-#)(?:[?#].*)?", path, re.DOTALL)
    return match[1] if match else re.split(r"[?#]", path, maxsplit=1)[0]


def _percent_decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text


# --- reading the value of each scheme ---------------------------------------------------------------------------

_ARXIV_DOI_PREFIX = "10.48550/arxiv."
# Archives that gave out identifiers of the form archive/YYMMNNN before April 2007.
_OLD_ARXIV_ARCHIVE_NAMES = (
    "acc-phys adap-org alg-geom ao-sci astro-ph atom-ph bayes-an chao-dyn chem-ph cmp-lg comp-gas cond-mat cs"
    " dg-ga funct-an gr-qc hep-ex hep-lat hep-ph hep-th math math-ph mtrl-th nlin nucl-ex nucl-th patt-sol physics"
    " plasm-ph q-alg q-bio quant-ph solv-int stat supr-con"
)
_OLD_ARXIV_ARCHIVES = frozenset(_OLD_ARXIV_ARCHIVE_NAMES.split())
_NEW_ARXIV = re.compile(r"([0-9]{2}(?:0[1-9]|1[0-2])\.[0-9]{4,5})(?:v[0-9]+)?", re.IGNORECASE)
_OLD_ARXIV = re.compile(
    r"([a-z]+(?:-[a-z]+)?)(?:\.[a-z-]+)?/([0-9]{2}(?:0[1-9]|1[0-2])[0-9]{3})(?:v[0-9]+)?", re.IGNORECASE
)
_DOI = re.compile(r"10\.[0-9]{1,9}(?:\.[0-9]+)*/\S+")
_DOI_TRACKING = re.compile(r"[?&#](?:utm_[a-z]+|fbclid|gclid)=.*", re.IGNORECASE | re.DOTALL)
_ESCAPED_MARKS = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_ASCII_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
# The sections of DBLP that hold publications; keys of people (homepages/...) name no paper.
_DBLP_KEY = re.compile(r"(?:books|conf|data|journals|ms|phd|reference|series|tr|www)(?:/[A-Za-z0-9_+.:'-]+)+")


def _build(scheme: Scheme, body: str, raw: object) -> Identifier:
    value = _VALUE_READERS[scheme](body)
    if value is None:
        raise BadIdentifier(f"{_quoted(raw)} is not {_EXPECTED[scheme]}.")
    if len(value) > MAXIMUM_LENGTH:
        raise BadIdentifier(f"{_quoted(raw)} is too long for an identifier: more than {MAXIMUM_LENGTH} characters.")
    return Identifier(scheme, value)


def _read_doi(body: str) -> str | None:
    """A DOI in lower case (DOIs ignore the case of ASCII letters: DOI Handbook, section 3.4), decoded to the end."""
    value = body
    while True:
        step = re.sub("&(?:lt|gt|amp);", lambda match: _ESCAPED_MARKS[match[0]], _percent_decoded(value))
        step = _trim(_DOI_TRACKING.sub("", _plain_characters(step))).translate(_ASCII_LOWER)
        if step == value:
            break
        value = step
    unusable = any(unicodedata.category(c) in ("Cc", "Cs") or _is_noncharacter(c) for c in value)
    return value if _DOI.fullmatch(value) and not unusable else None


def _read_arxiv(body: str) -> str | None:
    """An arXiv identifier without version, subject class or the "[cs.CL] 3 Apr 2023" of the arXiv stamp."""
    text = re.sub(r"\s*\[[A-Za-z.-]+\].*", "", body, flags=re.DOTALL)
    if new := _NEW_ARXIV.fullmatch(text):
        return new[1]
    old = _OLD_ARXIV.fullmatch(text)
    if old and old[1].lower() in _OLD_ARXIV_ARCHIVES:
        return f"{old[1].lower()}/{old[2]}"
    return None


def _read_s2(body: str) -> str | None:
    return body.lower() if re.fullmatch(r"[0-9a-fA-F]{40}", body) else None


def _read_number(body: str) -> str | None:
    """A positive number without leading zeros, of at most twelve digits (today's largest has ten)."""
    return body.lstrip("0") if re.fullmatch(r"0*[1-9][0-9]{0,11}", body) else None


def _read_openalex(body: str) -> str | None:
    match = re.fullmatch(r"[Ww]0*([1-9][0-9]{0,11})", body)
    return f"W{match[1]}" if match else None


def _read_pmcid(body: str) -> str | None:
    """A PubMed Central id with its letters and without the version that a manuscript may carry (PMC123.1)."""
    match = re.fullmatch(r"PMC([0-9]+)(?:\.[0-9]+)?", body, re.IGNORECASE)
    number = _read_number(match[1] if match else body)
    return f"PMC{number}" if number is not None else None


def _read_acl(body: str) -> str | None:
    if re.fullmatch(r"[A-Za-z][0-9]{2}-[0-9]{1,5}", body):
        return body.upper()
    if re.fullmatch(r"[0-9]{4}\.[a-z0-9_]+-[a-z0-9_]+(?:\.[0-9]+)?", body, re.IGNORECASE | re.ASCII):
        return body.lower()
    return None


def _read_dblp(body: str) -> str | None:
    return body if _DBLP_KEY.fullmatch(body) else None


def _read_fingerprint(body: str) -> str | None:
    return body.lower() if re.fullmatch(rf"[0-9a-fA-F]{{{_FINGERPRINT_LENGTH}}}", body) else None


_VALUE_READERS: dict[Scheme, Callable[[str], str | None]] = {
    Scheme.DOI: _read_doi,
    Scheme.ARXIV: _read_arxiv,
    Scheme.S2: _read_s2,
    Scheme.CORPUSID: _read_number,
    Scheme.OPENALEX: _read_openalex,
    Scheme.PMID: _read_number,
    Scheme.PMCID: _read_pmcid,
    Scheme.ACL: _read_acl,
    Scheme.MAG: _read_number,
    Scheme.DBLP: _read_dblp,
    Scheme.FINGERPRINT: _read_fingerprint,
}
# Schemes whose bare names have a shape of their own, in the order in which they are tried.
_BARE_SCHEMES = (Scheme.DOI, Scheme.ARXIV, Scheme.S2, Scheme.OPENALEX, Scheme.PMCID, Scheme.ACL, Scheme.DBLP)
