"""Docstrings as HTML: a sentence, equations, derivations, Args, Returns, Raises, Source."""

import re
from collections.abc import Callable
from html import escape

from tex import is_math, to_tex

Link = Callable[[str], str | None]
SECTIONS = ("Args", "Returns", "Raises", "Source")
EQUATION = re.compile(r"^\S{1,14}(\[[^\]]*\])?( \S{1,3})? ?[=≈←≤] |\S {4,}\S")  # a short left side, or aligned columns

NUMBER = re.compile(r" {5,}(\(Eq\. \d+\))$")  # of an equation, far at the right in the source


def render(doc: str, link: Link) -> str:
    """A docstring as HTML.

    Args:
        doc: cleaned of its indentation.
        link: where a name in backticks leads; None for nowhere.

    Returns:
        Paragraphs, equations as they are aligned, and the arguments folded away.
    """
    body, sections = _split(doc)
    parts = [_paragraph(text, link) for text in re.split(r"\n\s*\n", body) if text.strip()]
    listed = "".join(_entries(name, sections[name], link) for name in SECTIONS[:3] if name in sections)
    if listed:
        parts.append(f'<details class="args"><summary>arguments and results</summary><dl>{listed}</dl></details>')
    if "Source" in sections:
        parts.append(f'<p class="source">Source: {prose(" ".join(sections["Source"].split()), link)}</p>')
    return "".join(parts)


def prose(text: str, link: Link) -> str:
    """Running text: `names` as code, and as links where they lead somewhere; *words* with stress."""

    def name(found: re.Match) -> str:
        href = link(found[1])
        code = f"<code>{escape(found[1])}</code>"
        return f'<a href="{escape(href)}">{code}</a>' if href else code

    pieces = re.split(r"(`[^`\n]+`)", text)
    return "".join(re.sub(r"`([^`]+)`", name, piece) if k % 2 else _stressed(piece) for k, piece in enumerate(pieces))


def _stressed(text: str) -> str:
    text = re.sub(r"\*\*(\S[^*]*?)\*\*", r"<strong>\1</strong>", escape(text, quote=False))
    return re.sub(r"(?<![\w*])\*([^*\s][^*]*?)\*(?![\w*])", r"<em>\1</em>", text)


def _split(doc: str) -> tuple[str, dict[str, str]]:
    """The text before the sections, and the sections by name."""
    parts = re.split(rf"^({'|'.join(SECTIONS)}):", doc, flags=re.MULTILINE)
    return parts[0], dict(zip(parts[1::2], parts[2::2], strict=True))


def _paragraph(text: str, link: Link) -> str:
    """Indented lines, and lines that are equations, keep their shape; the others flow."""
    parts, lines = [], text.strip("\n").split("\n")
    whole = all(EQUATION.search(line) for line in lines) or all(line.startswith("  ") for line in lines)
    flowing: list[str] = []
    kept: list[str] = []

    def flush() -> None:
        if flowing:
            parts.append(f"<p>{prose(' '.join(flowing), link)}</p>")
        if kept:
            indent = min(len(line) - len(line.lstrip()) for line in kept)
            body = "\n".join(NUMBER.sub(r"    \1", line[indent:].rstrip()) for line in kept)
            tex = f' data-tex="{escape(to_tex(body))}"' if is_math(body) else ""
            parts.append(f'<pre class="eq"{tex}>{escape(body, quote=False)}</pre>')
        flowing.clear()
        kept.clear()

    for line in lines:
        shaped = whole or line.startswith("  ")
        if (shaped and flowing) or (not shaped and kept):
            flush()
        (kept if shaped else flowing).append(line if shaped else line.strip())
    flush()
    return "".join(parts)


def _entries(name: str, text: str, link: Link) -> str:
    """`u: feature maps, (N, H, W, C)`, with what is indented further belonging to it."""
    entries: list[list[str]] = []
    for line in text.strip("\n").split("\n"):
        deeper = len(line) - len(line.lstrip()) > 4
        if line.strip() and deeper and entries:
            entries[-1].append(line.strip())
        elif line.strip():
            entries.append([line.strip()])
    shown = []
    for entry in entries:
        words = " ".join(entry)
        head = re.match(r"([\w, *]+(?: \([^)]*\))?): (.*)", words) if name != "Source" else None
        body = f"<code>{escape(head[1])}</code> {prose(head[2], link)}" if head else prose(words, link)
        shown.append(f"<dd>{body}</dd>")
    return f"<dt>{name}</dt>{''.join(shown)}"
