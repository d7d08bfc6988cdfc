"""Names that earlier versions wrote into files, and what they are called now. Nothing else reads the old ones."""

from typing import Any

from ..settings import Settings, settings_from_json

# Settings that the first runs do not have, and what these were trained with.
LATER: dict[str, Any] = {"se_bias": True, "attention": "se", "position": "standard", "stages": []}
LATER |= {"momentum": 0.9, "schedule": "cosine", "bn_bias_lr": 1, "lookahead": False, "label_smoothing": 0}
LATER |= {"flip": "random", "shift": 4, "border": "black", "init": "normal", "whitening": "none"}
LATER |= {"train_images": 0, "classes": 10, "image_size": 32}
ATTENTION = {"fc": "se"}
TREES = {"memory": "optimizer_state"}  # of a checkpoint


def current_settings(values: Any) -> Any:
    """The settings of a JSON file of any version, under today's names."""
    if not isinstance(values, dict):
        return values
    values = LATER | values
    if "excite" in values:
        old = values.pop("excite")
        values["attention"] = ATTENTION.get(str(old), old)
    return values


def read_settings(values: Any) -> Settings:
    """The settings of a config.json or a result line of any version; see `settings_from_json`."""
    return settings_from_json(current_settings(values))


def current(record: Any) -> Any:
    """A JSON record with "provenance" where it says "stamp"."""
    if isinstance(record, dict) and "stamp" in record:
        return {"provenance" if name == "stamp" else name: value for name, value in record.items()}
    return record


def current_path(name: str) -> str:
    """The name of an array in a checkpoint: "memory/velocity.w" is "optimizer_state/velocity.w" now."""
    tree, slash, path = name.partition("/")
    return TREES.get(tree, tree) + slash + path
