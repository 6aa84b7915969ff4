"""A form is filled again in the page's HTML as a browser would have it, and nothing else of the page changes."""

from html import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pooling.web.refilling import Typed, refill

PAGE = """<!doctype html>
<form method="post" action="/other"><input type="hidden" name="csrf" value="A"><input name="title" value="x"></form>
<form method="post" action="/here?a=1">
  <input type="hidden" name="csrf" value="B"><input type="hidden" name="seen" value="new">
  <input class="input" name="title" type="text" value="as &amp; it was" maxlength="9">
  <input type="checkbox" name="who" value="1" checked><input type="checkbox" name="who" value="2">
  <input type="radio" name="answer" value="yes"><input type="radio" name="answer" value="no" checked>
  <select name="key">
    <option value="">None</option><option value="a" selected>A</option><option value="b">B</option>
  </select>
  <textarea name="text" rows="3">
one &lt; two
three</textarea>
  <button formaction="/there">Draft</button>
</form><p>é</p>
"""


def test_every_kind_of_field_is_as_it_was_typed() -> None:
    typed = [
        ("csrf", "stale"), ("seen", "old"), ("title", 'a "b" <i>'), ("who", "2"), ("answer", "yes"), ("key", "b"),
        ("text", "</textarea><script>"), ("gone", "kept"), ("gone", " "),
    ]  # fmt: skip
    assert refill(PAGE, Typed("/there", typed[1:])) == refill(PAGE, Typed("/here", typed[1:])), (
        "where a button sends it"
    )
    filled = refill(PAGE, Typed("/here", typed[1:]))
    assert filled.is_there
    assert filled.left_over == [("gone", "kept")]
    assert '<input name="title" value="x">' in filled.html, "another form is not touched"
    for words in (
        'name="csrf" value="B"',
        'name="seen" value="old"',
        'maxlength="9" value="a &quot;b&quot; &lt;i&gt;"',
        'name="who" value="1">',
        'name="who" value="2" checked>',
        'name="answer" value="yes" checked>',
        'name="answer" value="no">',
        '<option value="a">A',
        '<option value="b" selected>B',
        '<textarea name="text" rows="3">\n&lt;/textarea&gt;&lt;script&gt;</textarea>',
    ):
        assert words in filled.html, words
    assert filled.html.endswith("</form><p>é</p>\n")


def test_a_form_that_is_no_longer_there_leaves_everything_over() -> None:
    filled = refill(PAGE, Typed("/elsewhere", [("title", "a")]))
    assert (filled.html, filled.is_there, filled.left_over) == (PAGE, False, [("title", "a")])


def test_of_several_forms_with_one_address_the_one_of_the_same_hidden_value_is_filled() -> None:
    row = '<form action="/row"><input type="hidden" name="id" value="{}"><input name="v" value=""></form>'
    filled = refill(row.format(1) + row.format(2), Typed("/row", [("id", "2"), ("v", "z")]))
    assert filled.html == row.format(1) + row.format(2).replace('name="v" value=""', 'name="v" value="z"')


@pytest.mark.parametrize("frame", ['<form action="/a"><textarea name="t">{}</textarea></form>'])
@given(old=st.text(), typed=st.text())
@example(old="a\u2028b\nc", typed="d\r\ne")
def test_whatever_was_typed_comes_back_and_nothing_more(frame: str, old: str, typed: str) -> None:
    page = frame.format("\n" + escape(old))
    assert refill(page, Typed("/a", [("t", typed)])).html == frame.format("\n" + escape(typed, quote=False))
