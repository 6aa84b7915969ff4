"""Which version this is."""

import tomllib
from importlib.metadata import PackageNotFoundError, version

from pooling import PROJECT_ROOT


def installed_version() -> str:
    """Of the package; of its folder where it is run from there, as in the container."""
    try:
        return version("pooling")
    except PackageNotFoundError:
        content = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text("utf-8"))
        return str(content["project"]["version"])
