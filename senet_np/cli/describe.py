"""`senet-np describe`: a network's layers with their shapes and sizes, and what SE adds to them."""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..nets import NETS
from ..nets.describe import Added, Row, added_by_se, count_parameters, describe, equation_5, multiply_adds
from ..settings import NET_NAMES, Settings, make_settings
from .options import add_command, add_settings

EXAMPLES = """\
  senet-np describe                                the tiny SE-CNN
  senet-np describe --net resnet20 --reduction 16
  senet-np describe --net vgg --no-se              without SE, and what it would add
  senet-np describe --net resnet56 --no-se-bias    then SE adds what the paper's Eq. 5 says
  senet-np describe --net resnet50_caffe           the paper's own network, on images of 224×224
"""
CONVENTION = "multiply-adds: products of convolutions, FCs and SE's scaling; not of batch norm, squeeze, pooling, gates"


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "list a network's layers, their sizes, and what SE adds"
    add_settings(add_command(commands, "describe", run, summary, EXAMPLES), (*NET_NAMES, "image_size"))


def run(args: argparse.Namespace) -> int:
    """Print the table, its totals, and what SE adds or would add."""
    given = {name: value for name, value in vars(args).items() if name != "run"}
    settings = make_settings(NETS[given.get("net", "tiny")].data, given)
    rows = describe(settings.build_net(), settings.image)
    print(f"{settings.describe()}, for one image of {_spell(settings.image)}\n")
    for line in (*_table(rows), "", *_summary(settings), "", CONVENTION):
        print(line)
    return 0


def _table(rows: list[Row]) -> Iterator[str]:
    """The layers, the totals below them, all columns aligned."""
    cells = [(row.path, row.what, _spell(row.shape), f"{row.parameters:,}", f"{row.multiply_adds:,}") for row in rows]
    head = ("layer", "what it is", "output", "parameters", "multiply-adds")
    total = ("total", "", "", f"{sum(row.parameters for row in rows):,}", f"{sum(row.multiply_adds for row in rows):,}")
    widths = [max(map(len, column)) for column in zip(head, *cells, total, strict=True)]
    formats = [f"{'<' if column < 2 else '>'}{width}" for column, width in enumerate(widths)]
    for line in (head, *cells, total):
        yield "  ".join(map(format, line, formats))


def _summary(settings: Settings) -> Iterator[str]:
    """What SE adds, or would add, and beside it the paper's count."""
    added = added_by_se(replace(settings, se=True).build_net(), settings.image)
    plain = replace(settings, se=False).build_net()
    yield f"{settings.attention.upper()} {'adds' if settings.se else 'would add'}, in {len(added.channels)} blocks:"
    yield _line("parameters", added.parameters, _share(added.parameters, count_parameters(plain)))
    yield from _compared_with_the_paper(added, settings.reduction)
    yield _line("multiply-adds", added.multiply_adds, _share(added.multiply_adds, multiply_adds(plain, settings.image)))


def _compared_with_the_paper(added: Added, r: int) -> Iterator[str]:
    """Eq. 5, and why the count differs from it."""
    paper = equation_5(added.channels, r)
    squares = [f"{n}·{c}²" if n > 1 else f"{c}²" for c, n in Counter(added.channels).items()]
    squares = " + ".join([*squares[:2], "…", squares[-1]] if len(squares) > 4 else squares)
    yield _line("Eq. 5", paper, f"(2/r) Σ_s N_s·C_s² = 2/{r} · ({squares}), the paper's count")
    if not added.hidden:
        yield _line("difference", added.parameters - paper, "ECA has no FCs, but k weights per block")
        return
    rounded = [c for c, h in dict(zip(added.channels, added.hidden, strict=True)).items() if c != r * h]
    if not added.biases and not rounded:
        yield _line("difference", 0, f"the FCs have no biases, and C/{r} hidden units everywhere")
        return
    yield _line("difference", added.parameters - paper, "of which")
    if added.biases:
        yield _line("  biases", added.biases, "of the FCs, which the paper's count leaves out")
    if rounded:
        where = ", ".join(map(str, rounded))
        why = f"the number of hidden units is rounded where C is {where}"
        yield _line("  rounding", added.parameters - added.biases - paper, why)


def _line(name: str, number: float, words: str) -> str:
    return f"  {name:14}{f'{number:,.1f}'.removesuffix('.0'):>13}   {words}"


def _share(more: int, plain: int) -> str:
    return f"{100 * more / plain:.2f} % of the {plain:,} without"


def _spell(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
