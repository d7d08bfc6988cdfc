"""The page of the site for each file of the repository, and links rewritten to lead there."""

import os
import re
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)\s#]+)(#[^)\s]*)?\)")  # [text](target#part)


def site_path(path: str) -> str:
    """The page, or the copied file, for a file of the repository.

    Args:
        path: from the repository's root.

    Returns:
        From the site's root, with the ending of its source (.md, .ipynb).

    Raises:
        ValueError: the file does not exist, or the site does not have it.
    """
    if not (ROOT / path).exists():
        raise ValueError(f"{path} does not exist")
    parts, name = PurePosixPath(path).parts, PurePosixPath(path)
    if path == "README.md":
        return "index.md"
    if path == "docs/course.md":  # among its notebooks
        return "course/index.md"
    if parts[0] == "senet_np":
        inside = PurePosixPath(*parts[1:]) if len(parts) > 1 else PurePosixPath()
        return str("source" / inside.with_suffix(".md")) if name.suffix == ".py" else "source/index.md"
    if parts[0] == "tests":
        return str(name.with_suffix(".md")) if name.suffix == ".py" else "source/index.md"
    if parts[0] == "notebooks" and (ROOT / path).is_file():
        return str(PurePosixPath("course", *parts[1:]).with_suffix(".ipynb"))
    if parts[0] == "docs" and name.suffix != ".py" and (ROOT / path).is_file():
        return str(PurePosixPath(*parts[1:]))
    raise ValueError(f"the site has no page for {path}")


def rewritten(text: str, path: str, page: str) -> str:
    """A text with all its links to files of the repository leading to pages of the site.

    Args:
        text: markdown.
        path: the file it stands in, from the repository's root.
        page: where it will stand on the site.
    """

    def lead(found: re.Match) -> str:
        target = os.path.normpath(PurePosixPath(path).parent / found[1])
        return f"]({relative(site_path(target), page)}{found[2] or ''})"

    return LINK.sub(lead, text)


def relative(target: str, page: str) -> str:
    """One page of the site as seen from another."""
    return os.path.relpath(target, PurePosixPath(page).parent)


class Names:
    """What a name in backticks may stand for: a file of the package, or one of its public functions."""

    def __init__(self, functions: dict[str, str]):
        self.functions = functions  # {name: page#anchor}

    def leads(self, page: str):  # -> Link
        """The links as seen from one page."""

        def link(name: str) -> str | None:
            for path in (f"senet_np/{name}", name):
                if name.endswith(".py") and (ROOT / path).is_file():
                    return html(relative(site_path(path), page))
            found = self.functions.get(name.removesuffix("()").rsplit(".", 1)[-1])
            return html(relative(found, page)) if found else None

        return link


def html(path: str) -> str:
    """The address of a page."""
    return re.sub(r"\.(md|ipynb)(?=#|$)", ".html", path)
