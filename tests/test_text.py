"""Text from outside: nothing that was text disappears, no markup survives, and forms for comparing are stable."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citations.text import content_hash, first_sentence, fold, from_inverted_index, plain_text, slugify, sort_key

RECORDED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TAG = re.compile(r"</?[A-Za-z][^<>]*>")

MARKUP: list[tuple[str | None, str]] = [
    (None, ""),
    ("", ""),
    ("<i>Escherichia</i> coli", "Escherichia coli"),
    ("<p>One</p><p>Two</p>", "One Two"),
    ("one<br/>two", "one two"),
    ('<a href="https://example.org/?a=1&amp;b=2" title="x > y">link</a>', "link"),
    ("<script>alert(1)</script>x<img src=x onerror=alert(1)>y<style>p {}</style>", "xy"),
    ("a<!-- hidden <b> -->b<?xml version='1.0'?>c<![CDATA[d]]>", "abcd"),
    ("H<sub>2</sub>O, 10<sup>5</sup>, x<sup>−1</sup>", "H₂O, 10⁵, x⁻¹"),
    ("the 10<sup>th</sup> CO<sub>x</sub>", "the 10th COx"),
    ("<jats:title>Abstract</jats:title><jats:p>A study.</jats:p>", "A study."),
    ("<jats:sec><jats:title>Methods</jats:title><jats:p>We did.</jats:p></jats:sec>", "Methods: We did."),
    ("<jats:p>E. <jats:italic>coli</jats:italic><jats:sup>2</jats:sup></jats:p>", "E. coli²"),
    ("A title with <scp>small capitals</scp> and <foo>bar</foo>", "A title with small capitals and bar"),
    ("<TITLE>Shouted</TITLE>", "Shouted"),
    # MathML: one reading of each formula
    ('<mml:math alttext="\\alpha_{x}"><mml:mi>α</mml:mi><mml:mi>x</mml:mi></mml:math>', "α_x"),
    ('<math alttext="a&lt;b"><mi>a</mi></math>', "a<b"),
    (
        "<m:math>\n <m:msup><m:mi>x</m:mi> <m:mn>2</m:mn></m:msup>\n<m:mo>=</m:mo><m:mn>4</m:mn></m:math>",
        "x²=4",
    ),
    ("<math><mfrac><mi>a</mi><mi>b</mi></mfrac><annotation encoding='TeX'>a \\over b</annotation></math>", "a/b"),
    (
        "<mml:math><mml:msup><mml:mn>10</mml:mn><mml:mrow><mml:mo>−</mml:mo><mml:mn>3</mml:mn></mml:mrow></mml:msup>"
        "<mml:mtext> eV</mml:mtext></mml:math>",
        "10⁻³ eV",
    ),
    (
        "<math><msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup><mo>+</mo><msup><mi>e</mi><mrow><mi>i</mi><mi>t</mi>"
        "</mrow></msup><mo>=</mo><mfrac><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow><mn>2</mn></mfrac></math>",
        "x_i²+e^it=(n+1)/2",
    ),
    (
        "<math><msqrt><mi>n</mi><mo>+</mo><mi>k</mi></msqrt><mroot><mi>x</mi><mn>3</mn></mroot>"
        "<mfenced><mi>a</mi><mi>b</mi></mfenced><mfenced open='[' close=']'><mi>c</mi></mfenced></math>",
        "√(n+k)³√x(a,b)[c]",
    ),
    ("<math><msup><mi>x</mi><mrow/></msup><msub><mi>y</mi></math> z", "xy z"),
    ("<math><msup><mi>a<mi>b</mrow></math>", "ab"),
    ("CO<inf>2</inf> of <![if !vml]>Word<![endif]>", "CO₂ of Word"),
    ("<alternatives><tex-math>$x$</tex-math><mml:math><mml:mi>x</mml:mi></mml:math></alternatives>", "x"),
    (
        "<inline-formula><tex-math>$x$</tex-math><alternatives><mml:math>x</mml:math></alternatives></inline-formula>",
        "x",
    ),
    ("<tex-math>\\documentclass{minimal}\\begin{document}$$\\beta$$\\end{document}</tex-math>", "β"),
    # entities
    ("R&amp;D &lt; 5 &eacute; &#233; &#xE9;", "R&D < 5 é é é"),
    ("&amp;lt;i&amp;gt;x&amp;lt;/i&amp;gt; &amp;amp;amp; y", "x & y"),
    ("AT&T, R&D; and &nosuch; stay", "AT&T, R&D; and &nosuch; stay"),
    ("the &dquo;upper&dquo; part", 'the "upper" part'),
    # angle brackets that are text
    ("a < b and c > d", "a < b and c > d"),
    ("if a <b and c> d", "if a < b and c> d"),
    ("0<p<1, x<-2, i <3 u, ->", "0<p<1, x<-2, i <3 u, ->"),
    ("std::vector<int> is fast", "std::vector< int> is fast"),
    ("an unfinished <a href='x", "an unfinished <a href='x"),
]

LATEX: list[tuple[str | None, str]] = [
    (r"\textit{Pythia}: a \emph{\textbf{suite}}", "Pythia: a suite"),
    (r"see \url{https://example.org/a_b%20c}", "see https://example.org/a_b%20c"),
    (r"see \href{https://example.org}{our page}", "see our page"),
    (r"$\alpha$-helix, \beta sheet", "α-helix, β sheet"),
    (r"a $1\times 1$ kernel", "a 1×1 kernel"),
    (r"$10^{-3}$, $^{13}$C, $x_1$, $n^{2-\epsilon}$", "10⁻³, ¹³C, x₁, n^(2-ε)"),
    (r"$\mathcal{O}(n\log n)$ and $\tilde{O}(\sqrt{nk})$", "O(n log n) and Õ(√(nk))"),
    (r"\(a \le b\) and \[\frac{n+1}{2}\]", "a ≤ b and (n+1)/2"),
    (r"$29.9\%$ of $4,550$ with $k$ and $(k, K)$", "29.9% of 4,550 with k and (k, K)"),
    (r"$\mathbb{R}^n$, $\{0,1\}$, $k\gt 1$", "ℝ^n, {0,1}, k>1"),
    (r"is $\NP$-hard", "is NP-hard"),
    (r"Caf\'e, G\"odel, {\'E}mile, Erd\H{o}s, \c{C}a, Stra\ss e, Pawe{\l}, \v{S}, na{\"\i}ve",
     "Café, Gödel, Émile, Erdős, Ça, Straße, Paweł, Š, naïve"),
    (r"Jara{\v s}i{\=u}nas, Morko{\c c}, {\v{S}}, Erd\H os, pre\-{C}olumbian",
     "Jarašiūnas, Morkoç, Š, Erdős, pre{C}olumbian"),
    (r"Fr$\rm\ddot{o}$hlich, 24$^{\mathrm{th}}$", "Fröhlich, 24th"),
    (r"$\epsilon > 0$, $\min\mathcal{S}$, $\log\frac{n}{k}$", "ε > 0, min S, log n/k"),
    (r"the {\em gap} problem", "the gap problem"),
    (r"Doe et al. \cite{doe17} show", "Doe et al. show"),
    (r"Smith \& Sons, 5\% of \$3 \#1 a\_b", "Smith & Sons, 5% of $3 #1 a_b"),
    ("a ``quoted'' word", "a “quoted” word"),
    (r"\begin{itemize}\item one \item two\end{itemize}", "one two"),
    (r"an \unknown{author's} command", "an author's command"),
    (r"\textcolor{red}{red} x\textsuperscript{2}", "red x²"),
]  # fmt: skip

NOT_LATEX = [
    "a lone $5 note",
    "from $5 to $10, or US$5 and A$6, or $5-$10",
    "between $20 and 30$ or so",
    "100% of cases",
    r"a \ backslash",
    r"C:\new\alpha\textit{x} is a folder, \\server\share too",
    r"the pattern \d{4}\w+\S+\n",
    r"the macro \NP alone",
    "sets {a, b} and {B}",
    r"don\'t",
]

CHARACTERS: list[tuple[str | None, str]] = [
    ("co\u00adop\u200ber\ufeffa\u2060te", "cooperate"),
    ("\u202eabc\u202c \u2066d\u2069\u200f", "abc d"),
    ("a\x00b\x07c\x7f\ufdd0\ufffe\ud800d", "abcd"),
    ("a\u00a0b\u2009c\u3000d\te\r\nf\u2028g", "a b c d e f g"),
    ("Cafe\u0301", "Café"),
    ("\u200c\u0645\u06cc\u200c\u062e a\u200db", "\u0645\u06cc\u200c\u062e ab"),
    ("👩\u200d🔬", "👩\u200d🔬"),
    ("Ã©tudiÃ©, donâ€™t, 5Ã—5, Î±, ï¬\x81n, ÃƒÂ©", "étudié, don’t, 5×5, α, ﬁn, é"),
    ("æ—¥æœ¬ Ð¿Ñ€Ð¸ ðŸ˜€", "日本 при 😀"),
    ("AMANHÃ— e «CAFÉ» KÖ– „Ä“ é»", "AMANHÃ— e «CAFÉ» KÖ– „Ä“ é»"),
    ("the \ufffd stays, as what is left of a letter", "the \ufffd stays, as what is left of a letter"),
]


@pytest.mark.parametrize(("raw", "expected"), MARKUP + LATEX + CHARACTERS)
def test_text_is_made_plain(raw: str | None, expected: str) -> None:
    assert plain_text(raw) == expected


@pytest.mark.parametrize("prose", NOT_LATEX)
def test_prose_that_only_looks_like_latex_stays(prose: str) -> None:
    assert plain_text(prose) == prose


def test_quotation_marks_that_were_escaped_are_no_umlauts() -> None:
    assert plain_text(r"the \"Open\" question of an author\'s work") == 'the "Open" question of an author\'s work'


def test_newlines_become_spaces_unless_paragraphs_are_asked_for() -> None:
    raw = "One\ntwo.\n\n  \nThree<p>four</p>five"
    assert plain_text(raw) == "One two. Three four five"
    assert plain_text(raw, paragraphs=True) == "One two.\n\nThree\n\nfour\n\nfive"


def test_a_list_keeps_its_items_apart() -> None:
    raw = "<jats:list><jats:list-item><jats:p>a</jats:p></jats:list-item><jats:list-item>b</jats:list-item></jats:list>"
    assert plain_text(raw, paragraphs=True) == "a\n\nb"


def test_grouping_braces_and_ties_go_only_from_bibtex() -> None:
    raw = r"{\"U}ber {B}ayes~nets -- {{GPT}-4} \& more---less"
    assert plain_text(raw, bibtex=True) == "Über Bayes nets – GPT-4 & more—less"
    assert plain_text(r"{Jara{\v s}} and {Kara{\v{c}}}") == "{Jaraš} and {Karač}"
    assert plain_text(r"``{{Growth}} of {{In\textsubscript{x}N}}''", bibtex=True) == "“Growth of InxN”"
    assert plain_text("{B}ayes~nets") == "{B}ayes~nets"


@pytest.mark.parametrize(
    "opening",
    ["<math>", "<math><mi>", "<math><m", "<!--", "<i", "$a ", r"\emph{", '<a b="', "&amp;", "&#38;", "<title> "],
)
def test_text_that_opens_thousands_of_things_and_closes_none_is_survived(opening: str) -> None:
    cleaned = plain_text(opening * 5000 + ">")
    assert not TAG.search(cleaned)
    assert plain_text(cleaned) == cleaned


# --- inverted indexes -------------------------------------------------------------------------------------------


def test_an_inverted_index_is_put_in_order() -> None:
    assert from_inverted_index({"the": [0, 2], "cat": [1], "<i>end</i>": [3]}) == "the cat the end"


def test_gaps_and_bad_positions_of_an_inverted_index_are_survived() -> None:
    index: dict[str, object] = {"a": [0, 7], "b": [3, -1, None, "x", True, 10**9], "c": None, "d": [3], "e": {"f": 1}}
    assert from_inverted_index(index) == "a b a"


@pytest.mark.parametrize("index", [None, {}, {"a": []}, ["a"], "text"])
def test_without_an_inverted_index_there_is_no_text(index: object) -> None:
    assert from_inverted_index(index) == ""  # type: ignore[arg-type]


# --- folding ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Łódź – a  Study! ", "lodz a study"),
        ("Straße, Ærø, Œuvre, İzmir, ĐÐ, Þing", "strasse aero oeuvre izmir dd thing"),
        ("don’t can't", "dont cant"),
        ("x² H₂O ﬁne ＡＢ", "x2 h2o fine ab"),
        ("α-helix of TGFβ", "alpha helix of tgfbeta"),
        ("Ελληνικά 日本語 Русский", ""),
        ("注意 is all", "is all"),
        ("C++ / C#", "c c"),
        ("", ""),
    ],
)
def test_folding_leaves_lower_case_ascii_words(text: str, expected: str) -> None:
    assert fold(text) == expected


def test_titles_sort_by_their_letters_whatever_stands_before_them() -> None:
    titles = ["“Zebra” crossings", "…and so on", "Émile", "(Emily)", "Österreich", "Ottawa", "3D shapes"]
    assert sorted(titles, key=sort_key) == [
        "3D shapes",
        "…and so on",
        "Émile",
        "(Emily)",
        "Österreich",
        "Ottawa",
        "“Zebra” crossings",
    ]


def test_titles_in_other_scripts_sort_after_latin_ones_in_an_order_of_their_own() -> None:
    titles = ["zzz", "Ёлка", "Яблоко", "一", "丁 BERT", "𠀀"]
    keys = [sort_key(title) for title in titles]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert keys[3] == "~004e00"


def test_only_a_title_without_letters_and_digits_has_no_sort_key() -> None:
    assert sort_key("…?!") == ""
    assert sort_key("語") != ""


@pytest.mark.parametrize(
    ("title", "max_length", "expected"),
    [
        ("Pythia: A Suite for Analyzing", 120, "pythia-a-suite-for-analyzing"),
        ("Pythia: A Suite for Analyzing", 14, "pythia-a-suite"),
        ("Pythia: A Suite for Analyzing", 13, "pythia-a"),
        ("Pythia", 3, "pyt"),
        ("注意力", 120, ""),
        ("???", 120, ""),
    ],
)
def test_a_slug_is_cut_between_words(title: str, max_length: int, expected: str) -> None:
    assert slugify(title, max_length) == expected


def test_a_hash_ignores_case_space_and_composition_only() -> None:
    assert content_hash("A  Café\n") == content_hash("a cafe\u0301")
    assert content_hash("a cafe") != content_hash("a café")
    assert content_hash("We use it.") != content_hash("We use it!")
    # Stored in databases: a change of normalising or hashing must be noticed here.
    assert content_hash("We use it.") == "e658c30d9cc460264022683b0a96a30e"


# --- sentences --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We did it. Then more.", "We did it."),
        ("We use tools, e.g. Pythia, i.e. a suite. Then more.", "We use tools, e.g. Pythia, i.e. a suite."),
        ("Doe et al. Show it in Fig. 3 and Eq. 4. Then more.", "Doe et al. Show it in Fig. 3 and Eq. 4."),
        ("It grew by 3.5 points. Then more.", "It grew by 3.5 points."),
        ("J. R. Doe of the U.S. Survey wrote it. Then more.", "J. R. Doe of the U.S. Survey wrote it."),
        ("Ends vs. begins? Yes. No.", "Ends vs. begins?"),
        ("What?! Yes.", "What?!"),
        ("“It is so.” Then more.", "“It is so.”"),
        ("A name.lowercase and v1.2.3 stay. Then more.", "A name.lowercase and v1.2.3 stay."),
        ("Sizes of approx. 3 cm, etc. are known. More.", "Sizes of approx. 3 cm, etc. are known."),
        ("第一句。第二句。", "第一句。"),
        ("A heading\n\nA sentence.", "A heading"),
        ("No stop at\nall", "No stop at all"),
        ("It ends with et al.", "It ends with et al."),
        ("", ""),
    ],
)
def test_the_first_sentence_ends_where_a_reader_would_say(text: str, expected: str) -> None:
    assert first_sentence(text) == expected


def test_a_long_sentence_is_cut_between_words() -> None:
    assert first_sentence("one two, three four", max_length=12) == "one two…"
    assert first_sentence("注意力机制", max_length=3) == "注意…"


# --- properties -------------------------------------------------------------------------------------------------

_FRAGMENTS = (
    "< > </ /> & ; &lt; &gt; &amp; &amp;lt; &#60; <i> </i> <b> <p> <sup> </sup> <math> </math> <jats:p> <x <!-- -->"
    " <title> </title> $ $$ \\ { } ^ _ ^{ \\alpha \\emph{ \\textbf{x} \\'e \\\" \\( \\) \\cite{ \\begin{ \\textless \\$"
    " \\textgreater % # ~ -- {\\v `` '' &dollar; &bsol; =\" Ã© Ã â€™ \u00ad \u200b \u200c \x85 \xa0 \x00 \ud800"
    " \ufdd0 \u0301 e 2 word Word"
)
fragments = st.sampled_from(_FRAGMENTS.split(" "))
messy_text = st.text() | st.lists(fragments | st.just(" ") | st.just("\n"), max_size=12).map("".join)


@given(messy_text, st.booleans(), st.booleans())
def test_plain_text_is_a_fixed_point_without_markup(text: str, paragraphs: bool, bibtex: bool) -> None:
    cleaned = plain_text(text, paragraphs=paragraphs, bibtex=bibtex)
    assert plain_text(cleaned, paragraphs=paragraphs, bibtex=bibtex) == cleaned
    assert not TAG.search(cleaned)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == cleaned.strip()
    assert "\n" not in cleaned.replace("\n\n", "" if paragraphs else "\n")
    cleaned.encode("utf-8")


def _letters(text: str) -> str:
    return "".join(character for character in unicodedata.normalize("NFC", text) if character.isalpha())


words = st.text(st.characters(categories=["L"], exclude_characters="ÂÃÄÅÎÏÐÑâãïð×Ø"), min_size=1, max_size=8)
signs = st.sampled_from(
    ["<", ">", "$5", "100%", "\\", "&", "R&D", "C:\\new", "{x}", "a_b", "x^2", "~", "#1", "<=", "->"]
)


@given(st.lists(words | signs))
def test_nothing_that_was_text_disappears(tokens: list[str]) -> None:
    text = " ".join(tokens)
    assert _letters(plain_text(text)) == _letters(text)


@given(st.text('xyz<> =".1'))
def test_letters_beside_stray_angle_brackets_survive(text: str) -> None:
    assert _letters(plain_text(text)) == _letters(text)


@st.composite
def formulas(draw: st.DrawFn) -> tuple[str, str]:
    """A piece of MathML, well-formed or not, and its letters in order."""
    names = st.sampled_from(["mi", "mrow", "msup", "msub", "msubsup", "mfrac", "msqrt", "mfenced", "mtext", "mtable"])
    markup, letters = "", ""
    for piece in draw(st.lists(st.tuples(names, st.sampled_from(["open", "close"])) | words, max_size=12)):
        if isinstance(piece, str):
            markup, letters = markup + piece, letters + piece
        else:
            markup += f"<{'/' if piece[1] == 'close' else ''}{piece[0]}>"
    return f"<math>{markup}</math>", letters


@given(formulas())
def test_the_letters_of_a_formula_survive_in_order(formula: tuple[str, str]) -> None:
    markup, letters = formula
    cleaned = plain_text(markup)
    assert _letters(cleaned) == _letters(letters)
    assert plain_text(cleaned) == cleaned and not TAG.search(cleaned)


tags = st.sampled_from(["<i>", "</i>", "<p>", "</p>", "<br/>", "<jats:sec>", '<a href="x">', "<!-- x -->", "<mml:mi>"])


@given(st.lists(words.map(lambda word: (word, True)) | tags.map(lambda tag: (tag, False))))
def test_the_letters_between_tags_survive_in_order(pieces: list[tuple[str, bool]]) -> None:
    raw = "".join(piece for piece, _ in pieces)
    expected = "".join(piece for piece, is_text in pieces if is_text)
    assert _letters(plain_text(raw)) == _letters(expected)


@given(messy_text)
def test_folding_is_idempotent_ascii(text: str) -> None:
    folded = fold(text)
    assert re.fullmatch(r"(?:[a-z0-9]+(?: [a-z0-9]+)*)?", folded)
    assert fold(folded) == folded
    assert sort_key(text).isascii()
    assert len(sort_key(text)) <= 200


@given(messy_text, st.integers(1, 130))
def test_a_slug_is_short_ascii_that_makes_itself(text: str, max_length: int) -> None:
    slug = slugify(text, max_length)
    assert re.fullmatch(r"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?", slug)
    assert len(slug) <= max_length
    assert slugify(slug, max_length) == slug


@given(messy_text, st.integers(1, 50))
def test_a_first_sentence_is_no_longer_than_allowed(text: str, max_length: int) -> None:
    sentence = first_sentence(text, max_length)
    assert len(sentence) <= max_length
    assert bool(sentence) == bool(text.split())


@given(messy_text)
def test_every_text_has_a_hash_and_any_index_a_text(text: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", content_hash(text))
    assert from_inverted_index({text: [0]}) == plain_text(text, paragraphs=True)


# --- recorded answers of the services ---------------------------------------------------------------------------

TEXT_KEYS = ("title", "abstract", "abstractText", "display_name", "description", "subtitle", "container-title")


def _recorded_texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in TEXT_KEYS:
                yield from (text for text in (inner if isinstance(inner, list) else [inner]) if isinstance(text, str))
            yield from _recorded_texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _recorded_texts(inner)


@pytest.mark.skipif(not RECORDED_DATA.is_dir(), reason="the recorded answers of the services are not here")
@pytest.mark.parametrize("source", ["crossref", "datacite", "semanticscholar", "openalex", "europepmc", "arxiv"])
def test_recorded_titles_and_abstracts_become_stable_plain_text(source: str) -> None:
    texts: set[str] = set()
    for path in sorted((RECORDED_DATA / source).rglob("*.json*")):
        content = path.read_text("utf-8")
        for line in content.splitlines() if path.suffix == ".jsonl" else [content]:
            texts.update(_recorded_texts(json.loads(line)))
            if source == "arxiv" and path.suffix == ".jsonl":
                texts.add(json.loads(line)["abs"])
    assert texts
    for raw in texts:
        cleaned = plain_text(raw, paragraphs=True)
        assert plain_text(cleaned, paragraphs=True) == cleaned
        assert not TAG.search(cleaned)
        if not re.search(r"[<&\\$]|Ã", raw):
            assert _letters(cleaned) == _letters(raw)
