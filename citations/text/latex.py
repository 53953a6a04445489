"""LaTeX in prose to text.

Only what certainly is LaTeX is touched, fragment by fragment: formulas, known or braced commands, accents, escapes.
The rest of a text passes unread, so that "$5", "100% of" and "C:\\new" stay. Fragments are parsed by pylatexenc; its
tables of symbols are used, its rendering is not: it drops unknown commands and prints references as tags.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from pylatexenc.latex2text import get_default_latex_context_db
from pylatexenc.latexwalker import (
    LatexCharsNode,
    LatexEnvironmentNode,
    LatexGroupNode,
    LatexMacroNode,
    LatexMathNode,
    LatexSpecialsNode,
    LatexWalker,
    LatexWalkerError,
)
from pylatexenc.latexwalker import get_default_latex_context_db as get_parsing_context_db

from citations.text.mathml import raised

# --- tables -----------------------------------------------------------------------------------------------------

# Combining characters of the accent commands.
_ACCENTS: Final = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "H": "\u030b", "k": "\u0328", "u": "\u0306", "d": "\u0323", "b": "\u0331",
    "r": "\u030a", "hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "vec": "\u20d7", "dot": "\u0307",
    "ddot": "\u0308", "check": "\u030c", "breve": "\u0306", "acute": "\u0301", "grave": "\u0300",
    "widehat": "\u0302", "widetilde": "\u0303",
}  # fmt: skip
# Letters that take a punctuation accent without braces. Fewer than Unicode has, because an escaped quotation
# mark or full stop also stands before words. Accents that are not listed take any letter.
_BARE_ACCENTED: Final = {
    '"': "aeiouyAEIOU", "^": "aceghijosuwyACEGHIJOSUWY", "~": "aeinouAEINOU", "=": "aeiouAEIOU", ".": "ceggzCEGIZ",
}  # fmt: skip
# Letters written as commands; LaTeX swallows the space after them.
_LETTER_COMMANDS: Final = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
    "AA": "Å", "i": "ı", "j": "ȷ",
}  # fmt: skip
# Commands that change how the text looks, or place it, and say nothing.
_SILENT_NAMES: Final = (
    "em it bf tt sc rm sl sf bold boldmath Bbb frak itshape bfseries scshape ttfamily rmfamily sffamily upshape"
    " normalfont cal mit left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr middle limits"
    " nolimits displaystyle textstyle scriptstyle scriptscriptstyle item noindent par protect relax hfill null"
    " mathstrut xspace footnotesize small large Large LARGE huge Huge tiny normalsize centering ! / -"
)
_SILENT: Final = frozenset(_SILENT_NAMES.split())
# What pylatexenc's tables lack (MathJax names) or print in a way that is unfit here.
_OWN_SYMBOLS: Final = {
    "gt": ">", "lt": "<", "textless": "<", "textgreater": ">", "dots": "…", "ldots": "…", "textellipsis": "…",
    "epsilon": "ε", "\\": " ", "newline": " ", "linebreak": " ", "LaTeX": "LaTeX", "TeX": "TeX", "colon": ":",
    "mod": "mod", "bmod": "mod", "Pr": "Pr", "arg": "arg", "deg": "deg", "det": "det", "dim": "dim", "gcd": "gcd",
    "ker": "ker", "hom": "hom", "lg": "lg", "argmax": "argmax", "argmin": "argmin", "vspace": " ", "lbrack": "[",
    "rbrack": "]", "textbar": "|", "slash": "/", "space": " ", " ": " ", "|": "‖",
}  # fmt: skip
_DOUBLE_STRUCK: Final = {"C": "ℂ", "H": "ℍ", "N": "ℕ", "P": "ℙ", "Q": "ℚ", "R": "ℝ", "Z": "ℤ"}
_FRACTIONS: Final = frozenset(("frac", "dfrac", "tfrac", "cfrac", "nicefrac", "textfrac", "sfrac"))
# Commands whose first argument is not text.
_LAST_ARGUMENT_ONLY: Final = frozenset(("textcolor", "colorbox", "fcolorbox", "href", "raisebox", "hyperref"))
# How many groups after a command that pylatexenc does not know are its arguments.
_ARGUMENT_COUNTS: Final = dict.fromkeys(_FRACTIONS, 2) | {"href": 2, "hyperref": 1, "textcolor": 2}
_SCRIPT_COMMANDS: Final = {"textsuperscript": "sup", "textsubscript": "sub", "sp": "sup", "sb": "sub"}


@cache
def _symbols() -> dict[str, str]:
    """Commands without arguments and their characters, from pylatexenc's tables."""
    database = get_default_latex_context_db()
    symbols: dict[str, str] = {}
    for category in database.categories():
        for specification in database.iter_macro_specs([category]):
            characters = specification.simplify_repl
            # A "%" marks the place of an argument; <ref> and the like are no text; \today would differ every day.
            if isinstance(characters, str) and not re.search(r"[%<>]", characters):
                symbols.setdefault(specification.macroname, " " if characters.isspace() else characters)
    for name in ("today", *_ACCENTS, *_SCRIPT_COMMANDS, *_SILENT):
        symbols.pop(name, None)
    return symbols | _OWN_SYMBOLS | _LETTER_COMMANDS


