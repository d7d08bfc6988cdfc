"""The benchmark counts right, times what it says, and leaves nothing behind. No time is asserted."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from senet_np.bench import convs, growth, loop, machine, nets, photo, profile, timing
from senet_np.bench.suite import Plan, measure
from senet_np.cli import main
from senet_np.fast import conv as fast
from senet_np.fast.workers import Workers
from senet_np.figures.growth import draw_growth
from senet_np.figures.roofline import draw_roofline
from senet_np.nets import tiny
from senet_np.ops import reference
from senet_np.runs import recorder
from senet_np.runs.interchange import to_pytorch
from senet_np.train.loop import gradients

SHAPE = convs.Shape(4, 6, 8)
NARROW = nets.BenchNet("a narrow net", tiny, {"widths": (4,)})


@pytest.fixture(scope="module")
def record():
    """A whole benchmark of small things, and what it printed."""
    lines = []
    small = {
        "nets": ("tiny",),
        "photo_nets": (NARROW,),
        "shapes": (SHAPE,),
        "batch": 6,
        "batches": (1, 3),
        "rounds": 1,
        "seconds": 0,
        "epoch": 256,
    }
    return measure(Plan(workers=2, pytorch=False, loops=False, **small), lines.append), "\n".join(lines)


def test_the_operations_of_the_tiny_net_are_those_of_its_three_convolutions():
    first, second, third = (2 * 9 * side**2 * c_in * c for side, c_in, c in ((32, 3, 32), (16, 32, 64), (8, 64, 128)))
    assert nets.convolution_flops(tiny(), 2) == 2 * (2 * first + 3 * second + 3 * third)


def test_operations_and_traffic_of_a_convolution_are_those_of_the_definition():
    shape = convs.Shape(3, 5, 8, stride=2)
    assert shape.flops(7) == 3 * 2 * 7 * 4 * 4 * 9 * 3 * 5
    assert shape.traffic(7) == 2 * 4 * (7 * 8 * 8 * 3 + 7 * 4 * 4 * 5 + 9 * 3 * 5)


@pytest.mark.parametrize("name", convs.CHOICES)
def test_a_network_gives_the_same_gradients_whichever_kernel_it_is_made_to_use(name):
    net = tiny(widths=(3, 4))
    params, state = net.init(np.random.default_rng(0), np.float64)
    x, labels = np.random.default_rng(1).standard_normal((2, 4, 4, 3)), np.array([1, 2])
    with Workers(1) as pool:
        usual = gradients(net, params, state, x, labels, 2, pool)
        with convs.using(convs.CHOICES[name]):
            forced = gradients(net, params, state, x, labels, 2, pool)
    w, w_forced = (g.grads["stage1"]["conv"]["w"] for g in (usual, forced))
    assert np.allclose(w, w_forced, rtol=1e-9, atol=1e-12)


def test_a_kernel_is_forced_no_longer_than_the_with_statement():
    before = fast.choose
    with convs.using(convs.CHOICES["loops"]):
        assert fast.choose((3, 3, 64, 64), 1, 1) is reference
    assert fast.choose is before


def test_turns_are_taken_in_order_and_the_first_of_each_two_is_not_counted():
    turns = []

    def contender(name):
        return lambda: turns.append(name) or float(len(turns))

    seconds = timing.in_turns({"a": contender("a"), "b": contender("b")}, 2)
    assert turns == ["a", "a", "b", "b"] * 2
    assert seconds == {"a": [2, 6], "b": [4, 8]}


def test_a_ratio_is_taken_round_by_round():
    assert timing.ratio([2, 8, 30], [1, 2, 3]) == {"median": 4, "quartile1": 3, "quartile3": 7}


def test_deviations_are_shares_of_the_whole_and_of_each_parameter():
    with Workers(1) as pool:
        ours = gradients(*nets.step_arguments(NARROW.build(), 4), 4, pool)
    theirs = to_pytorch(ours.grads, {})
    assert nets.compare(ours, ours.loss, theirs) == (0, 0, 0)
    theirs["head.fc.bias"] /= 1.25
    loss, gradient, worst = nets.compare(ours, 2 * ours.loss, theirs)
    assert np.allclose((loss, worst), (0.5, 0.25))
    assert 0 < gradient < 0.25
    with pytest.raises(AssertionError, match=r"head\.fc\.bias"):
        nets.compare(ours, ours.loss, {name: g for name, g in theirs.items() if name != "head.fc.bias"})


def test_mathematics_unlike_pytorchs_stops_the_benchmark():
    with Workers(1) as pool:
        ours = gradients(*nets.step_arguments(NARROW.build(), 4), 4, pool)

        class Opponent:
            def ask(self, function, *args):
                wrong = {name: 1.01 * array for name, array in to_pytorch(ours.grads, {}).items()}
                return (ours.loss, wrong) if function == "gradients" else None

        with pytest.raises(AssertionError, match="not the same mathematics"):
            nets.same_mathematics(NARROW, 4, 4, pool, Opponent())


def test_the_record_holds_every_number_and_can_be_written_as_json(record):
    values, _ = record
    assert json.loads(json.dumps(values)) == values
    rungs, duel = values["nets"]["tiny"]["rungs"], values["nets"]["tiny"]["duel"]
    assert [*rungs][:2] == ["im2col", "im2col in pieces"]
    assert (duel["batch"], duel["micro_batch"]) == (6, 3)
    (conv_record,) = values["convolutions"]
    assert {*conv_record["rates"]} == {"im2col", "im2col in pieces", "Winograd"}
    rates = [*rungs.values(), *(rate["gflops"] for rate in conv_record["rates"].values())]
    assert all(rate > 0 for rate in rates)


def test_the_tables_tell_what_was_measured_and_on_which_machine(record):
    values, text = record
    assert values["machine"]["processor"] in text
    assert "1 thread of its own in each of our 2" in text
    assert all(words in text for words in ("4 → 6, 3×3, 8×8 pixels", "batch 6, micro-batches of 3"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what a process has held")
def test_the_peak_of_memory_is_above_what_was_held_before(record):
    memory = record[0]["nets"]["tiny"]["memory"]
    assert memory["peak_mib"] > memory["before_mib"] > 10


def test_one_photo_is_timed_and_the_memory_of_the_whole_process_told(record):
    (photo_record,) = record[0]["photo"]
    assert photo_record["seconds"]["senet_np"][0] > 0
    assert photo_record["memory"] is None or photo_record["memory"] > 10
    assert "a narrow net: forward pass, one image of 224×224, float32" in record[1]


def test_logits_unlike_pytorchs_stop_the_benchmark():
    assert photo.deviation(np.ones(4), np.ones(4)) == 0
    with pytest.raises(AssertionError, match="not the same mathematics"):
        photo.deviation(np.ones(4), np.full(4, 1.01))


def test_the_loops_are_timed_on_a_corner_and_extrapolated_to_the_whole():
    result = convs.measure(SHAPE, 1, 1, None, loops=True)
    rate = result["rates"]["loops"]
    assert np.isclose(rate["gflops"] * 1e9, rate["images_per_second"] * SHAPE.flops(1))


def test_the_loops_overhead_is_what_lies_between_the_steps():
    before = loop.loop.gradients, recorder.save_snapshot
    result = loop.overhead(workers=1, images=256)
    assert result["step_ms"] > 0
    assert np.isclose(result["share"], result["rest_ms"] / result["step_ms"])
    assert (loop.loop.gradients, recorder.save_snapshot) == before


def test_both_figures_are_drawn(record, tmp_path):
    for draw in (draw_roofline, draw_growth):
        assert draw(record[0], tmp_path / f"{draw.__name__}.png").stat().st_size > 10_000


def test_growth_pairs_each_width_with_one_worker_and_two(record):
    pairs = [(curve["width"], curve["workers"]) for curve in record[0]["growth"]]
    assert pairs == [(width, workers) for width in growth.WIDTHS for workers in growth.WORKERS]


def test_the_ceilings_are_rates():
    assert machine.matrix_peak(1, rounds=1) > 0
    assert machine.memory_peak(2, rounds=1) > 0


def test_an_unknown_part_is_refused_in_one_line(capsys):
    assert main(["bench", "everything"]) == 2
    assert "unknown, expected some of nets, photo, convolutions, growth, loop" in capsys.readouterr().err


@pytest.mark.parametrize("name", nets.NETS)
def test_every_group_of_ops_that_a_network_has_takes_some_of_its_time(name):
    milliseconds = profile.measure(nets.NETS[name].build(), 2, 2)
    assert {group for group, ms in milliseconds.items() if not ms > 0} == (
        set() if name in ("tiny", "sprint") else {"max pooling"}
    )


def test_this_process_never_imports_pytorch(record):
    assert "senet_np.bench.torch_process" not in sys.modules


def test_the_command_takes_as_many_workers_as_this_process_may_have(monkeypatch):
    plans = []
    monkeypatch.setattr("senet_np.fast.cores.default_workers", lambda: 3)
    monkeypatch.setattr("senet_np.bench.suite.measure", lambda plan, _: plans.append(plan) or {})
    assert main(["bench"]) == 0
    assert plans[0].workers == 3
