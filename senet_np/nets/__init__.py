"""Networks, each with and without SE blocks by one argument.

Floor 3. A network is a layer; `NETS` says which names the command line knows.
"""

from .tiny import tiny

NETS = {"tiny": tiny}