# --- fragments --------------------------------------------------------------------------------------------------

# Braces nested up to three deep; possessive, so that unclosed ones cannot cost more than one look.
_GROUP: Final = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+\}"
_ACCENTED: Final = r"\\(?P<accent{0}>['`^\"~=.])(?:\{{(?P<in_braces{0}>\\?[A-Za-z])\}}|(?P<bare{0}>\\[ij]\b|[A-Za-z]))"
_MATH_ENVIRONMENTS: Final = "equation|align|aligned|gather|multline|eqnarray|displaymath|math|array|cases"
_FRAGMENT = re.compile(
    "|".join(
        (
            # File names of Windows are no LaTeX.
            r"(?P<path>(?<![A-Za-z])[A-Za-z]:\\[^\s$]*|\\\\[\w.-]+\\[^\s$]+)",
            r"(?<!\\)\$\$(?P<display>(?:[^$\\]|\\.){1,2000}+)\$\$",
            r"(?<!\\)\$(?P<inline>(?:[^$\\]|\\.){1,1000}+)\$(?![0-9])",
            r"\\\((?P<round>.{1,1000}?)\\\)|\\\[(?P<square>.{1,2000}?)\\\]",
            rf"\\begin\{{(?P<environment>(?:{_MATH_ENVIRONMENTS})\*?)\}}(?P<body>.{{0,2000}}?)\\end\{{(?P=environment)\}}",
            r"(?P<mark>\\(?:begin|end)\{[A-Za-z]+\*?\}(?:\[[^\]]{0,80}\])?)",
            r"\\(?:url|path|nolinkurl)\s?\{(?P<address>[^{}]*+)\}",
            r"(?P<reference>~?\\(?:[cC]ite[a-z]*|ref|eqref|[aA]utoref|[cC]ref|label|pageref)\*?(?:\[[^\]]{0,200}\])*\{[^{}]*+\})",
            r"\{\\(?P<switch>em|it|bf|tt|sc|rm|sl|sf|itshape|bfseries|scshape|ttfamily)\b\s*(?P<switched>[^{}]*+)\}",
            rf"\{{{_ACCENTED.format(1)}\}}|{_ACCENTED.format(2)}",
            r"\{\\(?P<accent3>[bcdHkruv])\s+(?P<in_braces3>\\?[A-Za-z])\}",
            r"\{\\(?P<accent5>[bcdHkruv])\s*\{(?P<in_braces5>\\?[A-Za-z])\}\}",
            r"\\(?P<accent4>[cHkv])[ ](?P<in_braces4>\\[ij]\b|[A-Za-z])",
            r"(?<=[A-Za-z-])(?P<hyphenation>\\-)(?=\{?[A-Za-z])",
            rf"(?P<braced>\\(?P<command>[A-Za-z]+)\*?(?:\[[^\]]{{0,200}}\])?(?:\s?{_GROUP})+)",
            r"\{\\(?P<symbol_group>[A-Za-z]+)\s?\}|\\(?P<symbol>[A-Za-z]+)(?P<space>\{\}|\s?)",
            r"\\(?P<escaped>[%&$#_{}])",
            r"``(?P<quotation>[^`']{1,300})''",
        )
    ),
    re.DOTALL,
)


