"""Configuration files: what a territory edits, in TOML. A wrong file is told in one sentence that names it."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator


class ConfigurationError(Exception):
    """A configuration file that cannot be used; the message names the file and what is wrong."""


class Dated(BaseModel):
    """Something that the law says, the days on which it holds, and where it says so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    valid_from: date
    valid_to: date | None = None
    source: str = Field(min_length=1)
    to_confirm: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to stands before valid_from")
        return self

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


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
