"""Configuration files: what a territory edits, in TOML. A wrong file is told in one sentence that names it."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError


class ConfigurationError(Exception):
    """A configuration file that cannot be used; the message names the file and what is wrong."""


Model = TypeVar("Model", bound=BaseModel)


def read_configuration(path: Path, model: type[Model]) -> Model:
    """The file's content as `model`. An absent file is an empty one: every model has working defaults."""
    try:
        content = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
        return model.model_validate(content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not readable as TOML: {error}") from error
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: {where}: {first['msg']}") from invalid
