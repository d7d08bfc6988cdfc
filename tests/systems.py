"""What only some systems have: marks that skip a test elsewhere, each with its reason."""

import sys

import pytest

WINDOWS, LINUX = sys.platform == "win32", sys.platform.startswith("linux")

unix = pytest.mark.skipif(WINDOWS, reason="Windows has no such signals, pipes with a name, and users")
links = pytest.mark.skipif(WINDOWS, reason="on Windows, few users have the right to make a link")
linux = pytest.mark.skipif(not LINUX, reason="only Linux can do this")


def only_on_linux(reason: str) -> None:
    """Skip the test file that imports the caller, on every other system."""
    if not LINUX:
        pytest.skip(reason, allow_module_level=True)
