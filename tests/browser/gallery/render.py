"""Development only: draws sample pages, photographs them and runs axe on each.

`python tests/browser/gallery/render.py OUT [PAGE…]` writes PNG and PDF files in OUT. It ends with status 1
when axe, the content security policy or the width of a page is unhappy.
"""

import mimetypes
import sys
from dataclasses import dataclass
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from playwright.sync_api import Browser, Page, Route, sync_playwright

from browser.gallery.samples import pages
from pooling.web.forms import Form
from pooling.web.templating import STATIC, environment

HOST = "http://gallery.test"
POLICY = "default-src 'none'; " + "; ".join(
    f"{kind} 'self'" for kind in ("style-src", "script-src", "img-src", "connect-src", "form-action")
)
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--headless", "--no-sandbox", "--disable-background-networking", "--disable-component-update"]


@dataclass(frozen=True)
class View:
    name: str
    width: int
    height: int
    dark: bool = False
    scale: float = 1


VIEWS = (
    View("wide", 1280, 900),
    View("narrow", 320, 700),
    View("dark", 1280, 900, dark=True),
    View("narrow-dark", 320, 700, dark=True),
    View("zoom", 640, 450, scale=2),
    View("tablet", 820, 1100),
)


def gallery_environment() -> Environment:
    loader = environment().loader
    assert loader is not None
    return environment().overlay(loader=ChoiceLoader([FileSystemLoader(Path(__file__).with_name("pages")), loader]))


def serve(page: Page, html: str) -> None:
    """Answers the page and its static files from memory, under the policy of the real service."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(HOST).split("?")[0]
        headers = {"Content-Security-Policy": POLICY}
        file = STATIC / path.removeprefix("/static/")
        if path.startswith("/static/") and file.is_file():
            content_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            route.fulfill(body=file.read_bytes(), content_type=content_type, headers=headers)
        elif path == "/branding.css":
            route.fulfill(body="", content_type="text/css", headers=headers)
        else:
            route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=headers)

    page.route("**/*", answer)


def photograph(browser: Browser, name: str, html: str, view: View, out: Path) -> list[str]:
    """One page in one view: its picture, and what is wrong with it."""
    context = browser.new_context(
        viewport={"width": view.width, "height": view.height},
        color_scheme="dark" if view.dark else "light",
        device_scale_factor=view.scale,
        locale="fr-FR",
        reduced_motion="reduce",
    )
    page = context.new_page()
    problems: list[str] = []
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    serve(page, html)
    page.goto(f"{HOST}/{name}")
    page.screenshot(path=out / f"{name}-{view.name}-first.png")
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": view.width, "height": height})  # a taller window: nothing is stuck half-way
    page.screenshot(path=out / f"{name}-{view.name}.png")
    page.set_viewport_size({"width": view.width, "height": view.height})
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        problems.append("the page scrolls sideways")
    for violation in Axe().run(page).response["violations"]:
        problems.extend(f"axe {violation['id']}: {node['html'][:150]}" for node in violation["nodes"][:3])
    if view.name in {"wide", "dark"}:
        page.pdf(path=out / f"{name}-{view.name}.pdf", prefer_css_page_size=True)
    context.close()
    return [f"{name} {view.name}: {problem}" for problem in problems]


def main(out: Path, only: list[str]) -> int:
    out.mkdir(parents=True, exist_ok=True)
    problems: list[str] = []
    made = gallery_environment()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for name, template, context in pages():
            if only and name not in only:
                continue
            html = made.get_template(template).render({"form": Form(), **context})
            for view in VIEWS:
                problems += photograph(browser, name, html, view, out)
        browser.close()
    sys.stdout.write("\n".join([*problems, f"{len(problems)} problems; pictures in {out}"]) + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
