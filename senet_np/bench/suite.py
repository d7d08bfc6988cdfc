"""The benchmark from its first figure to its last, and the record of it."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from . import convs, growth, loop, machine, nets, profile, report
from .pytorch import PyTorch, is_installed

PARTS = ("nets", "convolutions", "growth", "loop")
IMPORTS = ("senet_np", "senet_np.nets", "senet_np.training.loop")
PICTURES = 32  # of each single convolution


@dataclass(frozen=True)
class Plan:
    """What to measure, and how long."""

    threads: int
    parts: tuple[str, ...] = PARTS
    nets: tuple[str, ...] = tuple(nets.NETS)
    batch: int = 128
    micro_batch: int | None = None
    rounds: int = 11
    loops: bool = True
    compiled: bool = True
    pytorch: bool = True
    shapes: tuple[convs.Shape, ...] = convs.SHAPES
    batches: tuple[int, ...] = growth.BATCHES
    seconds: float = 1.5  # for each point of the growth

    @property
    def pieces(self) -> int:
        """Images in a micro-batch."""
        return self.micro_batch or nets.default_micro_batch(self.batch, self.threads)


def measure(plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure all that is planned.

    Args:
        plan: what, and how.
        say: told line by line what came out.

    Returns:
        The record: plain values only, fit for JSON.
    """

    def tell(lines: Iterable[str]) -> None:
        for line in lines:
            say(line)

    # First, before anything has asked the C library to keep freed memory: that would be for good.
    problems = {name: nets.make_problem(nets.NETS[name](), plan.batch) for name in plan.nets if "nets" in plan.parts}
    few = max(1, plan.rounds // 3)  # the rungs tell the story; the turns with PyTorch decide
    loops = plan.loops and "tiny" in problems  # one image through the others would take minutes
    plain = {name: nets.rungs_before(p, few, loops and name == "tiny") for name, p in problems.items()}
    record: dict[str, Any] = {"rounds": plan.rounds, "machine": machine.describe(plan.threads)}
    everyone = f"{plan.threads} threads"
    record["ceilings"] = {name: _ceiling(t, plan.rounds) for name, t in (("one thread", 1), (everyone, plan.threads))}
    one, all_threads = record["ceilings"]["one thread"], record["ceilings"][everyone]

    with PyTorch(plan.threads) if plan.pytorch and is_installed() else nullcontext() as pytorch:
        record["pytorch"] = pytorch.version if pytorch else None
        tell(report.head(record))
        record["nets"] = {}
        for name, problem in problems.items():
            pieces = plan.pieces
            record["nets"][name] = {
                "rungs": plain[name] | nets.rungs_after(problem, pieces, plan.threads, few),
                "duel": nets.duel(problem, pieces, plan.threads, plan.rounds, pytorch, plan.compiled),
                "profile": profile.measure(problem, pieces),
                "memory": loop.peak_memory(name, plan.batch, pieces, plan.threads),
            }
            tell(report.net(name, record["nets"][name], all_threads["gflops"]))
        tell(report.summary(record["nets"]))
    if "convolutions" in plan.parts:
        record["convolutions"] = []
        with PyTorch(1) if plan.pytorch and is_installed() else nullcontext() as pytorch:
            for shape in plan.shapes:
                result = convs.measure(shape, PICTURES, plan.rounds, pytorch, plan.loops)
                record["convolutions"].append(result)
                tell(report.convolution(result, one["gflops"]))
    if "growth" in plan.parts:
        record["growth"] = growth.measure(plan.batches, seconds=plan.seconds)
        tell(report.growth(record["growth"]))
    if "loop" in plan.parts:
        imports = {what: loop.import_milliseconds(what, plan.rounds) for what in IMPORTS}
        record["loop"] = {"overhead": loop.overhead(plan.threads), "imports": imports}
        tell(report.loop(record["loop"]))
    return record


def _ceiling(threads: int, rounds: int) -> dict[str, float]:
    return {"gflops": machine.matrix_peak(threads, rounds), "gb_per_second": machine.memory_peak(threads, rounds)}
