"""What the explorer's page computes, computed by NumPy: logits and gates, with forced gates."""

import numpy as np

from senet_np.analysis.replace import fixed

CLOSE = 1e-4  # between JavaScript and NumPy


def by_numpy(model, pixels, forced=None):
    """The same in NumPy; forced gates go in block by block, as each changes what the later blocks see."""
    logits, activations = model.run(pixels[None], record=True)
    gates, replaced = {path: s[0].copy() for path, s in activations.gates.items()}, {}
    for path in gates:
        if path in (forced or {}):
            for channel, gate in forced[path]:
                gates[path][channel] = gate
            replaced[path] = gates[path]
            logits, activations = model.run(pixels[None], record=True, replace=fixed(replaced))
            gates |= {later: s[0].copy() for later, s in activations.gates.items()}
    return logits[0], gates


def assert_same(actual, expected):
    logits, gates = expected
    np.testing.assert_allclose(actual["logits"], logits, atol=CLOSE, rtol=0)
    assert actual["gates"].keys() == gates.keys()
    for path, s in gates.items():
        np.testing.assert_allclose(actual["gates"][path], s, atol=CLOSE, rtol=0)
