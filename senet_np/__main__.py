"""`python -m senet_np`: the same as the command `senet-np`."""

import sys

if __name__ == "__main__":  # and not where a process that was spawned reads this file again
    try:
        from .cli.main import main

        status = main()
    except KeyboardInterrupt:  # during the imports
        status = 130
    sys.exit(status)
