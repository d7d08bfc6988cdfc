"""What can be wrong with what is written in words: a run's configuration and log, comparisons, results, commands."""

import functools
import json
import operator
from typing import Any

from faults import HUGE, Fault, Rng, content

MISSING: Any = object()
NESTED = json.loads("[" * 300 + "]" * 300)
INFINITY = float("inf")


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The paths of all values in JSON."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(deep for key, part in inside for deep in places(part, (*path, key)))]


def with_values(changes: dict[str, Any], line: int = 0) -> Fault:
    """JSON (a line of it, where each line is one) with other values, by their paths; "" is somewhere."""

    def apply(good: bytes, rng: Rng) -> bytes:
        lines = good.decode().splitlines() if good.count(b"\n{") else [good.decode()]
        whole = json.loads(lines[line])
        for path, new in changes.items():
            *way, last = path.split(".") if path else places(whole)[rng.integers(len(places(whole)))]
            parent = functools.reduce(operator.getitem, way, whole)
            parent[last] = new
            if new is MISSING:
                del parent[last]
        lines[line] = json.dumps(whole)
        return ("\n".join(lines) + "\n").encode()

    return content(apply)


# What any text, and any JSON, may be.
TEXT: dict[str, Fault] = {
    "UTF-16": content(lambda good, rng: good.decode().encode("utf-16")),
    "bytes that are no UTF-8": content(lambda good, rng: good.replace(b"a", b"\xe9", 3)),
    "a byte order mark": content(lambda good, rng: b"\xef\xbb\xbf" + good),
    "zeros between its letters": content(lambda good, rng: good[:20] + b"\0\0\0" + good[20:]),
    "32 MB of spaces": content(lambda good, rng: b" " * (32 << 20) + good),
    "a line of 20 MB": content(lambda good, rng: good + b"#" * (20 << 20)),
    "no end of a line": content(lambda good, rng: good.replace(b"\n", b"")),
    "ends of lines as on Windows": content(lambda good, rng: good.replace(b"\n", b"\r\n")),
}
ODD = {"null": None, "true": True, "negative": -1, "huge": HUGE, "NaN": float("nan"), "infinite": INFINITY, "0.5": 0.5}
ODD |= {"a text": "text", "a list": [1, 2], "an object": {}, "deeply nested": NESTED, "missing": MISSING}
JSON = {f"a value that is {name}": with_values({"": odd}) for name, odd in ODD.items()}

# What makes no sense in its place.
NONSENSE = {
    **{f"settings.{name}": [HUGE] for name in ("epochs", "seed", "reduction", "weight_decay")},
    **{"settings.lr": [HUGE, INFINITY], "settings.batch_size": [HUGE, 1], "data.provenance": ["\ud800"]},
    **{"data.classes": [["a", "b"], ["\x1b[31m"] * 10], "data.images": [{}]},
    **{"data.std": [[1e-300] * 3], "data.mean": [[1e300] * 3]},
}
CONFIG = {f"{path} = {str(new)[:30]!a}": with_values({path: new}) for path, news in NONSENSE.items() for new in news}
CONFIG["a giant network"] = with_values({"settings.net": "resnet110", "settings.widths": [4096] * 3})
LOGGED = {"kind": [[]], "correct": [HUGE, -5], "n": [INFINITY], "test_loss": [HUGE]}
LOG = {f"{name} = {str(new)[:30]}": with_values({name: new}, -1) for name, news in LOGGED.items() for new in news}

# What a comparison may say instead of a piece of the good one.
PIECES = {
    "seeds = 2": ["seeds = 0", "seeds = -3", "seeds = 1000000000", "seeds = [1, 1]", 'seeds = ["a"]'],
    "epochs = 1": ["epoch = 1", 'epochs = "1"', "lr = nan", 'net = "../evil"', "widths = [1000000000]"],
    " = 1": [f" = {'[' * 5000}{']' * 5000}"],
    "[arms.b]": ["[settings.b]", "".join(f"[arms.a{k}]\nepochs = {k + 1}\n" for k in range(30_000))],
    'title = "t"': ['title = "t"\nreference = "c"', 'title = "t"\ntitle = "t"'],
    '"r.jsonl"': ['"."', '"/dev/zero"', '"a\\u0000b"', f'"{"a" * 5000}"'],
    '"shapes"': ['"imagenet"'],
    "se = false": ["se = true"],
}
COMPARISON = {
    f"{old} → {new:.40}": content(lambda good, rng, old=old, new=new: good.decode().replace(old, new).encode())
    for old, news in PIECES.items()
    for new in news
}

# Commands that cannot be met, as they are typed: {run} is a run, {new} a place for something new, {here} the folder.
# After " | " stands what may follow the command's name instead.
COMMANDS = """
trane
train --epoch 1 | --epochs 0 | --epochs ten | --epochs 1.5 | --epochs 1000000000 | --lr nan | --lr inf | --lr 0
train --weight-decay -1 | --batch-size 1 | --batch-size 99999 --data shapes --out {new} | --seed -1 | --seed 4294967296
train --workers 0 | --workers 1000000 | --threads 2 | --attention fc | --net alexnet | --reduction 0
train --net tiny --data shapes --out {new} --position pre | --data mnist | --data cifar10 --data-dir {here}
train --data cifar10 --data-dir /dev/null | --data shapes --out {run} | --data shapes --out {run}/config.json/x
train --data shapes --out /dev/null | --data shapes --out ~nobody9/x | --resume | --resume --out {new}
train --resume --overwrite --out {run} | --resume --out {run} --seed 7
evaluate '' | {long} | {lines} | runs/nowhere | /
export {run} {new}.pt | {run} {run}/config.json/x.npz | {run} ~nobody9/x.npz
import --out {new} {here}/nothing.npz | --out {new} {run}/checkpoint.npz
compare {here}/nothing.toml | ~nobody9/x.toml
explain {run} --image 99999999 | {run} --image {here}/nothing.jpg | {run} --image ~nobody9/x.png
explorer no-such-net
data --download --data-dir {here} --url ftp://127.0.0.1/x | --download --data-dir {here} --url file:///etc/hostname
data --download --timeout 0 | --url http://127.0.0.1/x
course {run}/config.json
gradcheck no-such-op
describe --widths 0 | --widths a,b
bench no-such-thing | nets --json {here}
"""
