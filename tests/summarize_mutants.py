"""What `make mutants` found: how many small changes of the mathematics the tests notice, and which they do not.

mutmut changes one thing at a time in ops, se.py, layers, containers.py and gradcheck and runs the tests on it. Left
out of the count are changes to the text of an error message, and those that change nothing: the latter stand in
docs/mutants.md, each with its reason, and are recognized by their function and their changed line.
"""

import ast
import difflib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

WORK, DOCS = Path("mutants"), Path("docs/mutants.md")
KILLED, SURVIVED, UNTESTED = (1, 3), (0,), (5, 33)  # mutmut's exit codes; anything else is a time-out or a crash
ROW = re.compile(r"\| `(?P<function>[^`]+)` \| `(?P<line>[^`]+)` \| .+ \|")


class Mutant(NamedTuple):
    """One change of one function."""

    function: str  # "ops.loss.softmax_cross_entropy_forward"
    lines: str  # what the changed lines read now
    message: bool  # whether only the text of an error message was changed
    status: str  # "killed", "survived", "no tests", "time-out or crash", "not checked"


def mutants() -> Iterator[Mutant]:
    """All mutants, with what the tests said."""
    for meta in sorted(WORK.rglob("*.py.meta")):
        codes = json.loads(meta.read_text())["exit_code_by_key"]
        path = meta.with_suffix("")
        functions = {n.name: n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.FunctionDef)}
        for key, code in codes.items():
            name = key.rsplit(".", 1)[1]
            original = functions[re.sub(r"__mutmut_\d+$", "__mutmut_orig", name)]
            module = ".".join(path.relative_to(WORK / "senet_np").with_suffix("").parts)
            plain = re.sub(r"__mutmut_\d+$", "", name).removeprefix("x_").replace("xǁ", "").replace("ǁ", ".")
            yield Mutant(f"{module}.{plain}", *compare(original, functions[name]), status_of(code))


def compare(original: ast.FunctionDef, mutant: ast.FunctionDef) -> tuple[str, bool]:
    """The lines that the mutant has and the original has not, and whether they only raise with another text."""
    old, new = (ast.unparse(f).splitlines()[1:] for f in (original, mutant))
    changed = [line[2:].strip() for line in difflib.ndiff(old, new) if line.startswith("+ ")]
    if not changed:  # the signature's defaults, or a line taken away
        changed = [ast.unparse(mutant).splitlines()[0]]
    raises = all(re.match(r"raise \w+\(", line) for line in changed)
    return "; ".join(changed), raises


def is_rest(mutant: Mutant) -> bool:
    """Whether −2 stands where −1 stood among the sizes of a `reshape`: NumPy takes any negative one for the rest."""
    return re.search(r"reshape\((.+, )?-2[,)]", mutant.lines) is not None


def status_of(code: int | None) -> str:
    """mutmut's exit code in words."""
    if code is None:
        return "not checked"
    for codes, word in ((KILLED, "killed"), (SURVIVED, "survived"), (UNTESTED, "no tests")):
        if code in codes:
            return word
    return "time-out or crash"


def main() -> int:
    """Print the rate and what survived; 1 where that is not all accounted for."""
    listed = {(m["function"], m["line"].replace("\\|", "|")) for m in ROW.finditer(DOCS.read_text("utf-8"))}
    everything = list(mutants())
    if not everything:
        print("no mutants here yet: run make mutants")
        return 1
    counted = [m for m in everything if not m.message]
    equivalent = [m for m in counted if m.status == "survived" and ((m.function, m.lines) in listed or is_rest(m))]
    rest = [m for m in counted if m not in equivalent]
    statuses = Counter(m.status for m in rest)
    caught = statuses["killed"] + statuses["time-out or crash"]
    for m in rest:
        if m.status in ("survived", "no tests"):
            print(f"{m.status:9} {m.function}: {m.lines}")
    print(
        f"\n{len(everything)} mutants; left out: {len(everything) - len(counted)} that change the text of an error, "
        f"{len(equivalent)} that change nothing (docs/mutants.md)"
    )
    print(", ".join(f"{count} {status}" for status, count in sorted(statuses.items())))
    print(f"kill rate {caught / max(1, len(rest) - statuses['not checked']):.1%} of {len(rest)}")
    wrongly = [m for m in counted if m.status == "killed" and (m.function, m.lines) in listed]
    for m in wrongly:
        print(f"docs/mutants.md lists this as changing nothing, and yet it was killed: {m.function}: {m.lines}")
    stale = listed - {(m.function, m.lines) for m in everything}
    for function, line in sorted(stale):
        print(f"docs/mutants.md lists what is no mutant any more: {function}: {line}")
    return 1 if stale or wrongly else 0


if __name__ == "__main__":
    sys.exit(main())
