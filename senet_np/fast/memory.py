"""Memory that is freed stays with the process.

A training step allocates the same arrays again and again. By default the C library hands large ones back to
the operating system at once, and each new one then costs a page fault for every 4 KiB: a fifth of the time of a step.
Told to keep them, it finds last step's memory still warm.
"""

import ctypes
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # from glibc's malloc.h
GIB = 1 << 30


def keep_freed_memory() -> bool:
    """Ask the C library to keep freed memory for the next allocation, for as long as the process lives.

    This cannot be undone: the library does not tell what it did before.

    Returns:
        Whether it could be asked: glibc can (Linux); elsewhere nothing happens, and nothing but speed is lost.

    Source: the manual page of mallopt(3).
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library
        return False
    # Before 2.35 glibc takes no threshold above 32 MiB for what is handed back at once, and says so by a 0.
    kept = mallopt(M_MMAP_THRESHOLD, GIB) or mallopt(M_MMAP_THRESHOLD, GIB // 32)
    return bool(kept and mallopt(M_TRIM_THRESHOLD, 2 * GIB - 1) and mallopt(M_TOP_PAD, GIB // 16))
