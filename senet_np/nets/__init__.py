"""Networks, each with and without SE blocks by one argument.

Floor 3. A network is a layer; `NETS` says which names the command line knows.
"""

from .resnet import resnet
from .tiny import tiny

__all__ = ["NETS", "resnet", "tiny"]

NETS = {"tiny": tiny}
