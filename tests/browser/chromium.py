"""Where the browser is, and how it is started: no network of its own, no first-run pages."""

import shutil

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Nobody looks at what it paints: a process of its own that paints as a graphics card does is a tenth of its work.
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--in-process-gpu",
]
NO_CHROMIUM = (
    "no Chromium on this machine (on Debian: apt-get install chromium, or the lighter chromium-headless-shell)"
)


def chromium_path() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)
