"""HTML, JATS and MathML to text.

A scanner of our own instead of an HTML parser: parsers read `p <b and c> d` as a tag and lose its words. Here only
what is certainly markup goes: names that HTML, JATS or MathML know, or that are closed somewhere in the same text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from citations.text import mathml

_HTML_NAMES = (
    "a abbr acronym address article aside audio b base basefont bdi bdo big blockquote body br button canvas caption"
    " center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset figcaption"
    " figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd"
    " label legend li link main map mark marquee math menu meta meter nav noframes noscript object ol optgroup option"
    " output p param picture pre progress q rb rp rt rtc ruby s samp script section select slot small source span"
    " strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u"
    " ul var video wbr"
)
_JATS_NAMES = (
    "abstract ack alternatives author back bold break citation disp italic kwd list monospace note overline para"
    " roman sans sc scp sec styled surname underline uri xref"
)
_MATHML_NAMES = (
    "annotation maction menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot"
    " mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none semantics"
)
_KNOWN_NAMES: Final = frozenset(f"{_HTML_NAMES} {_JATS_NAMES} {_MATHML_NAMES}".split())

# Elements that begin a new paragraph, and those that only separate words. The others stand inside words.
_PARAGRAPH: Final = (
    "abstract address article aside blockquote body center dd disp-formula disp-quote div dl dt fieldset figure"
    " footer form h1 h2 h3 h4 h5 h6 header hr li list list-item main nav ol p para pre sec section table title ul"
)
_PARAGRAPH_NAMES: Final = frozenset(_PARAGRAPH.split())
_SPACING_NAMES: Final = frozenset(("br", "break", "caption", "col", "label", "option", "td", "th", "tr"))

_NAME = r"[A-Za-z][\w.-]*(?::[A-Za-z][\w.-]*)?"
_ATTRIBUTE = r"""\s+[A-Za-z_:][\w:.-]*\s*=\s*(?:"[^"]*+"|'[^']*+'|[^\s"'<>=`]++)"""
_TAG = re.compile(rf"<(?P<close>/?)(?P<name>{_NAME})(?P<attributes>(?:{_ATTRIBUTE})*+)\s*/?>")
# Attributes of names with a prefix or a hyphen need not be well-formed: nothing else looks like these names.
_CERTAIN_TAG = re.compile(r"</?(?P<name>(?:jats|mml|m|mathml|xhtml|ce|sb|xlink|tei):[A-Za-z][\w.-]*)[^<>]*>")
_CLOSING_NAME = re.compile(rf"</({_NAME})\s*>")

# What the reader of a page never sees.
_UNSEEN_NAMES: Final = ("script", "style", "noscript", "template")
# Word leaves its own conditions in what is pasted from it: <![if !supportLists]>.
_DECLARATION = re.compile(r"<!DOCTYPE[^<>]*>|<\?[A-Za-z][^<>]*\?>|<!\[(?:if\b[^<>]*|endif)\]>", re.IGNORECASE)
_PREFIX = r"(?:[A-Za-z][\w.-]*:)?"
# Possessive throughout: the cost of hostile text stays in proportion to its length.
_HEADING = re.compile(
    rf"<{_PREFIX}title(?:\s[^<>]*)?>(?P<heading>[^<>]*+)</{_PREFIX}title\s*>(?P<following>\s*+(?:<[^<>]*+>\s*+)*+)",
    re.IGNORECASE,
)
_SUPERFLUOUS_HEADINGS: Final = frozenset(("abstract", "abstract.", "abstract:"))
_RAISED = re.compile(
    rf"<{_PREFIX}(?P<kind>sup|sub|inf)(?:\s[^<>]*)?>(?P<content>[^<>]*)</{_PREFIX}(?P=kind)\s*>", re.IGNORECASE
)


def strip_markup(text: str) -> str:
    """`text` without comments and tags; block elements leave line breaks, formulas one reading each.

    Raised and lowered digits become their Unicode forms (10<sup>5</sup> is 10⁵, not 105). The heading "Abstract" of
    a JATS abstract goes; other headings keep their words, with a colon before the text that they head.
    """
    if "<" not in text:
        return text
    text = _without_unseen(text)
    for element in _FORMULA_FRAMES:
        text = _replace_enclosed(text, *element, _one_alternative)
    text = _replace_enclosed(text, *_FORMULA, _formula_text)
    text = _replace_enclosed(text, *_TEX_DOCUMENT, lambda _, content: content.rpartition("\\begin{document}")[2])
    text = _HEADING.sub(_heading_text, text)
    text = _RAISED.sub(_raised_text, text)
    text = _CERTAIN_TAG.sub(lambda match: _space_of(match["name"]), text)
    closed = frozenset(name.lower() for name in _CLOSING_NAME.findall(text))
    return _TAG.sub(lambda match: _tag_text(match, closed), text)


