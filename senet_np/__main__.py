"""`python -m senet_np`: the same as the command `senet-np`."""

import sys

from .cli import main

sys.exit(main())
