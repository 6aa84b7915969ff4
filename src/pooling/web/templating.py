"""Jinja: one environment; a feature's templates are found under its own name (`needs/declare.html`)."""

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from pooling.web import typography

PACKAGE = Path(__file__).resolve().parents[1]
STATIC = PACKAGE / "web" / "static"


@cache
def environment() -> Environment:
    features = {
        folder.parent.name: FileSystemLoader(folder)
        for folder in sorted(PACKAGE.glob("*/templates"))
        if folder.parent.name != "web"
    }
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(PACKAGE / "web" / "templates"), PrefixLoader(features)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # each template of each page would be looked for on the disk
    )
    made.globals["static"] = static_url
    made.filters.update(typography.FILTERS)
    made.globals.update(typography.FILTERS)
    return made


def page_of(template: str, **context: object) -> str:
    """What a browser or a mail program shows."""
    return typography.typo_html(environment().get_template(template).render(**context))


@cache
def static_url(name: str) -> str:
    """The address of a static file, which changes with its content, so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"
