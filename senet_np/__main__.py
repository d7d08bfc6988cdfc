"""`python -m senet_np`: the same as the command `senet-np`."""

import sys

from .cli import main

if __name__ == "__main__":  # and not where a process that was spawned reads this file again
    sys.exit(main())