# An umlaut stands before a letter; where this closes a word, all of the text had its quotation marks escaped.
_ESCAPED_CLOSING_QUOTE: Final = re.compile(r'\\"(?![A-Za-z{\\])')


def unwrap_latex(text: str, *, bibtex: bool = False) -> str:
    """`text` with LaTeX read: formulas in Unicode, commands replaced by their text, escapes undone.

    With `bibtex` all braces are grouping and go, `~` is a space, `--` and `---` are dashes. Of an unknown command
    with braces the content stays; an unknown command without braces stays as it is. References (`\\cite{...}`) go.
    """
    if not bibtex and "\\" not in text and "$" not in text and "``" not in text:
        return text
    if _ESCAPED_CLOSING_QUOTE.search(text):
        text = text.replace('\\"', '"')
    pieces: list[str] = []
    position = 0
    while match := _FRAGMENT.search(text, position):
        replacement = _fragment_text(match)
        pieces.append(text[position : match.start()])
        if replacement is None:
            pieces.append(text[match.start()])
            position = match.start() + 1
        else:
            pieces.append(replacement)
            position = match.end()
    unwrapped = "".join(pieces) + text[position:]
    # Braces may still hold a command together; they go when no fragment is left.
    return _unwrap_bibtex(text) if bibtex and unwrapped == text else unwrapped


def _unwrap_bibtex(text: str) -> str:
    text = re.sub(r"(?<!\\)[{}]", "", text.replace("~", " "))
    return re.sub(r"(?<!-)--(?!-)", "–", text.replace("---", "—"))


def _fragment_text(match: re.Match[str]) -> str | None:
    """The text of one fragment; None where it is no LaTeX after all."""
    kind = match.lastgroup or ""
    groups = match.groupdict()
    if groups["path"] is not None:
        return groups["path"]
    for name in ("display", "round", "square", "body"):
        if groups[name] is not None:
            return _rendered(groups[name], is_math=True)
    if groups["inline"] is not None:
        return _rendered(groups["inline"], is_math=True) if _is_formula(groups["inline"]) else None
    if groups["mark"] is not None:
        return "\n\n"
    if groups["reference"] is not None or groups["hyphenation"] is not None:
        return ""
    if groups["switched"] is not None:
        return str(groups["switched"])
    for name in ("address", "escaped"):
        if groups[name] is not None:
            return str(groups[name])
    if groups["quotation"] is not None:
        return f"“{groups['quotation']}”"
    if groups["braced"] is not None:
        return _braced_text(match)
    if kind in ("symbol", "symbol_group", "space"):
        return _symbol_text(match)
    for suffix in "12345":
        if groups[f"accent{suffix}"] is not None:
            return _accent_text(match, suffix)
    return None


def _is_formula(content: str) -> bool:
    """Whether what stands between two dollar signs is a formula and not the words between two prices."""
    if re.search(r"\\[A-Za-z{}|,;]", content):
        return True
    if content[0].isspace() or content[-1].isspace() or content[-1] in ",/(-–":
        return False
    if re.search(r"[\\^_{}]", content):
        return True
    has_long_word = re.search(r"[^\W\d_]{5,}", content)
    has_separate_word = re.search(r"(?:^|\s)[^\W\d_]{2,}(?=\s|$)", content) and re.search(r"\s", content)
    return not has_long_word and not has_separate_word


def _braced_text(match: re.Match[str]) -> str | None:
    command, fragment = match["command"], match["braced"]
    if command in _ACCENTS and len(command) == 1:
        base = re.fullmatch(r"\\[A-Za-z]\s?\{(\\?[A-Za-z])\}(.*)", fragment, re.DOTALL)
        composed = _accented(command, base[1]) if base else None
        return composed + base[2] if base and composed is not None else None
    # One letter and braces is a regular expression rather than a command of an author.
    if len(command) == 1 and command not in _symbols():
        return None
    return _rendered(fragment, is_math=False)


