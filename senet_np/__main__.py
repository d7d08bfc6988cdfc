"""`python -m senet_np`: the same as the command `senet-np`."""

import sys

if __name__ == "__main__":  # and not where a process that was spawned reads this file again
    try:
        from .cli import main

        status = main()
    except KeyboardInterrupt:  # while it was still beginning
        status = 130
    sys.exit(status)
