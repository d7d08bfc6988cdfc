"""The exception for a request that cannot be met: a mistake of the user's, not of ours.

The command line turns it into one line on stderr and exit status 2; in a notebook it is an ordinary
exception with a readable message.
"""


class SenetError(Exception):
    """A request that cannot be met: the message says what came, what was expected and what to do."""
