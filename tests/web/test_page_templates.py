"""Whole pages and what they link: sound, ours alone, and without inline style or script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pooling.web.branding import Territory
from pooling.web.forms import Form
from pooling.web.layout import GroupShown, Layout, Link, Viewer
from pooling.web.templating import PACKAGE, environment
from web.drawing import HOSTILE, parse


def layout() -> Layout:
    return Layout(
        territory=Territory(name=HOSTILE, contact="a@exemple.fr"),
        csrf_token="jeton",
        current_path="/",
        notice=HOSTILE,
        group=GroupShown(HOSTILE, "/g/a"),
        groups=[GroupShown(HOSTILE, "/g/a", current=True), GroupShown("B", "/g/b")],
        person=Viewer(HOSTILE, HOSTILE, "/compte"),
        navigation=[Link(HOSTILE, "/", current=True)],
        breadcrumb=[Link(HOSTILE, None)],
        flash=[{"kind": "info", "text": HOSTILE}],
    )


PAGES: dict[str, dict[str, object]] = {
    "layout.html": {},
    "page_narrow.html": {},
    "error.html": {"error_status": 500, "error_message": HOSTILE, "error_reference": HOSTILE},
    "confirm_page.html": {
        "question": HOSTILE,
        "consequences": [HOSTILE],
        "action_url": "/a",
        "action_label": HOSTILE,
        "cancel_url": "/b",
    },
    "progress_page.html": {
        "job_title": HOSTILE,
        "job_label": HOSTILE,
        "job_done": 1,
        "job_total": 2,
        "job_text": HOSTILE,
    },
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("form", [Form(), Form(errors={"a": "Indiquez a."})], ids=["right", "wrong"])
def test_a_whole_page_is_sound(name: str, form: Form) -> None:
    html = environment().get_template(name).render(layout=layout(), form=form, **PAGES[name])
    assert "<b onclick" not in html
    page = parse(html.replace("<!doctype html>", "", 1))
    assert page.all("html")[0].attributes["lang"] == "fr"
    assert page.all("title")[0].text.startswith("Erreur\u00a0: ") == form.has_errors
    assert page.one(id="contenu").tag == "main"
    assert page.all("a")[0].attributes["href"] == "#contenu"
    sign_out = page.one(action="/deconnexion")
    assert sign_out.attributes["method"] == "post"
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 418, 500, 503])
def test_an_error_page_says_what_to_do(status: int) -> None:
    bare = Layout(territory=Territory(), csrf_token="", current_path="/")
    page = parse(environment().get_template("error.html").render(layout=bare, form=Form(), error_status=status)[15:])
    assert len(page.all("h1")) == 1
    assert page.all("main")[0].text.count(".") >= 2


def templates() -> Iterator[Path]:
    """Those of pages; a mail's styles have to be inline."""
    yield from (path for path in PACKAGE.rglob("templates/**/*.html") if not path.stem.startswith("mail"))


def test_no_template_needs_an_inline_style_or_script() -> None:
    forbidden = re.compile(r"\sstyle\s*=|<style|\son\w+\s*=|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE)
    found = {str(path): match[0] for path in templates() if (match := forbidden.search(path.read_text("utf-8")))}
    assert found == {}


def test_no_page_fetches_anything_from_elsewhere() -> None:
    remote = re.compile(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//|@import""", re.IGNORECASE)
    static = [p for p in (PACKAGE / "web" / "static").rglob("*") if p.suffix in {".css", ".js", ".svg"}]
    assert static
    assert [p for p in [*templates(), *static] if remote.search(p.read_text("utf-8"))] == []


def test_every_colour_is_a_token() -> None:
    static = PACKAGE / "web" / "static"
    sheets = [p for p in static.glob("*.css") if p.name not in {"tokens.css", "print.css"}]
    assert [p.name for p in sheets if re.search(r"#[0-9a-f]{3,8}\b|rgb\(", p.read_text("utf-8"))] == []
    tokens = (static / "tokens.css").read_text("utf-8")
    used = {name for p in sheets for name in re.findall(r"var\((--[\w-]+)\)", p.read_text("utf-8"))}
    assert {name for name in used if f"{name}:" not in tokens} == set()
