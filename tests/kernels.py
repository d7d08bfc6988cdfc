"""Notebooks in tests and on the site: no long wait for a message of the kernel that has arrived already."""

from queue import Empty
from time import monotonic

from jupyter_client.channels import AsyncZMQSocketChannel

# Now and then (8 of 40 pairs of notebooks) one wait is not woken when its message arrives, and lasts until the cell's
# time is up; only then is the message found. Many short waits find it within a second.
MAX_WAIT = 1.0  # seconds
_get_msg = AsyncZMQSocketChannel.get_msg


async def _get_msg_by_short_waits(channel, timeout=None):
    end = float("inf") if timeout is None else monotonic() + timeout
    while True:
        left = end - monotonic()
        try:
            return await _get_msg(channel, max(0.0, min(left, MAX_WAIT)))
        except Empty:
            if left <= MAX_WAIT:
                raise


AsyncZMQSocketChannel.get_msg = _get_msg_by_short_waits
