"""The whole benchmark, in order, and the record of it."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from . import convs, growth, loop, machine, nets, photo, profile, report
from .nets import BenchNet
from .pytorch import PyTorch
from .timing import in_fresh_process

PARTS = ("nets", "photo", "convolutions", "growth", "loop")
IMPORTS = ("senet_np", "senet_np.nets", "senet_np.train.loop")
IMAGES = 32  # that go through each single convolution


@dataclass(frozen=True)
class Plan:
    """What to measure, and how long."""

    workers: int
    parts: tuple[str, ...] = PARTS
    nets: tuple[str, ...] = tuple(nets.NETS)
    photo_nets: tuple[BenchNet, ...] = photo.NETS
    batch: int = 128
    micro_batch: int | None = None  # images; None for the default
    rounds: int = 11
    loops: bool = True
    compiled: bool = True
    pytorch: bool = True
    shapes: tuple[convs.Shape, ...] = convs.SHAPES
    batches: tuple[int, ...] = growth.BATCHES
    seconds: float = 1.5  # for each point of the growth
    epoch: int = 6400  # images that the whole loop is measured on

    def opponent(self, threads: int) -> AbstractContextManager[PyTorch | None]:
        """PyTorch with that many threads, where it is wanted and installed."""
        return PyTorch(threads) if self.pytorch and find_spec("torch") else nullcontext()


def measure(plan: Plan, write_line: Callable[[str], None]) -> dict[str, Any]:
    """Measure all that is planned, and write the tables meanwhile; the record has plain values only, fit for JSON."""

    def write(lines: Iterable[str]) -> None:
        for line in lines:
            write_line(line)

    batch, workers, rounds = plan.batch, plan.workers, plan.rounds
    micro_batch = plan.micro_batch or nets.default_micro_batch(batch, workers)
    record: dict[str, Any] = {"rounds": rounds, "machine": machine.describe(workers)}
    record["ceilings"] = {
        name: {"gflops": machine.matrix_peak(t, rounds), "gb_per_second": machine.memory_peak(t, rounds)}
        for name, t in {"one thread": 1, f"{workers} threads": workers}.items()
    }
    one, everyone = (ceiling["gflops"] for ceiling in record["ceilings"].values())

    with plan.opponent(workers) as pytorch:
        record |= {"pytorch": pytorch.version if pytorch else None, "nets": {}}
        write(report.head(record))
        for name in plan.nets if "nets" in plan.parts else ():
            net, loops = nets.NETS[name], plan.loops and name == "tiny"  # one image takes minutes in the others
            few = max(1, rounds // 3)  # the rungs only show the way; the turns with PyTorch decide
            record["nets"][name] = {
                "rungs": in_fresh_process(nets.rungs, net, batch, micro_batch, workers, few, loops),
                "duel": nets.duel(net, batch, micro_batch, workers, rounds, pytorch, plan.compiled),
                "profile": profile.measure(net.build(), batch, micro_batch),
                "memory": in_fresh_process(loop.peak_memory, net, batch, micro_batch, workers),
            }
            write(report.net(net.title, record["nets"][name], everyone))
        write(report.summary(record["nets"]))
        if "photo" in plan.parts:
            record["photo"] = [photo.measure(net, workers, rounds, pytorch) for net in plan.photo_nets]
            write(line for result in record["photo"] for line in report.photo(result))
    if "convolutions" in plan.parts:
        record["convolutions"] = []
        with plan.opponent(1) as pytorch:
            for shape in plan.shapes:
                record["convolutions"].append(convs.measure(shape, IMAGES, rounds, pytorch, plan.loops))
                write(report.convolution(record["convolutions"][-1], one))
    if "growth" in plan.parts:
        record["growth"] = growth.measure(plan.batches, plan.seconds)
        write(report.growth(record["growth"]))
    if "loop" in plan.parts:
        imports = {module: loop.import_milliseconds(module, rounds) for module in IMPORTS}
        record["loop"] = {"overhead": loop.overhead(workers, plan.epoch), "imports": imports}
        write(report.loop(record["loop"]))
    return record
