"""Equations of docstrings as TeX: `z_c = 1/(H·W) Σ_{i,j} u_c(i,j)` reads well in the source, and better when it is set.

A small grammar: names with subscripts, fractions, sums, roots, brackets; what is none of these is words.
"""

import re
import unicodedata
from typing import NamedTuple

MATH = re.compile(r"[Σ√∂σδλβγμ·←≈ᵀ²⊙⌊]|_\{|E\[|\w = \w.* \+ ")  # one of these is in a block of equations
PLAIN = re.compile(r"\w+ = \w+\(x\)")  # or it is as simple as this
NO_MATH = re.compile(
    r'["#│─┬→▶@]|import|[a-z]\.[a-z]|\.\.\.|^ |[.:]$', re.MULTILINE
)  # drawings, code, broken sentences
COLUMNS = re.compile(r"(?<!,)\s{2,}|\s{3,}")
RELATION = re.compile(r"\s([=≈←])\s")
NUMBER_AT_END = re.compile(r"^\(Eq\. \d+\)$")

TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<digits>\d+(?:\.\d+)?)|(?P<mark>[₀-₉²³⁵ᵀᵗ*′]+)|(?P<half>½)"
    r"|(?P<word>(?:[^\W\d_₀-₉²³⁵ᵀᵗ½][\u0302\u0303]?)+)|(?P<sign>.)"
)
FUNCTIONS = {"max", "min", "log", "cos", "exp", "tanh", "cosh", "sinh"}
OPERATORS = {"Var", "kron", "mean", "avg", "branch", "shortcut", "sd"}  # upright, where a bracket follows
SIGNS = {
    "Σ": r"\sum", "·": r"\cdot ", "−": "-", "∂": r"\partial ", "≈": r"\approx ", "←": r"\leftarrow ", "⊙": r"\odot ",
    "…": r"\ldots ", "⌊": r"\lfloor ", "⌋": r"\rfloor ", "ℓ": r"\ell ", "½": r"\tfrac12 ", "%": r"\%", "&": r"\&",
    "#": r"\#", "{": r"\{", "}": r"\}", "∈": r"\in ", "<": "<", "ε": r"\varepsilon ",
}  # fmt: skip
ACCENTS = {"\u0303": r"\tilde", "\u0302": r"\hat"}
MARKS = {"ᵀ": r"\top", "ᵗ": "t", "*": "*", "′": r"\prime"} | {
    char: str(unicodedata.digit(char)) for char in "₀₁₂₃₄₅₆₇₈₉²³⁵"
}
BRACKETS = {"(": ")", "[": "]"}
TIGHT = {*"=≈←·+−/<,"}  # signs that have their own space around them


class Token(NamedTuple):
    """A piece of an equation."""

    kind: str  # a group of TOKEN
    text: str


def is_math(text: str) -> bool:
    """Whether an indented block of a docstring is equations, and not code, a drawing or a table."""
    lines = text.split("\n")
    return not NO_MATH.search(text) and bool(MATH.search(text) or all(map(PLAIN.fullmatch, lines)))


def to_tex(text: str) -> str:
    """Lines of equations as one aligned display.

    Args:
        text: the lines, their columns two spaces or more apart.

    Returns:
        TeX, an array: where all cells of a column have a relation, they are aligned at it.
    """
    rows = [COLUMNS.split(re.sub(r"\s+([=≈←] )", r" \1", line.strip())) for line in text.split("\n")]
    width = max(map(len, rows))
    table: list[list[str]] = [[] for _ in rows]
    kinds = ""
    for k in range(width):
        cells = [row[k] if k < len(row) else "" for row in rows]
        aligned = sum(map(bool, cells)) > 1 and all(RELATION.search(cell) for cell in cells if cell)
        kinds += ("rcl" if aligned else "l") + "@{\\qquad}"
        for line, cell in zip(table, cells, strict=True):
            parts = [*RELATION.split(cell, maxsplit=1), "", ""][:3] if aligned else [cell]
            line += [_set(part) for part in parts]
    body = r" \\[.3em] ".join(" & ".join(f"\\displaystyle {cell}" for cell in line) for line in table)
    return f"\\begin{{array}}{{{kinds}}} {body} \\end{{array}}"


def _set(text: str) -> str:
    if NUMBER_AT_END.match(text):
        return rf"\text{{{text}}}"
    tokens = [Token(found.lastgroup or "", found[0]) for found in TOKEN.finditer(unicodedata.normalize("NFD", text))]
    return _Setter(tokens).until("")


