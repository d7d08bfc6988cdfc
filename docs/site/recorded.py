"""Sliders without a kernel: a stand-in for ipywidgets' `interact` that records what is shown in each of its states.

It runs in the notebook's kernel while the site is built. static/recorded.js shows the recorded states one at a time.
"""

import json
from collections.abc import Callable
from html import escape
from itertools import product
from math import prod
from typing import Any

MAX_STATES = 16  # of one `interact`, where its controls are combined
MAX_VALUES = 7  # of one control, where they are moved one at a time
MIME = ("image/png", "text/html", "text/plain")  # in the order in which they are preferred


def install() -> None:
    """Put `record` in place of ipywidgets' interact."""
    import ipywidgets

    ipywidgets.interact = record


def record(function: Callable[..., Any], **controls: Any) -> None:
    """Call a function in every state of its controls, and display all of them with the controls above.

    Where there are too many states, the controls move one at a time: the others are where they were at the start.
    """
    from IPython.display import HTML, display

    choices, one_at_a_time = _choices(controls)
    first = tuple(start for _, start in choices.values())
    keys = product(*(range(len(values)) for values, _ in choices.values()))
    if one_at_a_time:
        keys = (key for key in keys if sum(k != start for k, start in zip(key, first, strict=True)) <= 1)
    states = []
    for key in keys:
        chosen = {name: values[k] for k, (name, (values, _)) in zip(key, choices.items(), strict=True)}
        hidden = "" if key == first else " hidden"
        name = "-".join(map(str, key))
        states.append(f'<div class="state" data-key="{name}"{hidden}>{_shown(function, chosen)}</div>')
    heads = "".join(_control(name, values, start) for name, (values, start) in choices.items())
    kind = "recorded alone" if one_at_a_time else "recorded"
    display(HTML(f'<div class="{kind}"><div class="controls">{heads}</div>{"".join(states)}</div>'))


def _choices(controls: dict[str, Any]) -> tuple[dict[str, tuple[list[Any], int]], bool]:
    """{name: (its values, the number of the one at the start)}, and whether they move one at a time."""
    options = {name: [*control.options] for name, control in controls.items() if hasattr(control, "options")}
    sliders = len(controls) - len(options)
    room = MAX_STATES // prod(map(len, options.values()))
    each = int(room ** (1 / sliders)) if sliders else 1
    one_at_a_time = len(controls) > 1 and (not room or (sliders > 0 and each < 4))
    found = {}
    for name, control in controls.items():
        values = options.get(name) or _spread(control, MAX_VALUES if one_at_a_time else each)
        found[name] = values, values.index(control.value)
    return found, one_at_a_time


def _spread(slider: Any, n: int) -> list[Any]:
    """At most n values of a slider, evenly spread, with the one at its start and both ends among them."""
    steps = round((slider.max - slider.min) / slider.step)
    picked = {round(k * steps / (n - 1)) for k in range(n)} if steps >= n else {*range(steps + 1)}
    start = round((slider.value - slider.min) / slider.step)
    picked.discard(min(picked - {0, steps}, key=lambda k: abs(k - start), default=start))
    values = [slider.min + k * slider.step for k in sorted({*picked, start})]
    return [slider.value if k == start else round(v, 10) for k, v in zip(sorted({*picked, start}), values, strict=True)]


def _shown(function: Callable[..., Any], chosen: dict[str, Any]) -> str:
    """What a call displays and prints, as HTML."""
    from IPython.utils.capture import capture_output
    from matplotlib_inline.backend_inline import show as show_figures

    with capture_output() as captured:
        result = function(**chosen)
        show_figures(True)
    parts = [f"<pre>{escape(captured.stdout)}</pre>"] if captured.stdout else []
    for output in captured.outputs:
        kind = next(kind for kind in MIME if kind in output.data)
        data = output.data[kind]
        if kind == "image/png":
            parts.append(f'<img alt="what the notebook draws here" src="data:image/png;base64,{_text(data)}">')
        else:
            parts.append(data if kind == "text/html" else f"<pre>{escape(data)}</pre>")
    return "".join(parts) + (f"<pre>{escape(repr(result))}</pre>" if result is not None else "")


def _text(data: Any) -> str:
    from base64 import b64encode

    return b64encode(data).decode() if isinstance(data, bytes) else data.replace("\n", "")


def _control(name: str, values: list[Any], start: int) -> str:
    if all(isinstance(value, str) for value in values):
        options = "".join(
            f'<option value="{k}"{" selected" if k == start else ""}>{escape(value)}</option>'
            for k, value in enumerate(values)
        )
        return f"<label>{escape(name)} <select>{options}</select></label>"
    shown = escape(json.dumps([f"{value:g}" for value in values]))
    return (
        f'<label>{escape(name)} <input type="range" min="0" max="{len(values) - 1}" value="{start}" '
        f'data-values="{shown}"> <output>{values[start]:g}</output></label>'
    )
