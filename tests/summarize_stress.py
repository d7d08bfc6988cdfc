"""Write what `make stress` counted into docs/robustness.md:   python tests/summarize_stress.py build/stress.jsonl"""

import json
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs/robustness.md"
BETWEEN = re.compile(r"(<!-- counted by make stress -->\n).*(<!-- to here -->)", re.DOTALL)
Rows = list[dict[str, Any]]


def table(head: str, rows: list[list[object]]) -> str:
    """Markdown; numbers to the right."""
    names = head.split(", ")
    lines = [names, ["---", *["---:"] * (len(names) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def grouped(rows: Rows, *names: str) -> dict[tuple, Rows]:
    """The rows by what they have under some names, sorted."""
    keys = [tuple(row.get(name) for name in names) for row in rows]
    return {key: [row for row, its in zip(rows, keys, strict=True) if its == key] for key in sorted({*keys})}


def bad_input(rows: Rows) -> str:
    """Faults, by loader."""
    lines = []
    for (loader,), cases in grouped(rows, "loader").items():
        refused = sum(case["outcome"] == "refused" for case in cases)
        seconds, megabytes = (max(case[name] for case in cases) for name in ("seconds", "megabytes"))
        faults = len({case["fault"] for case in cases})
        lines.append([loader, faults, len(cases), refused, len(cases) - refused, f"{seconds:.1f}", f"{megabytes:.0f}"])
    total = ["all", *(sum(line[k] for line in lines) for k in range(1, 5)), "", ""]
    head = "loader, named faults, cases, refused in a sentence, read, seconds at most, MB at most"
    return table(head, [*lines, total])


def fuzzing(rows: Rows) -> str:
    """Edited files, by loader."""
    rows = [*sorted(rows, key=lambda row: row["loader"])]
    rows.append({"loader": "all", **{name: sum(row[name] for row in rows) for name in ("tried", "refused")}})
    lines = [[row["loader"], f"{row['tried']:,}", f"{row['refused']:,}"] for row in rows]
    return table("loader, edited files, refused", lines)


def summary(rows: Rows) -> str:
    """All tables."""
    parts = {part: those for (part,), those in grouped(rows, "part").items()}
    downloads, whole = parts["downloads"], sum(row["whole"] for row in parts["downloads"])
    kills = [[*key, len(those)] for key, those in grouped([row for row in rows if "how" in row], "part", "how").items()]
    sessions = [[row[name] for name in ("session", "python", "numpy", "outcome")] for row in parts.get("platform", [])]
    return f"""### Interruption

{table("what, how, survived or refused", kills)}

### Bad input

{bad_input(parts["bad input"])}

### Fuzzing

{fuzzing(parts["fuzzing"])}

### Downloads and numbers

- {len(downloads)} downloads with {sum(row["requests"] for row in downloads):,} requests to a server that misbehaves:
  {whole} ended in the whole file, {len(downloads) - whole} in a sentence and nothing under the file's name.
- {len(parts["extreme numbers"])} pairs of an op and a kind of extreme numbers agree with float64.

### Pythons

{table("session, Python, NumPy, what ran", sessions)}

{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}.
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
