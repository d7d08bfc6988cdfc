"""The exercises of the notebooks: `check("2.1", answer)` says whether an answer is right, and if not, what is wrong.

One module per notebook. A message never gives the answer away; the solutions do that, in notebooks/solutions/.
"""

from .checking import Verdict, check

__all__ = ["Verdict", "check"]
