"""Write what `make stress` counted into docs/robustness.md:   python tests/summarize_stress.py build/stress.jsonl"""

import json
import os
import platform
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs/robustness.md"
BETWEEN = re.compile(r"(<!-- counted by make stress -->\n).*(<!-- to here -->)", re.DOTALL)
Rows = list[dict[str, Any]]


def table(head: list[str], rows: list[list[object]]) -> str:
    """Markdown; numbers to the right."""
    lines = [head, ["---" if k == 0 else "---:" for k in range(len(head))], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def grouped(rows: Rows, *names: str) -> dict[tuple, Rows]:
    """The rows by what they have under some names, in the order in which they came."""
    groups: dict[tuple, Rows] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return groups


def interruption(parts: dict[tuple, Rows]) -> str:
    lines = []
    for part, name, number in (
        ("kills at random moments", "signal", "survived"),
        ("kills while saving", "point", "survived"),
        ("full disks", "kind", "survived"),
        ("two in one folder", "option", "refused"),
    ):
        for (kind,), rows in sorted(grouped(parts.get((part,), []), name).items()):
            lines.append([part, kind, sum(row[number] for row in rows)])
    return table(["what", "how", "survived, or refused"], lines)


def bad_input(rows: Rows) -> str:
    lines = []
    for (loader,), cases in sorted(grouped(rows, "loader").items()):
        refused = sum(case["outcome"] == "refused" for case in cases)
        slowest, largest = (max(case[name] for case in cases) for name in ("seconds", "megabytes"))
        faults = len({case["fault"] for case in cases})
        lines.append([loader, faults, len(cases), refused, len(cases) - refused, f"{slowest:.1f}", f"{largest:.0f}"])
    sums = [sum(int(line[k]) for line in lines) for k in range(1, 5)]
    head = ["loader", "named faults", "cases", "refused in a sentence", "read", "slowest, s", "most memory, MB"]
    return table(head, [*lines, ["all", *sums, "", ""]])


def fuzzing(rows: Rows) -> str:
    ordered = sorted(rows, key=lambda row: row["loader"])
    lines = [[row["loader"], f"{row['tried']:,}", f"{row['refused']:,}"] for row in ordered]
    total = [f"{sum(row[name] for row in rows):,}" for name in ("tried", "refused")]
    return table(["loader", "edited files", "refused"], [*lines, ["all", *total]])


def summary(rows: Rows) -> str:
    """All tables."""
    parts = grouped(rows, "part")
    downloads, extremes = parts[("downloads",)], parts[("extreme numbers",)]
    whole, asked = (sum(row[name] for row in downloads) for name in ("whole", "requests"))
    platforms = [[row["session"], row["python"], row["numpy"], row["said"]] for row in parts.get(("platform",), [])]
    machine = f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return f"""### Interruption

{interruption(parts)}

### Bad input

{bad_input(parts[("bad input",)])}

### Fuzzing

{fuzzing(parts[("fuzzing",)])}

### Downloads and numbers

- {len(downloads)} downloads with {asked:,} requests to a server that misbehaves: {whole} ended in the whole file,
  {len(downloads) - whole} in a sentence and nothing under the file's name.
- {len(extremes)} pairs of an op and a kind of extreme numbers agree with float64.

### Pythons

{table(["session", "Python", "NumPy", "what ran"], platforms)}

{machine}.
"""


def main() -> int:
    """Summarize into the page."""
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text("utf-8").splitlines()]
    page = DOCS.read_text("utf-8")
    DOCS.write_text(BETWEEN.sub(lambda found: found[1] + summary(rows) + found[2], page), "utf-8")
    print(f"{DOCS}: {len(rows)} counts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
