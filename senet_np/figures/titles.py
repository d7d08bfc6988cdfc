"""What each figure found, in one sentence made of its numbers.

A title must be able to say the opposite: each is tested with findings that contradict the paper's.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from ..analysis.gates import BINS, GateStatistics
from ..analysis.health import Diagnosis
from ..analysis.hidden import HiddenStatistics
from ..analysis.interventions import ALL, Controls
from ..analysis.pruning import Pruning
from ..analysis.specificity import Shares
from .style import short

SHOWN = 4  # as many numbers in a row, at most
PRUNED = 0.3  # the share of channels that the title about pruning speaks of


def curves(epochs: list[dict]) -> str:
    """How far validation came."""
    last = epochs[-1]
    return f"Validation accuracy {100 * last['val_accuracy']:.1f} % after epoch {last['epoch']}"


def one_block(path: str, stats: GateStatistics) -> str:
    """Whether classes or images of a class differ more."""
    between, within = float(stats.between.mean()), float(stats.within.mean())
    more, less = ("images of one class", within), ("the classes' means", between)
    if between > within:
        more, less = less, more
    return (
        f"{short(path)}: the {len(stats.overall_mean)} gates differ more between {more[0]} (sd {more[1]:.3f}) "
        f"than between {less[0]} (sd {less[1]:.3f}); both averaged over channels"
    )


def profiles(stats: Mapping[str, GateStatistics]) -> str:
    """How far the classes' curves lie apart, early and late."""
    apart = {path: float(block.between.mean()) for path, block in stats.items()}
    first, *_, last = [*apart, *apart]
    if len(apart) == 1:
        return f"The classes' mean gates lie {apart[first]:.3f} apart (sd between classes, mean over channels)"
    return (
        f"The classes' mean gates lie {apart[first]:.3f} apart in {short(first)} and {apart[last]:.3f} in "
        f"{short(last)} (sd between classes, mean over channels)"
    )


def shares(found: Mapping[str, Shares]) -> str:
    """Whether "low is generic, high is specific" holds here."""
    parts = {path: share.class_ for path, share in found.items()}
    return f"The class explains {_row(parts)} of the variance of the gates: {rising(parts)}"


def rising(parts: Mapping[str, float]) -> str:
    """In words, whether numbers rise from the first block to the last, and where they do not."""
    values, names = [*parts.values()], [*parts]
    if len(values) == 1:
        return "one block alone has no depth"
    falls = [short(names[k]) for k in range(1, len(values)) if values[k] < values[k - 1]]
    if not falls:
        return "it rises with depth all along"
    where = "it falls at " + (" and ".join(falls) if len(falls) < SHOWN else f"{len(falls)} of {len(values) - 1} steps")
    if values[-1] > values[0]:
        return f"more in the last block than in the first, but not all along: {where}"
    return f"it does not rise with depth: {where}"


def controls(found: Controls) -> str:
    """What the same gates for every image cost, in all blocks."""
    place = ALL if ALL in found.correct else next(iter(found.correct))
    where = "all blocks" if place == ALL else short(place)
    learned, mean = found.learned / found.n, found.correct[place]["mean"] / found.n
    noise = np.sqrt((learned * (1 - learned) + mean * (1 - mean)) / found.n)  # an upper bound: the images are the same
    verdict = "it matters that gates look at the image" if learned - mean > 2 * noise else "no difference seen"
    return (
        f"With each channel's mean gate in {where}, {100 * mean:.1f} % are right in place of {100 * learned:.1f} %: "
        f"{verdict}"
    )


def pruning(found: Pruning) -> str:
    """Whether a small gate marks a channel that can go."""
    at = int(np.argmin(np.abs(found.shares - PRUNED)))
    low, random = 100 * float(found.lowest["mean gate"][at]), 100 * found.random[:, at]
    marks = "a small gate is no sign of a channel that can go"
    if low > random.max():
        marks = "a small gate marks a channel that can go"
    elif low < random.min():
        marks = "the channels of small gates are needed more than others"
    return (
        f"Without the {100 * found.shares[at]:.0f} % of channels of the smallest mean gate {low:.0f} % are right, "
        f"without as many at random {random.min():.0f} to {random.max():.0f} %: {marks}"
    )


def distribution(found: Mapping[str, Diagnosis]) -> str:
    """Whether any block is dead or saturated."""
    words = {short(path): this.verdict.partition(":")[0] for path, this in found.items()}
    ends = {path: this.shut + this.open for path, this in found.items()}
    ill = " and ".join(f"{name} is {word}" for name, word in words.items() if word != "alive")
    state = ill or "no block is dead or saturated"
    return f"{_row(ends)} of the gates are shut or open all the way; {state}"


def moments(found: Mapping[int, Mapping[str, np.ndarray]], limits: tuple[float, float]) -> str:
    """Where gates begin and where they end."""
    middles = (np.arange(BINS) + 0.5) / BINS * (limits[1] - limits[0]) + limits[0]

    def spread(gates: Mapping[str, np.ndarray]) -> str:
        means = [share @ middles for share in gates.values()]
        sds = [np.sqrt(share @ (middles - mean) ** 2) for share, mean in zip(gates.values(), means, strict=True)]
        return f"{np.mean(means):.2f} ± {np.mean(sds):.2f}"

    steps = [*found]
    begin, end = spread(found[steps[0]]), spread(found[steps[-1]])
    return f"Gates begin at {begin} and are at {end} after {steps[-1]:,} steps (mean ± sd, averaged over blocks)"


def weights(blocks: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> str:
    """Whether a channel that is strong opens its own gate."""
    own = {path: float((np.einsum("ch,hc->c", w1, w2) > 0).mean()) for path, (w1, w2) in blocks.items()}
    return f"{_row(own)} of the channels tend to open their own gate (the diagonal of W₂W₁ is positive; ReLU left out)"


def hidden(found: Mapping[str, HiddenStatistics]) -> str:
    """How many units speak for a class."""
    speaks, units = sum(int(u.speaks.sum()) for u in found.values()), sum(len(u.dead) for u in found.values())
    dead = sum(int(u.dead.sum()) for u in found.values())
    last = [*found][-1]
    return (
        f"{speaks} of {units} hidden units are twice as strong for one class as on the whole "
        f"({short(last)}: {found[last].speaks.sum()} of {len(found[last].dead)}); {dead or 'none'} dead"
    )


def _row(parts: Mapping[str, float]) -> str:
    """'6, 3 and 13 %', from early to late; first, least, most and last where there are many."""
    if len(parts) <= SHOWN:
        return _listed(f"{100 * value:.0f}" for value in parts.values()) + " %"
    names, values = [*parts], np.array([*parts.values()])
    low, high = int(values.argmin()), int(values.argmax())
    return f"{100 * values[low]:.0f} % ({short(names[low])}) to {100 * values[high]:.0f} % ({short(names[high])})"


def _listed(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
