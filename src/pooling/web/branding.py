"""A territory's own name, logo and colours, from `config/branding.toml`."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from pooling.kernel.configuration import read_configuration

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class Colours(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    primary: Colour | None = None
    primary_strong: Colour | None = None
    primary_dark: Colour | None = None
    """In place of `primary` where the reader asks for a dark page."""
    accent: Colour | None = None


class Territory(BaseModel):
    """What the header and the footer of every page show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "Achats groupés"
    contact: str = ""
    """An e-mail address or a sentence: who to ask."""
    logo: Path | None = None
    """An SVG or PNG file, relative to the configuration folder."""
    colours: Colours = Colours()

    @property
    def logo_url(self) -> str:
        return "/static/logo.svg" if self.logo is None else "/branding/logo"

    def stylesheet(self) -> str:
        """The custom properties that this territory overrides."""
        given = self.colours.model_dump(exclude_none=True)
        lines = [f"  --color-{name.replace('_', '-')}: {colour};" for name, colour in given.items()]
        return ":root {\n" + "\n".join(lines) + "\n}\n" if lines else ""


def read_territory(config_dir: Path) -> Territory:
    return read_configuration(config_dir / "branding.toml", Territory)


LOGO_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}
_ACTIVE_SVG = re.compile(rb"<script|\son\w+\s*=|javascript:", re.IGNORECASE)


def logo_content(config_dir: Path, territory: Territory) -> tuple[bytes, str] | None:
    """The territory's logo and its media type; None when it is not a picture that can be served safely."""
    if territory.logo is None:
        return None
    path = config_dir / territory.logo
    media_type = LOGO_TYPES.get(path.suffix.lower())
    if media_type is None or not path.is_file():
        return None
    content = path.read_bytes()
    return None if _ACTIVE_SVG.search(content) else (content, media_type)
