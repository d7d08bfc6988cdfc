"""The words of a page, for the line around each hit of the search."""

from html.parser import HTMLParser

SKIPPED = ("script", "style", "svg")


def words(page: str) -> str:
    """The text of a page's article, in one line.

    Args:
        page: HTML.
    """
    reader = _Reader()
    reader.feed(page)
    return " ".join(" ".join(reader.found).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside, self.skipped = 0, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside += tag == "article"
        self.skipped += tag in SKIPPED

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "article"
        self.skipped -= tag in SKIPPED

    def handle_data(self, data: str) -> None:
        if self.inside and not self.skipped and data != "¶":  # a heading's link to itself
            self.found.append(data)
