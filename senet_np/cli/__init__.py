"""The command line: `python -m senet_np`, or `senet-np` once installed. Start reading at `main.py`."""

from .main import main

__all__ = ["main"]