def _symbol_text(match: re.Match[str]) -> str | None:
    if match["symbol_group"] is not None:
        return _symbols().get(match["symbol_group"])
    name, space = match["symbol"], match["space"]
    if name in _LETTER_COMMANDS:
        return _LETTER_COMMANDS[name]
    if len(name) > 1 and name in _SILENT:
        return space
    # "\S" or "\P" alone may be part of a regular expression.
    if len(name) == 1 or name not in _symbols():
        return None
    return _symbols()[name] + ("" if space == "{}" else space)


def _accent_text(match: re.Match[str], suffix: str) -> str | None:
    accent, bare = match[f"accent{suffix}"], match.groupdict().get(f"bare{suffix}")
    if bare is None:
        return _accented(accent, match[f"in_braces{suffix}"])
    if bare[-1] not in _BARE_ACCENTED.get(accent, bare):
        return None
    if accent + bare == "'s" and _is_possessive(match):
        return "'s"
    return _accented(accent, bare)


def _is_possessive(match: re.Match[str]) -> bool:
    """Whether "\\'s" is the escaped apostrophe of "author\\'s" and not a Polish "ś"."""
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    return before.isalpha() and not after.isalpha()


def _accented(accent: str, base: str) -> str | None:
    """One composed letter, or None where Unicode has none for this pair (then it was no accent)."""
    letter = {"\\i": "i", "\\j": "j"}.get(base, base)
    composed = unicodedata.normalize("NFC", letter + _ACCENTS[accent])
    return composed if len(composed) == 1 else None


# --- rendering --------------------------------------------------------------------------------------------------


def _rendered(fragment: str, *, is_math: bool) -> str | None:
    """The text of a LaTeX fragment; None where it cannot be parsed."""
    # A percent sign here is an author's "5%", not a comment: comments do not survive in the texts of records.
    source = re.sub(r"(?<!\\)%", r"\\%", fragment)
    try:
        walker = LatexWalker(source, latex_context=_parsing_context(), tolerant_parsing=True)
        nodes, _, _ = walker.get_latex_nodes()
        return re.sub(r"[^\S\n]+", " ", _nodes_text(nodes, is_math)).strip(" " if is_math else "")
    except (LatexWalkerError, RecursionError, IndexError, KeyError, ValueError, TypeError, AttributeError):
        # pylatexenc's tolerant parsing still stumbles over some malformed input; the fragment then stays as it is.
        return None


@cache
def _parsing_context() -> Any:
    return get_parsing_context_db()


def _nodes_text(nodes: Iterable[Any], is_math: bool) -> str:
    text = ""
    remaining = deque(node for node in nodes if node is not None)
    while remaining:
        node = remaining.popleft()
        if isinstance(node, LatexCharsNode):
            text += _scripts_in(node.chars) if is_math else node.chars
        elif isinstance(node, LatexGroupNode):
            content = _nodes_text(node.nodelist, is_math)
            is_script = is_math and text.endswith(("^", "_"))
            text = text[:-1] + _script(text[-1], content) if is_script else text + content
        elif isinstance(node, LatexMathNode):
            text += _nodes_text(node.nodelist, True)
        elif isinstance(node, LatexEnvironmentNode):
            text += f" {_nodes_text(node.nodelist, is_math)} "
        elif isinstance(node, LatexSpecialsNode):
            text += {"~": " ", "&": " "}.get(node.specials_chars, node.specials_chars)
        elif isinstance(node, LatexMacroNode):
            arguments = [_nodes_text([argument], is_math) for argument in _take_arguments(node, remaining)]
            following = remaining[0] if remaining else None
            text = _with_macro(text, node, arguments, is_math) + _space_after(node, following, is_math)
        else:
            text += node.latex_verbatim()
    return text