class _Setter:
    """Reads tokens from left to right; each method takes what it names and returns its TeX."""

    def __init__(self, tokens: list[Token]):
        self.tokens, self.at = tokens, 0

    def peek(self, ahead: int = 0) -> Token:
        k = self.at + ahead
        return self.tokens[k] if k < len(self.tokens) else Token("end", "")

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def until(self, end: str) -> str:
        """Everything up to a closing bracket, which is taken too."""
        parts: list[str] = []
        while self.peek().kind != "end" and self.peek().text != end:
            if self.peek().kind == "space":
                if len(self.take().text) > 1:
                    parts.append(r"\quad")
            elif self.peek().text == "/" and parts:
                self.take()
                self.skip()
                parts[-1] = rf"\frac{{{_bare(parts[-1])}}}{{{_bare(self.factor())}}}"
            else:
                parts.append(self.atom())
        if self.peek().kind != "end":
            self.take()
        return " ".join(parts)

    def skip(self) -> None:
        while self.peek().kind == "space":
            self.take()

    def factor(self) -> str:
        """What stands below a fraction's bar: one word, one atom, or a sum with what it sums."""
        if self.peek().kind == "word" and self.is_prose():
            return self.hung(rf"\text{{{self.take().text}}}")
        takes_another = self.peek().text in ("Σ", *FUNCTIONS) and self.peek(1).text not in BRACKETS
        below = self.atom()
        self.skip()
        return f"{below} {self.atom()}" if takes_another else below

    def atom(self) -> str:
        """A name, number, group or sign with all that hangs on it: subscripts, exponents, brackets."""
        kind, text = self.peek()
        if kind == "word" and self.is_prose():
            return self.prose()
        token = self.take()
        if text in BRACKETS:
            return self.hung(_bracketed(text, self.until(BRACKETS[text])))
        if text == "√":
            return rf"\sqrt{{{_bare(self.atom())}}}"
        if text == "∂":
            return rf"\partial {self.atom()}"
        if kind == "digits":
            return self.hung(text) + (self.atom() if self.peek().kind == "word" and not self.is_prose() else "")
        if kind == "word":
            return self.hung(self.name(token.text), applied=True)
        return self.hung(SIGNS.get(text, text)) if text in SIGNS else text

    def name(self, text: str) -> str:
        if text in FUNCTIONS:
            return f"\\{text}"
        letters = re.findall(r"(.)([\u0302\u0303]?)", text)
        if len(letters) <= 1 or (letters[0] == ("d", "") and len(letters) == 2):
            return "".join(
                f"{ACCENTS[accent]}{{{SIGNS.get(one, one)}}}" if accent else SIGNS.get(one, one)
                for one, accent in letters
            )
        return rf"\operatorname{{{text}}}"

    def hung(self, base: str, applied: bool = False) -> str:
        """What follows without a space: _c, _{i,j}, ₁, ², ᵀ, ^x, and for a name [n,c] or (x)."""
        while True:
            kind, text = self.peek()
            if text == "_" and self.peek(1).text == "{":
                self.at += 2
                base += f"_{{{self.until('}')}}}"
            elif text == "_" and self.peek(1).kind in ("word", "digits"):
                self.take()
                sub = self.take()
                short = sub.kind == "digits" or len(sub.text) == 1
                base += f"_{{{sub.text}}}" if short else rf"_{{\text{{{sub.text}}}}}"
            elif text == "^":
                self.take()
                base += f"^{{{self.exponent()}}}"
            elif kind == "mark":
                for char in self.take().text:
                    base += f"{'_' if char in '₀₁₂₃₄₅₆₇₈₉' else '^'}{{{MARKS[char]}}}"
            elif applied and text in BRACKETS:
                self.take()
                base += _bracketed(text, self.until(BRACKETS[text]))
            else:
                return base

    def exponent(self) -> str:
        if self.peek().text == "{":
            self.take()
            return self.until("}")
        sign = "-" if self.peek().text == "−" and self.take() else ""
        token = self.take()
        return sign + (self.name(token.text) if token.kind == "word" else token.text)

    def is_prose(self) -> bool:
        """Whether a word is English and not a name: it has no subscript, and is longer than a name of one letter."""
        text, after = self.peek().text, self.peek(1)
        letters = [char for char in text if char not in ACCENTS]
        if text in FUNCTIONS or len(letters) == 1:
            return text in ("a", "A") and after.kind == "space" and len(self.peek(2).text) > 2
        if len(letters) == 2 and text[0] == "d":
            return False
        return not (text in OPERATORS and after.text in BRACKETS) and after.text != "_"

    def prose(self) -> str:
        """Words, with the spaces between and around them."""
        before, words = self.tokens[: self.at], ""
        while self.peek().kind == "word" and self.is_prose():
            words += self.take().text
            if self.peek().text in (" ", "-", ", ") and self.peek(1).kind == "word":
                words += self.take().text
        if len(before) > 1 and before[-1].kind == "space" and before[-2].text not in TIGHT:
            words = f" {words}"
        if self.peek().kind == "space" and self.peek(1).text not in TIGHT:
            words += " "
        return self.hung(rf"\text{{{words}}}", applied=True)


def _bracketed(left: str, inside: str) -> str:
    tall = r"\frac" in inside or r"\sum" in inside
    return rf"\left{left} {inside} \right{BRACKETS[left]}" if tall else f"{left}{inside}{BRACKETS[left]}"


def _bare(tex: str) -> str:
    """Without the brackets around all of it."""
    inner = tex.removeprefix(r"\left( ").removesuffix(r" \right)") if tex.startswith(r"\left( ") else tex[1:-1]
    around = (tex.startswith("(") and tex.endswith(")")) or (tex.startswith(r"\left( ") and tex.endswith(r" \right)"))
    depth, lowest = 0, 0
    for char in inner:
        depth += (char == "(") - (char == ")")
        lowest = min(lowest, depth)
    return inner if around and lowest == 0 else tex