_TAG_SHAPED = re.compile(r"<(?=/?[A-Za-z][^<>]*>)")


def defuse_markup(text: str) -> str:
    """`text` with a space after each `<` that is text but has the shape of a tag: `x <y and z> w`."""
    return _TAG_SHAPED.sub("< ", text)


def _tag_text(match: re.Match[str], closed: frozenset[str]) -> str:
    name = match["name"].lower()
    is_markup = bool(match["close"]) or name in closed or name.rpartition(":")[2] in _KNOWN_NAMES or "-" in name
    return _space_of(name) if is_markup else match[0]


def _space_of(name: str) -> str:
    local_name = name.lower().rpartition(":")[2]
    if local_name in _PARAGRAPH_NAMES:
        return "\n\n"
    return "\n" if local_name in _SPACING_NAMES else ""


def _heading_text(match: re.Match[str]) -> str:
    heading = match["heading"].strip()
    if heading.lower() in _SUPERFLUOUS_HEADINGS:
        return f"\n\n{match['following']}"
    # Only a heading of a paragraph that follows at once is run into it.
    if re.search(r"<[^/]*\bp\b", match["following"]) and heading:
        return f"\n\n{heading}{'' if heading[-1] in '.:!?' else ':'} "
    return f"\n\n{heading}\n\n{match['following']}"


def _raised_text(match: re.Match[str]) -> str:
    content = match["content"].strip()
    # Elsevier's <inf> is a subscript.
    return mathml.raised(content, "sup" if match["kind"].lower() == "sup" else "sub") or match["content"]


# --- formulas ---------------------------------------------------------------------------------------------------


def _element(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of the opening tag (with its attributes) and of the closing tag of an element."""
    return (
        re.compile(rf"<{_PREFIX}{name}(?P<attributes>\s[^<>]*)?>", re.IGNORECASE),
        re.compile(rf"</{_PREFIX}{name}\s*>", re.IGNORECASE),
    )


_COMMENT = re.compile("<!--"), re.compile("-->")
_CDATA = re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")
_UNSEEN = tuple(_element(name) for name in _UNSEEN_NAMES)
_FORMULA = _element("math")
# Outermost first: some publishers put the TeX beside the alternatives instead of among them.
_FORMULA_FRAMES = _element("inline-formula"), _element("disp-formula"), _element("alternatives")
_TEX_FORMULA = _element("tex-math")
_ANNOTATIONS = _element("annotation"), _element("annotation-xml")
_TEX_DOCUMENT = re.compile(r"\\documentclass"), re.compile(r"\\end\{document\}")
_ALTERNATIVE_TEXT = re.compile(r"""\balttext\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


def _replace_enclosed(
    text: str,
    opening: re.Pattern[str],
    closing: re.Pattern[str],
    replacement: Callable[[re.Match[str], str], str],
) -> str:
    """`text` with each stretch from an opening to the next closing replaced, in one pass.

    `replacement` takes the match of the opening and what is enclosed. What is never closed stays.
    """
    pieces: list[str] = []
    position = 0
    while start := opening.search(text, position):
        end = closing.search(text, start.end())
        if end is None:
            break
        pieces += (text[position : start.start()], replacement(start, text[start.end() : end.start()]))
        position = end.end()
    return "".join(pieces) + text[position:]


def _without_unseen(text: str) -> str:
    text = _replace_enclosed(text, *_COMMENT, lambda _, __: "")
    text = _replace_enclosed(text, *_CDATA, lambda _, content: content)
    for element in _UNSEEN:
        text = _replace_enclosed(text, *element, lambda _, __: "")
    return _DECLARATION.sub("", text)


def _one_alternative(_: re.Match[str], content: str) -> str:
    """Of a formula that is given both as TeX and as MathML, the MathML."""
    if not _FORMULA[0].search(content):
        return content
    return _replace_enclosed(content, *_TEX_FORMULA, lambda _, __: "")


def _formula_text(opening: re.Match[str], content: str) -> str:
    """The alternative text of a MathML formula (it keeps fractions and powers readable), else its characters."""
    alternative = _ALTERNATIVE_TEXT.search(opening["attributes"] or "")
    reading = (alternative[1] or alternative[2] or "").strip() if alternative else ""
    if reading:
        return reading if "$" in reading or not re.search(r"[\\^_{]", reading) else f"${reading}$"
    for element in _ANNOTATIONS:
        content = _replace_enclosed(content, *element, lambda _, __: "")
    return mathml.linear(content)
