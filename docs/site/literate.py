"""Annotated source: a module in two columns, its docstrings and comments at the left, its code at the right.

Made from the source alone, so it is always up to date. A row is some lines of code with the text about them: a function
with its docstring, or the lines below a comment.
"""

import ast
from collections.abc import Callable, Iterator, Set
from html import escape
from typing import NamedTuple

from docstrings import prose, render
from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES

Link = Callable[[str], str | None]  # where a name or a file that stands in backticks leads
Proofs = Callable[[str], list[tuple[str, str]]]  # the tests that check a function: (in words, where)


class Row(NamedTuple):
    """Some lines of code, and the text about them."""

    anchor: str  # "" for none
    notes: str  # HTML
    lines: list[int]  # their numbers, from 1; a docstring's are left out


def annotated(source: str, link: Link, proofs: Proofs) -> str:
    """The two columns of a module.

    Args:
        source: of the module.
        link: for what stands in backticks.
        proofs: for the functions.

    Returns:
        HTML, to be put under a heading.
    """
    tree, lines = ast.parse(source), colored_lines(source)
    words = ast.get_docstring(tree, clean=True) or ""
    parts = [f'<div class="opening">{render(words, link)}</div>']
    for row in _rows(tree, source.splitlines(), link, proofs):
        code = "\n".join(_numbered(k, lines[k - 1]) for k in row.lines)
        named = f' id="{row.anchor}"' if row.anchor else ""
        parts.append(
            f'<section class="row"{named}><div class="notes">{row.notes}</div>'
            f'<div class="code highlight"><pre>{code}</pre></div></section>'
        )
    return f'<div class="literate">{"".join(parts)}</div>'


def listing(source: str) -> str:
    """All lines of a file, with an anchor on each: L1, L2, …"""
    lines = colored_lines(source)
    body = "\n".join(_numbered(k, line) for k, line in enumerate(lines, 1))
    return f'<div class="literate listing"><div class="code highlight"><pre>{body}</pre></div></div>'


def _numbered(k: int, line: str) -> str:
    """A line with its number, which is a link to itself: L1, L2, …"""
    return f'<a class="ln" id="L{k}" href="#L{k}">{k}</a>{line}'


def colored_lines(source: str) -> list[str]:
    """Each line of a source as HTML, no element reaching over a line's end."""
    lines = [""]
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(source):
        while kind not in STANDARD_TYPES:
            kind = kind.parent
        css = STANDARD_TYPES[kind]
        for k, piece in enumerate(text.split("\n")):
            if k:
                lines.append("")
            if piece:
                lines[-1] += f'<span class="{css}">{escape(piece)}</span>' if css else escape(piece)
    return lines


def _rows(tree: ast.Module, lines: list[str], link: Link, proofs: Proofs) -> Iterator[Row]:
    """All rows of a module, in order; every line outside docstrings and whole-line comments is in one of them."""
    start, skip = 1, _docstring_lines(tree)
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        first -= _comments_above(lines, first)
        yield from _run("", "", start, first - 1, lines, link, skip)
        yield from _definition(node, first, node.name, lines, link, proofs)
        start = (node.end_lineno or first) + 1
    yield from _run("", "", start, len(lines), lines, link, skip)


def _definition(
    node: ast.FunctionDef | ast.ClassDef, first: int, path: str, lines: list[str], link: Link, proofs: Proofs
) -> Iterator[Row]:
    words = ast.get_docstring(node, clean=True) or ""
    heading = "" if node.name.startswith("_") else f"<h3>{escape(path)}</h3>"
    notes = heading + render(words, link) + _proved(proofs(node.name))
    last = node.end_lineno or first
    methods = [one for one in node.body if isinstance(one, ast.FunctionDef)] if isinstance(node, ast.ClassDef) else []
    if not methods:
        skip = _docstring_lines(node)
        for inner in ast.walk(node):
            if isinstance(inner, ast.FunctionDef) and inner is not node and ast.get_docstring(inner):
                notes += f"<p><code>{inner.name}</code></p>{render(ast.get_docstring(inner) or '', link)}"
                skip |= _docstring_lines(inner)
        yield from _run(path, notes, first, last, lines, link, skip)
        return
    at = first
    for k, method in enumerate(methods):
        top = min([method.lineno, *(one.lineno for one in method.decorator_list)])
        top -= _comments_above(lines, top)
        anchor, text = (path, notes) if k == 0 else ("", "")
        yield from _run(anchor, text, at, top - 1, lines, link, _docstring_lines(node))
        yield from _definition(method, top, f"{path}.{method.name}", lines, link, lambda name: [])
        at = (method.end_lineno or top) + 1
    yield from _run("", "", at, last, lines, link)


def _run(
    anchor: str, notes: str, first: int, last: int, lines: list[str], link: Link, skip: Set[int] = frozenset()
) -> Iterator[Row]:
    """Lines first to last, without those to skip, as rows: a new one begins at each whole-line comment."""
    texts, code, comment = [notes] if notes else [], [], []
    for k in range(first, last + 1):
        text = lines[k - 1].strip()
        if k in skip or (not text and k - 1 in skip):
            continue
        if text.startswith("#"):
            if code:
                yield Row(anchor, "".join(texts), _trimmed(code, lines))
                anchor, texts, code = "", [], []
            comment.append(text.removeprefix("#").strip())
            continue
        if comment:
            texts.append(f"<p>{prose(' '.join(comment), link)}</p>")
            comment = []
        if text or code:
            code.append(k)
    if comment:
        texts.append(f"<p>{prose(' '.join(comment), link)}</p>")
    if texts or code:
        yield Row(anchor, "".join(texts), _trimmed(code, lines))


def _trimmed(code: list[int], lines: list[str]) -> list[int]:
    while code and not lines[code[-1] - 1].strip():
        code = code[:-1]
    return code


def _docstring_lines(node: ast.FunctionDef | ast.ClassDef | ast.Module) -> set[int]:
    if ast.get_docstring(node) is None:
        return set()
    return {*range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)}


def _comments_above(lines: list[str], first: int) -> int:
    count = 0
    while first - 2 - count >= 0 and lines[first - 2 - count].strip().startswith("#"):
        count += 1
    return count


def _proved(tests: list[tuple[str, str]]) -> str:
    links = "; ".join(f'<a href="{escape(href)}">{escape(words)}</a>' for words, href in tests)
    return f'<p class="proofs">Tested by: {links}.</p>' if tests else ""
