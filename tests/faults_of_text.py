"""What can be wrong with what is written in words: a run's configuration and log, comparisons, results, commands."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from faults import Fault, Rng, content

ODD = {
    "null": "null",
    "true": "true",
    "a negative number": "-1",
    "a huge number": "1" + "0" * 400,
    "NaN": "NaN",
    "infinity": "-Infinity",
    "a text": '"text"',
    "a list": "[1, 2]",
    "a fraction": "0.5",
    "an object": "{}",
}


def encoded(name: str) -> Fault:
    return content(lambda good, rng: good.decode().encode(name))


WORDS: dict[str, Fault] = {
    "UTF-16": encoded("utf-16"),
    "bytes that are no UTF-8": content(lambda good, rng: good.replace(b"a", b"\xe9", 3)),
    "a byte order mark": content(lambda good, rng: b"\xef\xbb\xbf" + good),
    "zeros between its letters": content(lambda good, rng: good[:20] + b"\0\0\0" + good[20:]),
    "32 MB of spaces": content(lambda good, rng: b" " * (32 << 20) + good),
    "a line of 20 MB": content(lambda good, rng: good + b"#" * (20 << 20)),
    "no end of a line": content(lambda good, rng: good.replace(b"\n", b"")),
    "ends of lines as on Windows": content(lambda good, rng: good.replace(b"\n", b"\r\n")),
}


def _paths(value: Any, path: tuple = ()) -> list[tuple]:
    """The places of all values in JSON."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(deep for key, part in inside for deep in _paths(part, (*path, key)))]


