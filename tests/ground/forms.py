"""The forms of a page, as those find them who fill in all that a walk meets."""

from lxml.html import HtmlElement, fromstring


def posting_forms(page: str) -> list[HtmlElement]:
    """Those that post."""
    return [form for form in fromstring(page).iter("form") if form.get("method") == "post"] if "<form" in page else []
