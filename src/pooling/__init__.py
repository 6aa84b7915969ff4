"""Pooled purchasing between public authorities, from declared needs to who pays what."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
PROJECT_ROOT = PACKAGE.parents[1]
IS_CHECKOUT = (PROJECT_ROOT / "pyproject.toml").is_file() and (PROJECT_ROOT / "migrations").is_dir()
"""Whether the code lies in its repository, where `migrations/` and `config/` stand above it. Installed from a wheel, it
has them within.
"""
BESIDE = PROJECT_ROOT if IS_CHECKOUT else PACKAGE
"""The folder that holds `migrations/` and `config/`."""


def data_folder(name: str) -> Path:
    """Where data are kept that nobody gave a place: in the repository, else in the user's own folder for such."""
    if IS_CHECKOUT:
        return PROJECT_ROOT / "var" / name
    from platformdirs import user_data_path  # noqa: PLC0415 - a checkout does without

    return user_data_path("pooling") / name