def _set(value: Any, path: tuple, new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    if new is None:
        del value[path[-1]]
    else:
        value[path[-1]] = new


def one_value(odd: str | None) -> Fault:
    """One value somewhere in the JSON (of the first line, where each line is one) is odd; None: it is missing."""

    def change(good: bytes, rng: Rng) -> bytes:
        lines = good.decode().splitlines() if good.count(b"\n{") else [good.decode()]
        said = json.loads(lines[0])
        paths = _paths(said)
        _set(said, paths[rng.integers(len(paths))], None if odd is None else "<odd>")
        lines[0] = json.dumps(said).replace('"<odd>"', odd or "")
        return ("\n".join(lines) + "\n").encode()

    return content(change)


JSON: dict[str, Fault] = {
    **{f"a value that is {name}": one_value(odd) for name, odd in ODD.items()},
    "a value that is missing": one_value(None),
    "a value of a thousand brackets": one_value("[" * 1000 + "]" * 1000),
}


def line(text: str, at: str) -> Fault:
    """Put a line before the one that begins so."""
    return content(lambda good, rng: good.decode().replace(at, f"{text}\n{at}", 1).encode())


def instead(old: str, new: str) -> Fault:
    return content(lambda good, rng: good.decode().replace(old, new).encode())


COMPARISON: dict[str, Fault] = {
    "no seeds": instead("seeds = 2", "seeds = 0"),
    "negative seeds": instead("seeds = 2", "seeds = -3"),
    "a billion seeds": instead("seeds = 2", "seeds = 1000000000"),
    "a seed twice": instead("seeds = 2", "seeds = [1, 1]"),
    "seeds that are words": instead("seeds = 2", 'seeds = ["a"]'),
    "an option that does not exist": instead("epochs = 1", "epoch = 1"),
    "epochs that are a text": instead("epochs = 1", 'epochs = "1"'),
    "a learning rate of nan": instead("epochs = 1", "lr = nan"),
    "a network that does not exist": instead("epochs = 1", 'net = "../evil"'),
    "widths of a billion": instead("epochs = 1", "widths = [1000000000]"),
    "data that does not exist": instead('"shapes"', '"imagenet"'),
    "arms alike": instead("se = false", ""),
    "one arm": instead("[arms.b]", "[settings.b]"),
    "a reference that is no arm": instead('title = "t"', 'title = "t"\nreference = "c"'),
    "a key twice": instead('title = "t"', 'title = "t"\ntitle = "t"'),
    "results that are a folder": instead('"r.jsonl"', '"."'),
    "results that are a device": instead('"r.jsonl"', '"/dev/zero"'),
    "results with a zero in the name": instead('"r.jsonl"', '"a\\u0000b"'),
    "results with a name of 5,000 letters": instead('"r.jsonl"', f'"{"a" * 5000}"'),
    "a nesting of 5,000": instead("epochs = 1", f"epochs = {'[' * 5000}{']' * 5000}"),
}

# Commands that cannot be met, as they are typed; {run} is a run that is there, {out} a place for something new.
COMMANDS: dict[str, str] = {
    "nothing": "",
    "an unknown command": "trane",
    "an unknown option": "train --epoch 1",
    "no epochs": "train --epochs 0",
    "negative epochs": "train --epochs -1",
    "epochs in words": "train --epochs ten",
    "a billion epochs": "train --epochs 1000000000",
    "a fraction of an epoch": "train --epochs 1.5",
    "a learning rate of nan": "train --lr nan",
    "an infinite learning rate": "train --lr inf",
    "a learning rate of 0": "train --lr 0",
    "a negative weight decay": "train --weight-decay -1",
    "a batch of 1": "train --batch-size 1",
    "a batch larger than the data": "train --data shapes --batch-size 99999 --out {out}",
    "a seed of 2**32": "train --seed 4294967296",
    "a negative seed": "train --seed -1",
    "no threads": "train --threads 0",
    "a million threads": "train --threads 1000000",
    "a network that does not exist": "train --net alexnet",
    "data that does not exist": "train --data mnist",
    "a folder that holds no data": "train --data cifar10 --data-dir {here}",
    "data in a device": "train --data cifar10 --data-dir /dev/null",
    "a reduction of 0": "train --reduction 0",
    "a position where there is no shortcut": "train --net tiny --position pre --data shapes --out {out}",
    "resume without a folder": "train --resume",
    "resume of nothing": "train --resume --out {out}",
    "resume and overwrite": "train --resume --overwrite --out {run}",
    "another option than the run's": "train --resume --out {run} --seed 7",
    "a run in a run": "train --data shapes --out {run}",
    "a run below a file": "train --data shapes --out {run}/config.json/x",
    "a run in a device": "train --data shapes --out /dev/null",
    "an empty name": "evaluate ''",
    "a name of 5,000 letters": "evaluate " + "a" * 5000,
    "a run that is not there": "evaluate runs/nowhere",
    "the root as a run": "evaluate /",
    "a name with a line in it": "evaluate 'a\nb'",
    "an ending that is not known": "export {run} {out}.pt",
    "export below a file": "export {run} {run}/config.json/x.npz",
    "import of nothing": "import {here}/nothing.npz --out {out}",
    "import of a checkpoint": "import {run}/checkpoint.npz --out {out}",
    "a comparison that is not there": "compare {here}/nothing.toml",
    "a picture's number that is too large": "explain {run} --image 99999999",
    "a picture that is not there": "explain {run} --image {here}/nothing.jpg",
    "a network of no such name": "explorer no-such-net",
    "ftp": "data --download --url ftp://127.0.0.1/x --data-dir {here}",
    "a file address": "data --download --url file:///etc/hostname --data-dir {here}",
    "a timeout of 0": "data --download --timeout 0",
    "an address without download": "data --url http://127.0.0.1/x",
    "a course over a file": "course {run}/config.json",
    "gradcheck of nothing": "gradcheck no-such-op",
    "describe a width of 0": "describe --widths 0",
    "describe widths in words": "describe --widths a b",
    "bench of nothing": "bench no-such-thing",
    "a bench record in a folder": "bench nets --json {here}",
}


def words_of(command: str, places: Callable[[str], Path]) -> list[str]:
    """The words of a command, its places put in."""
    import shlex

    filled = {name: str(places(name)) for name in ("run", "out", "here")}
    return [word.format(**filled) for word in shlex.split(command)]
