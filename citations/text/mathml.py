"""Formulas in MathML, read out as a line of text: powers and fractions keep their meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

# Digits and signs only: a raised letter may be an ordinal ("10th") or a trade mark, and must stay a letter.
_SUPERSCRIPTS = str.maketrans("0123456789+-−=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾")
_SUBSCRIPTS = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_RAISABLE = re.compile(r"[0-9+\-−=()]+")

# Possessive throughout: the cost of hostile text stays in proportion to its length.
_PIECE = re.compile(r"<(?P<close>/?)(?:[A-Za-z][\w.-]*+:)?+(?P<name>[A-Za-z][\w.-]*+)(?P<attributes>[^<>]*+)>|[^<]++|<")
_FENCE = re.compile(r"""\b(open|close)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
# Elements whose children are a base and what stands below and above it (MathML Core, section 3.4).
_SCRIPTS: Final = {
    "msup": ("sup",),
    "msub": ("sub",),
    "msubsup": ("sub", "sup"),
    "munder": ("sub",),
    "munderover": ("sub", "sup"),
}
# One sign, or a number, or a word: it needs no brackets beside a bar or a sign.
_SIMPLE = re.compile(r"[\w.,]+|.|\([^()]*\)", re.DOTALL)
# Elements whose children stand apart.
_SPACED = ("mtable", "mtr", "mlabeledtr")
# What may hold the place of a base or a script although nothing is in it.
_PLACES = ("none", "mprescripts", "mrow", "mi", "mn", "mo", "mtext")
# A formula of more levels than this is damage.
_DEEPEST = 200


@dataclass
class _Element:
    """An element that is not closed yet, with what its children read as."""

    name: str
    attributes: str = ""
    children: list[str] = field(default_factory=list)


def raised(content: str, kind: str) -> str | None:
    """Digits and signs as Unicode superscripts (`kind` "sup") or subscripts ("sub"); None for anything else."""
    if not _RAISABLE.fullmatch(content):
        return None
    return content.translate(_SUPERSCRIPTS if kind == "sup" else _SUBSCRIPTS)


def linear(content: str) -> str:
    """What stands within `<math>` as text: `10⁻³`, `x_i`, `(n+1)/2`, `√x`.

    All characters of the formula are kept. Elements that are never closed end with the formula, closing tags that
    close nothing are left out. One pass, whatever the input.
    """
    stack = [_Element("math")]
    for piece in _PIECE.finditer(content):
        name = piece["name"]
        if name is None:
            text = " ".join(piece[0].split())
            if stack[-1].name == "mtext":
                stack[-1].children.append(re.sub(r"\s+", " ", piece[0]))
            elif text:
                stack[-1].children.append(text)
        elif piece["close"]:
            _close(stack, name.lower())
        elif piece["attributes"].endswith("/"):
            if name.lower() in _PLACES:
                stack[-1].children.append("")
        elif len(stack) < _DEEPEST:
            stack.append(_Element(name.lower(), piece["attributes"]))
    while len(stack) > 1:
        _close(stack, stack[-1].name)
    return _read(stack[0])


def _close(stack: list[_Element], name: str) -> None:
    """Close the innermost element of that name, and with it what is open inside."""
    if all(element.name != name for element in stack[1:]):
        return
    while True:
        element = stack.pop()
        stack[-1].children.append(_read(element))
        if element.name == name:
            return


def _read(element: _Element) -> str:
    """What a closed element reads as."""
    children, kinds = element.children, _SCRIPTS.get(element.name)
    if kinds and len(children) == len(kinds) + 1:
        return children[0] + "".join(map(_script, children[1:], kinds))
    if element.name == "mfrac" and len(children) == 2:
        return f"{_grouped(children[0])}/{_grouped(children[1])}"
    if element.name == "mroot" and len(children) == 2:
        return f"{raised(children[1], 'sup') or children[1]}√{_grouped(children[0])}"
    if element.name == "msqrt":
        return f"√{_grouped(''.join(children))}"
    if element.name == "mfenced":
        fences = {found[1]: found[2] or found[3] or "" for found in _FENCE.finditer(element.attributes)}
        return f"{fences.get('open', '(')}{','.join(children)}{fences.get('close', ')')}"
    return (" " if element.name in _SPACED else "").join(children)


def _script(content: str, kind: str) -> str:
    """A power or an index."""
    if not content:
        return ""
    return raised(content, kind) or f"{'^' if kind == 'sup' else '_'}{_grouped(content)}"


def _grouped(content: str) -> str:
    """In brackets where it would otherwise run into its neighbours."""
    return content if not content or _SIMPLE.fullmatch(content) else f"({content})"
