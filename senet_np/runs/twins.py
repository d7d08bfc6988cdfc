"""The plain twin of a model: the same network trained without SE, on the same data with the same settings and seed.

What replaced gates cost a network with SE is not what SE is worth: the twin had to do without from the start.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..errors import SenetError
from ..model import Metadata, Model
from ..nets.attention import AttentionSettings
from ..settings import Settings
from .bundled import load_bundled, names
from .run import open_run


def plain_twin(model: Model) -> Metadata | None:
    """The metadata, with the test result, of a model's plain twin; None where there is none that is trained to its end.

    It is looked for among the runs beside the model's own, and among the bundled models.
    """
    wanted, data = _without_se(model.settings), model.metadata.data.fingerprint
    for settings, metadata in _candidates(Path(model.metadata.name).parent):
        if metadata.result and (_without_se(settings), metadata.data.fingerprint) == (wanted, data):
            return metadata
    return None


def _without_se(settings: Settings) -> Settings:
    return replace(settings, se=False, **vars(AttentionSettings()))


def _candidates(folder: Path) -> Iterator[tuple[Settings, Metadata]]:
    """Settings and metadata of the models without SE that can be read."""
    for config in sorted(folder.glob("*/config.json")):
        with suppress(SenetError):  # it is damaged, or something else
            run = open_run(config.parent)
            if run.result and not run.settings.se:
                yield run.settings, run.model().metadata
    for name in names():
        with suppress(SenetError):
            model = load_bundled(name)
            if not model.settings.se:
                yield model.settings, model.metadata
