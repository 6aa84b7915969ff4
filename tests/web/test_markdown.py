"""Markdown typed by anybody: what it becomes, and what it never becomes."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooling.web.forms import Form
from pooling.web.markdown import DEEPEST, as_html, blocks_of, html_of, is_safe_link, plain_text


def html(text: str) -> str:
    return str(html_of(blocks_of(text)))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("**a** *b*, ~~c~~ `d`", "<p><strong>a</strong> <em>b</em>, <s>c</s> <code>d</code></p>"),
        ("une\ndeux", "<p>une<br>deux</p>"),
        ("- un\n- deux", "<ul><li>un</li><li>deux</li></ul>"),
        ("3. trois\n4. quatre", '<ol start="3"><li>trois</li><li>quatre</li></ol>'),
        ("> cité", "<blockquote><p>cité</p></blockquote>"),
        ("[site](https://exemple.fr)", '<p><a href="https://exemple.fr" rel="noreferrer">site</a></p>'),
        ("<https://exemple.fr>", '<p><a href="https://exemple.fr" rel="noreferrer">https://exemple.fr</a></p>'),
        ("---", "<hr>"),
        ("```\na < b\n```", '<pre class="preserve"><code>a &lt; b</code></pre>'),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_typed_becomes(typed: str, shown: str) -> None:
    assert html(typed) == shown


def test_a_table_has_heads_that_a_screen_reader_finds_and_none_that_is_empty() -> None:
    made = html("| | Vélos |\n|---|---|\n| Arès | 3 |")
    assert '<td></td><th scope="col">Vélos</th>' in made
    assert "<td>Arès</td><td>3</td>" in made


def test_levels_of_headings_skip_none_whatever_was_typed() -> None:
    typed = "### A\n\n##### B\n\n### C\n\n# D\n\n###### E"
    assert re.findall(r"<h(\d)>(\w)", html(typed)) == [("3", "A"), ("4", "B"), ("3", "C"), ("3", "D"), ("4", "E")]


def test_french_spaces_are_set_also_across_what_the_parser_cuts() -> None:
    assert html("Où ?") == "<p>Où\u202f?</p>"
    assert html("« oui » \\! : non") == "<p>«\u00a0oui\u00a0»\u202f!\u00a0: non</p>"


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](javascript:alert(1))",
    "![x](https://ailleurs.example/pixel.png)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    "[x](//ailleurs.example)",
    "[x](/g/bassin)",
    "[x](file:///etc/passwd)",
    "[x](&#106;avascript:alert(1))",
    '[x](https://exemple.fr/" onmouseover="alert(1))',
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "`<b>` <!-- x --> <?php ?> <![CDATA[x]]>",
    '[x](https://exemple.fr "<script>")',
    "| <script> |\n|---|\n| <b onclick=x> |",
]
ALLOWED = re.compile(
    r"</?(?:p|h[3-6]|ul|ol|li|blockquote|pre|code|hr|strong|em|s|br|table|thead|tbody|tr|td|th|div|a)\b[^<>]*>"
)


@pytest.mark.parametrize("typed", HOSTILE)
def test_nothing_typed_becomes_markup_of_another_kind(typed: str) -> None:
    made = html(typed)
    assert "<" not in ALLOWED.sub("", made)
    for href in re.findall(r'href="([^"]*)"', made):
        assert is_safe_link(href)
    assert not re.search(r"<[^>]*\son\w+=", made)


@given(st.text(alphabet=st.sampled_from("ab <>&\"'*_~`[]()!#|-\n\\:/.@1"), max_size=200))
def test_whatever_is_typed_stays_among_the_tags_we_know(typed: str) -> None:
    blocks = blocks_of(typed)
    made = str(html_of(blocks))
    assert "<" not in ALLOWED.sub("", made)
    json.dumps(blocks)
    plain_text(blocks)


def depth(node: Any) -> int:  # noqa: ANN401 - JSON
    if isinstance(node, dict):
        return max([depth(value) for value in node.values()], default=0) + ("kind" in node)
    return max((depth(one) for one in node), default=0) if isinstance(node, list) else 0


@pytest.mark.parametrize(
    "typed",
    [
        "**a *b " * 3000 + "c* d** " * 3000,
        "> " * 3000 + "a",
        "".join(" " * (2 * level) + "- a\n" for level in range(40)),
        "[" * 20_000,
        "![" * 10_000,
        "*" * 20_000 + "a" + "*" * 20_000,
    ],
)
def test_what_is_nested_without_end_is_cut_short_and_soon(typed: str) -> None:
    started = time.perf_counter()
    blocks = blocks_of(typed)
    html_of(blocks)
    assert depth(blocks) <= 4 * DEEPEST
    assert time.perf_counter() - started < 15, "a generous bound: this is for what grows without bound"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://exemple.fr/a?b=c", True),
        ("http://127.0.0.1", True),
        ("mailto:mairie@exemple.fr", True),
        ("javascript:alert(1)", False),
        ("ftp://exemple.fr", False),
        ("/chemin", False),
        ("https:", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_links_that_may_be_followed(url: str, safe: bool) -> None:
    assert is_safe_link(url) is safe


def test_plain_text_is_the_words_a_line_for_each_block() -> None:
    typed = "## Un **deux**\n\n- trois\n- [quatre](https://x.fr)\n\n| a | b |\n|---|---|\n| c | d |"
    assert plain_text(blocks_of(typed)).splitlines() == ["Un deux", "trois", "quatre", "a b", "c d"]


@pytest.mark.parametrize("read", [as_html, lambda text: Form({"a": text}).markdown("a", longest=50_000)])
async def test_others_are_answered_while_a_long_text_is_read(read: Callable[[str], Awaitable[object]]) -> None:
    """Measured in the event loop's own time, so that a busy machine changes nothing."""
    reading = asyncio.create_task(_awaited(read("- a\n" * 12_500)))
    longest = 0.0
    while not reading.done():
        began = time.thread_time()
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - began)
    assert await reading
    assert longest < 0.1


async def _awaited(made: Awaitable[object]) -> bool:
    return await made is not None
