"""The exceptions for a request that cannot be met: a mistake of the user's, not of ours.

The command line turns a `SenetError` into one line on stderr and exit status 2.
"""


class ShortInNotebooks:
    """For exceptions whose sentence says it all: in a notebook it stands alone, without the lines of our code above."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class SenetError(ShortInNotebooks, Exception):
    """A request that cannot be met: the message says what came, what was expected and what to do."""
