"""One function loads every trained model: that of a run, and the bundled ones."""

from pathlib import Path

from ..errors import SenetError
from ..model import Model
from .bundled import load_bundled, names
from .run import open_run


def load(name: str | Path) -> Model:
    """Load a trained model, its weights float32; of a run as the last checkpoint has it.

    Args:
        name: a run's folder, or the name of a bundled model such as "tiny-se". A folder that holds a run comes first.

    Raises:
        SenetError: there is no such run or model, or its files cannot be read.
    """
    path, has_run = Path(name), (Path(name) / "config.json").exists()
    if not has_run and str(name) in names():
        return load_bundled(str(name))
    try:
        return open_run(path).model()
    except SenetError as error:
        if has_run:
            raise
        raise SenetError(f"{error}; or name a bundled model: {', '.join(names())}") from error