def _take_arguments(node: LatexMacroNode, remaining: deque[Any]) -> list[Any]:
    """The arguments of a command: those that pylatexenc parsed, else, of a command unknown to it, the groups after."""
    parsed = node.nodeargd.argnlist if node.nodeargd is not None else None
    arguments = [argument for argument in parsed or () if argument is not None and not _is_optional(argument)]
    if arguments or node.macroname in _SILENT or node.macroname in _symbols():
        return arguments
    limit = _ARGUMENT_COUNTS.get(node.macroname, 1 if node.macroname in _SCRIPT_COMMANDS else len(remaining))
    while len(arguments) < limit and remaining and isinstance(remaining[0], LatexGroupNode):
        arguments.append(remaining.popleft())
    return arguments


def _with_macro(text: str, node: LatexMacroNode, arguments: list[str], is_math: bool) -> str:
    command = _macro_text(node, arguments, is_math)
    if is_math and _is_word(node.macroname) and text[-1:].isalnum():
        command = f" {command}"
    # "a \le b" is spaced, "1\times 1" is not: the space after a command only ends its name.
    is_spaced = not is_math or text.endswith(" ")
    return text + command + (node.macro_post_space if is_spaced and node.macroname not in _LETTER_COMMANDS else "")


def _space_after(node: LatexMacroNode, following: object, is_math: bool) -> str:
    """The space that a formula needs after a command and before the node that follows."""
    if not is_math or following is None:
        return ""
    if isinstance(following, LatexCharsNode):
        needs_space = node.macro_post_space and (_is_word(node.macroname) or following.chars[0] in "=<>+-|")
    else:
        needs_space = _is_word(node.macroname)
    return " " if needs_space else ""


def _is_word(name: str) -> bool:
    """Whether a command prints a word, as `\\log` does, and not a sign."""
    characters = _symbols().get(name, "")
    return characters.isascii() and characters[:1].isalpha()


def _macro_text(node: LatexMacroNode, arguments: list[str], is_math: bool) -> str:
    name: str = node.macroname
    if name in _ACCENTS and arguments:
        return _accent_over(arguments[-1], _ACCENTS[name])
    if name in _FRACTIONS and len(arguments) >= 2:
        return f"{_operand(arguments[-2])}/{_operand(arguments[-1])}"
    if name == "sqrt" and arguments:
        return f"√{arguments[-1]}" if len(arguments[-1]) == 1 else f"√({arguments[-1]})"
    if name == "mathbb" and arguments:
        return _DOUBLE_STRUCK.get(arguments[-1], arguments[-1])
    if name in _SCRIPT_COMMANDS and arguments:
        return raised(arguments[-1], _SCRIPT_COMMANDS[name]) or arguments[-1]
    if name in _symbols():
        return _symbols()[name] + "".join(arguments)
    if arguments:
        return arguments[-1] if name in _LAST_ARGUMENT_ONLY else "".join(arguments)
    if name in _SILENT:
        return ""
    # A command of the author's own: in a formula its name is what is left of it, as in "\NP".
    return name if is_math else f"\\{name}"


def _is_optional(argument: object) -> bool:
    return isinstance(argument, LatexGroupNode) and argument.delimiters[0] == "["


def _accent_over(base: str, accent: str) -> str:
    """`base` with the accent over its letter; over several letters it would be unreadable and is left out."""
    letter = {"ı": "i", "ȷ": "j"}.get(base, base)
    composed = unicodedata.normalize("NFC", letter + accent)
    return composed if len(letter) == 1 else base


def _operand(text: str) -> str:
    return text if re.fullmatch(r"[\w.]+|", text) else f"({text})"


def _scripts_in(characters: str) -> str:
    """`characters` of a formula with one-character powers and indices raised or lowered: `n^2` is n²."""
    return re.sub(r"[\^_][0-9]", lambda match: _script(match[0][0], match[0][1]), characters)


def _script(sign: str, content: str) -> str:
    unicode_form = raised(content, "sup" if sign == "^" else "sub")
    if unicode_form is not None:
        return unicode_form
    if sign == "^" and content in ("st", "nd", "rd", "th"):
        return content
    return sign + content if re.fullmatch(r"\w+|[^\w\s]", content) else f"{sign}({content})"
