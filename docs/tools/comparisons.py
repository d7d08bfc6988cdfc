"""Update the tables of a page from the result lines:   python docs/tools/comparisons.py docs/results.md

Between `<!-- compare comparisons/tiny-se.toml -->` and `<!-- end -->` stands the table of that comparison; between
`<!-- twins comparisons/cifar10.jsonl comparisons/pytorch.jsonl -->` and `<!-- end -->` the runs that both files have.
"""

from pathlib import Path

from blocks import main, replace_blocks

from senet_np.experiments.comparison import read_comparison
from senet_np.experiments.report import as_markdown, make_report
from senet_np.experiments.results import read_results


def refreshed(path: Path) -> str:
    """The page's text with every table made anew; files are named from the page's folder."""

    def table(file: str) -> str:
        report = make_report(read_comparison(path.parent / file))
        return as_markdown(report) if report.arms else "No results yet."

    def twins(files: str) -> str:
        ours, theirs = ({line.settings: line for line in read_results(path.parent / file)} for file in files.split())
        pairs = [(ours[s], theirs[s]) for s in theirs if s in ours]
        lines = [
            "| network | epochs | seed | NumPy, % | PyTorch, % | difference, points |",
            "|---|---:|---:|---:|---:|---:|",
        ]
        for here, there in pairs:
            s, values = here.settings, (here.accuracy, there.accuracy)
            cells = f"{values[0]:.2f} | {values[1]:.2f} | {values[1] - values[0]:+.2f}"
            lines.append(f"| {s.describe()} | {s.epochs} | {s.seed} | {cells} |")
        machines = "; ".join(sorted({there.machine for _, there in pairs}))
        return "\n".join([*lines, "", f"*Test accuracy, 10,000 images of CIFAR-10; PyTorch minus NumPy. {machines}.*"])

    text = replace_blocks(path.read_text("utf-8"), "compare", table)
    return replace_blocks(text, "twins", twins)


if __name__ == "__main__":
    main("Update a page's tables from the result lines.", refreshed)
