"""The benchmark as tables, line by line."""

from collections.abc import Iterator
from statistics import geometric_mean, median
from typing import Any


def head(record: dict[str, Any]) -> Iterator[str]:
    """What it was measured on, and the ceilings."""
    m = record["machine"]
    yield f"machine   {m['processor']}, {m['cores']} cores; {m['system']}, Python {m['python']}, NumPy {m['numpy']}"
    yield f"BLAS      {m['blas']}, {m['blas_threads']} thread of its own in each of our {m['workers']} {m['kind']}"
    yield f"PyTorch   {record['pytorch'] or 'not installed (pip install torch==2.13.0): nothing to compare with'}"
    for name, c in record["ceilings"].items():
        yield f"ceiling   {name}: matrix product {c['gflops']:.0f} GFLOP/s, memory {c['gb_per_second']:.0f} GB/s"
    yield "GFLOP/s   counts what the convolutions need by definition; Winograd needs less, so it can pass the ceiling"


def net(title: str, result: dict[str, Any], peak: float) -> Iterator[str]:
    """One network's rungs, then the duel."""
    duel, n = result["duel"], result["duel"]["batch"]
    yield f"\n{title}: training step, batch {n}, micro-batches of {duel['micro_batch']}, float32"
    yield f"  {duel['parameters']:,} parameters; convolutions {duel['gflop']:.1f} GFLOP per step"
    yield f"  {'':58} {'ms':>8} {'images/s':>9} {'GFLOP/s':>8} {'of peak':>8}"
    medians = {form: n / median(seconds) for form, seconds in duel["seconds"].items()}
    for heading, rates in (("step by step", result["rungs"]), ("in turns", medians)):
        yield f"  {heading}"
        for form, rate in rates.items():
            gflops = rate * duel["gflop"] / n
            yield f"    {form:56} {1000 * n / rate:8.1f} {rate:9.1f} {gflops:8.1f} {gflops / peak:8.0%}"
    for form, failure in duel.get("not available", {}).items():
        yield f"    {form:56} not available: {failure}"
    if "deviation" in duel:
        shares = ", ".join(f"{name} {share:.0e}" for name, share in duel["deviation"].items())
        yield f"  same mathematics as PyTorch over the same micro-batches, largest deviations: {shares}"
    for kind in ("eager", "compiled"):
        if kind in duel:
            yield _against(duel[kind])
    total = sum(result["profile"].values())
    shares = ", ".join(f"{group} {ms / total:.0%}" for group, ms in result["profile"].items())
    yield f"  where the time goes, one thread: {shares} of {total:.0f} ms"
    if m := result["memory"]:
        yield f"  resident memory: {m['peak_mib']:.0f} MiB at its peak, {m['before_mib']:.0f} MiB before the first step"


def _against(r: dict[str, Any]) -> str:
    """The ratio to one form of PyTorch."""
    spread = f"middle half of the rounds {r['quartile1']:.2f} to {r['quartile3']:.2f}"
    return f"  {r['median']:.2f} × {r['fastest']} ({spread})"


def photo(result: dict[str, Any]) -> Iterator[str]:
    """One image through one of the large networks."""
    yield f"\n{result['net']}: forward pass, one image of 224×224, float32; {result['parameters']:,} parameters"
    for form, seconds in result["seconds"].items():
        yield f"    {form:56} {1000 * median(seconds):8.1f} ms"
    if "eager" in result:
        yield f"  same mathematics as PyTorch, logits deviate by {result['deviation']:.0e} of their length"
        yield _against(result["eager"])
    if result["memory"]:
        yield f"  resident memory of the whole process: {result['memory']:.0f} MiB at its peak"


def summary(nets: dict[str, Any]) -> Iterator[str]:
    """The ratios, in one line each."""
    for kind in ("eager", "compiled"):
        ratios = {name: result["duel"][kind]["median"] for name, result in nets.items() if kind in result["duel"]}
        if ratios:
            mean = geometric_mean(ratios.values())
            each = ", ".join(f"{name} {r:.2f}" for name, r in ratios.items())
            yield f"\nspeed against the fastest form of PyTorch {kind}: {each}; geometric mean {mean:.2f}"


def convolution(result: dict[str, Any], peak: float) -> Iterator[str]:
    """One shape."""
    yield f"\nconvolution {result['shape']}: forward and backward, one thread; chosen: {result['chosen']}"
    for name, rate in result["rates"].items():
        note = "  (extrapolated from a corner of 8×8 pixels and channels)" if name == "loops" else ""
        speed = f"{rate['images_per_second']:10.1f} images/s {rate['gflops']:10.3f} GFLOP/s"
        yield f"    {name:24} {speed} {rate['gflops'] / peak:7.1%} of peak{note}"


def growth(curves: list[dict[str, Any]]) -> Iterator[str]:
    """Images per second, one line per curve."""
    yield "\ntiny SE-CNN, training step, images/s"
    yield "    batch          " + " ".join(f"{batch:6}" for batch in curves[0]["batches"])
    for curve in curves:
        rates = " ".join(f"{rate:6.0f}" for rate in curve["images_per_second"])
        yield f"    ×{curve['width']}, {curve['workers']} worker{'s' if curve['workers'] > 1 else ' '}   {rates}"


def loop(result: dict[str, Any]) -> Iterator[str]:
    """The rest of a run."""
    o = result["overhead"]
    yield f"\nwhole loop, tiny SE-CNN, defaults for CIFAR-10: step {o['step_ms']:.1f} ms per minibatch;"
    yield f"augmentation, optimizer and logging {o['rest_ms']:.1f} ms ({o['share']:.1%} of the step)"
    for module, milliseconds in result["imports"].items():
        yield f"import {module}: {milliseconds:.1f} ms more than import numpy alone"
