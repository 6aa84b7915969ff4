"""The components: what people typed is escaped, and every field says its name, its hint and its error."""

import pytest

from pooling.web.forms import Form
from pooling.web.templating import environment
from web.drawing import FORMS, HOSTILE, draw

SENTENCE = f"Indiquez un nombre entier {HOSTILE}"


def wrong(name: str = "champ") -> Form:
    return Form(values={name: HOSTILE}, errors={name: SENTENCE}, lists={name: [HOSTILE]})


FIELDS = {
    "text": "forms.text(form, 'champ', hostile, hostile)",
    "number": "forms.number(form, 'champ', hostile, hostile, unit=hostile)",
    "amount": "forms.amount(form, 'champ', hostile, hostile)",
    "textarea": "forms.textarea(form, 'champ', hostile, hostile)",
    "select": "forms.select(form, 'champ', hostile, [(hostile, hostile)], hostile, empty=hostile)",
    "date": "forms.date(form, 'champ', hostile, hostile)",
    "time": "forms.time(form, 'champ', hostile, hostile)",
    "file": "forms.file(form, 'champ', hostile, '.csv', hostile)",
    "checkbox": "forms.checkbox(form, 'champ', hostile, hostile)",
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_says_its_name_its_hint_and_its_error(name: str) -> None:
    page = draw(f"{{{{ {FIELDS[name]} }}}}", form=wrong(), hostile=HOSTILE)
    control = page.one(id="champ-champ")
    assert control.attributes["name"] == "champ"
    assert page.one(for_="champ-champ").text == HOSTILE
    described = control.attributes["aria-describedby"].split()
    assert SENTENCE in page.one(id="erreur-champ-champ").text
    assert described == ["aide-champ-champ", "erreur-champ-champ"]
    assert page.one(id="aide-champ-champ").text == HOSTILE
    assert control.attributes["aria-invalid"] == "true"


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_without_an_error_does_not_speak_of_one(name: str) -> None:
    page = draw(f"{{{{ {FIELDS[name]} }}}}", form=Form(), hostile=HOSTILE)
    control = page.one(id="champ-champ")
    assert "aria-invalid" not in control.attributes
    assert "erreur" not in control.attributes.get("aria-describedby", "")


@pytest.mark.parametrize("name", ["text", "number", "amount", "date", "time"])
def test_what_was_typed_is_kept(name: str) -> None:
    page = draw(f"{{{{ {FIELDS[name]} }}}}", form=wrong(), hostile=HOSTILE)
    assert page.one(id="champ-champ").attributes["value"] == HOSTILE


def test_a_text_area_keeps_a_first_empty_line() -> None:
    form = Form(values={"champ": "\n deux </textarea>"})
    html = environment().from_string(FORMS + "{{ forms.textarea(form, 'champ', 'Texte') }}").render(form=form)
    assert ">\n\n deux &lt;/textarea&gt;</textarea>" in html  # a browser drops the first line break


def test_a_password_is_never_sent_back() -> None:
    page = draw("{{ forms.text(form, 'champ', 'Code', type='password') }}", form=wrong())
    assert page.one(id="champ-champ").attributes["value"] == ""


def test_a_choice_is_kept_and_named() -> None:
    form = Form(values={"champ": "2"}, errors={"champ": SENTENCE})
    page = draw(
        "{{ forms.radios(form, 'champ', 'Mode', [(1, hostile, 'la première'), (2, 'b', 'une aide')], 'Lisez') }}",
        form=form,
        hostile=HOSTILE,
    )
    first, second = page.all("input")
    assert (first.attributes["id"], second.attributes["id"]) == ("champ-champ", "champ-champ-2")
    assert "checked" in second.attributes
    assert "checked" not in first.attributes
    for box, said in ((first, "la première"), (second, "une aide")):
        assert page.one(id=str(box.attributes["aria-describedby"])).text == said
    group = page.one(role="radiogroup")
    assert group.attributes["aria-describedby"] == "aide-champ-champ erreur-champ-champ"
    assert page.all("legend")[0].text == "Mode"


def test_boxes_keep_every_answer() -> None:
    form = Form(lists={"champ": ["1", "3"]}, errors={"champ": SENTENCE})
    page = draw("{{ forms.checkboxes(form, 'champ', 'Achats', [(1, 'a'), (2, 'b'), (3, 'c')]) }}", form=form)
    assert ["checked" in box.attributes for box in page.all("input")] == [True, False, True]
    assert page.all("fieldset")[0].attributes["aria-describedby"] == "erreur-champ-champ"
    assert page.all("input")[0].attributes["id"] == "champ-champ"


def test_the_summary_leads_to_every_field_and_takes_the_focus() -> None:
    form = Form(errors={"a": "Indiquez <a>.", "b": "Indiquez b.", "": "Rien n’est enregistré."})
    page = draw("{{ forms.error_summary(form, labels={'b': 'Racks'}) }}", form=form)
    summary = page.one(id="erreurs")
    assert summary.attributes["role"] == "alert"
    assert summary.attributes["tabindex"] == "-1"
    assert "autofocus" in summary.attributes
    assert "Corrigez ces 3 erreurs" in page.one(id="erreurs-titre").text
    assert [(a.attributes["href"], a.text) for a in page.all("a")] == [
        ("#champ-a", "Indiquez <a>."),
        ("#champ-b", "Racks\u00a0: Indiquez b."),
    ]
    assert "Rien n’est enregistré." in summary.text


def test_no_summary_without_errors() -> None:
    assert draw("{{ forms.error_summary(form) }}", form=Form()).elements == []


def test_a_form_carries_its_token_and_its_buttons() -> None:
    page = draw(
        "{% call forms.form_tag('/a', hostile, multipart=true) %}"
        "{{ forms.buttons('Déposer', [{'label': hostile, 'name': 'n', 'value': hostile}], '/b') }}"
        "{% endcall %}",
        hostile=HOSTILE,
    )
    assert page.one(name="csrf").attributes["value"] == HOSTILE
    assert page.one(action="/a").attributes["enctype"] == "multipart/form-data"
    assert [button.text for button in page.all("button")] == ["Déposer", HOSTILE]
    assert page.one(href="/b").text == "Annuler"


def test_leaving_does_not_read_as_the_act_that_is_asked_about() -> None:
    page = draw("{{ forms.buttons('Annuler l’achat', cancel_url='/b') }}")
    assert page.one(href="/b").text == "Revenir sans rien annuler"


def grid_rows() -> list[dict[str, object]]:
    about = {"about": HOSTILE, "unit": HOSTILE, "price": HOSTILE, "amount": None}
    return [
        {"field": "q1", "name": HOSTILE, "price_cents": 6400, **about},
        {"field": "q2", "name": "Rack", "price_cents": None, **about},
    ]


def test_the_declaration_grid_names_every_box() -> None:
    form = Form(values={"q1": "deux", "q2": "3"}, errors={"q1": SENTENCE})
    page = draw("{{ grid.declaration_grid(form, rows, hostile) }}", form=form, rows=grid_rows(), hostile=HOSTILE)
    box = page.one(id="champ-q1")
    assert box.attributes["value"] == "deux"
    assert box.attributes["data-price-cents"] == "6400"
    assert box.attributes["aria-invalid"] == "true"
    for described in box.attributes["aria-describedby"].split():
        page.one(id=described)
    assert page.one(for_="champ-q1").text == HOSTILE
    assert "data-price-cents" not in page.one(id="champ-q2").attributes
    assert "aria-invalid" not in page.one(id="champ-q2").attributes


def test_a_grid_that_is_closed_has_no_box() -> None:
    form = Form(values={"q2": "3"})
    page = draw("{{ grid.declaration_grid(form, rows, 'Articles', readonly=true) }}", form=form, rows=grid_rows())
    assert page.all("input") == []
    assert page.all("label") == []


COLUMNS = [
    {"label": HOSTILE, "sort_url": "?tri=nom", "sorted": "descending"},
    {"label": "Montant", "numeric": True, "unit": "€"},
]


@pytest.mark.parametrize("scroll", [False, True])
def test_a_table_says_what_each_figure_is(*, scroll: bool) -> None:
    page = draw(
        "{{ tables.data_table('Coûts', columns, [[hostile, '12']], total=['12'], scroll=scroll,"
        " exports=[{'label': 'XLSX', 'url': '/x?a=1&b=2'}]) }}",
        columns=COLUMNS,
        hostile=HOSTILE,
        scroll=scroll,
    )
    assert page.all("caption")[0].text == "Coûts"
    heads = [th for th in page.all("th") if th.attributes["scope"] == "col"]
    assert heads[0].attributes["aria-sort"] == "descending"
    rows = [th.text for th in page.all("th") if th.attributes["scope"] == "row"]
    assert rows == [HOSTILE, "Total"]
    assert [td.attributes["data-label"] for td in page.all("td")] == ["Montant (€)", "Montant (€)"]
    assert page.one(href="/x?a=1&b=2").text == "XLSX – Coûts"


def test_an_empty_table_says_so() -> None:
    page = draw("{{ tables.data_table('Coûts', columns, [], empty='Rien encore.') }}", columns=COLUMNS)
    assert page.one(colspan="2").text == "Rien encore."


@pytest.mark.parametrize(
    ("state", "word"),
    [("due", "À faire"), ("overdue", "En retard"), ("done", "Fait"), ("waiting", "En attente")],
)
def test_a_card_says_its_state_in_words(state: str, word: str) -> None:
    page = draw("<ul>{{ cards.todo(h, '/x?a=1&b=2', h, h, state, h) }}</ul>", h=HOSTILE, state=state)
    assert word in page.all("li")[0].text
    assert page.all("h3")[0].text == HOSTILE
    assert page.one(href="/x?a=1&b=2").text == HOSTILE


def test_of_cards_that_can_wait_the_button_is_calm() -> None:
    page = draw(
        "<ul>{{ cards.todo(h, '/x', h, h, 'later', h) }}{{ cards.todo(h, '/y', h, h, 'due', h) }}</ul>", h=HOSTILE
    )
    assert [page.one(href=path).attributes["class"].split() for path in ("/x", "/y")] == [
        ["button"],
        ["button", "button-primary"],
    ]
    assert "À faire" not in page.all("li")[0].text


def test_the_current_step_is_marked_in_words_too() -> None:
    steps = [{"label": HOSTILE, "date": None, "state": s} for s in ("done", "current", "to_come", "cancelled")]
    page = draw("{{ states.timeline(steps, hostile) }}", steps=steps, hostile=HOSTILE)
    assert "(en cours)" in page.one(aria_current="step").text
    assert [
        word in li.text for li, word in zip(page.all("li"), ("terminé", "en cours", "à venir", "annulé"), strict=True)
    ]


def test_draft_and_filed_do_not_look_alike() -> None:
    draft = draw("{{ notices.draft_banner(h, h) }}", h=HOSTILE)
    filed = draw("{{ notices.filed_banner(h, h) }}", h=HOSTILE)
    assert draft.all("div")[0].attributes["class"] == "notice notice-draft"
    assert filed.all("div")[0].attributes["class"] == "notice notice-filed"
    assert "Votre déclaration est déposée" in filed.all("div")[0].text


CHARTS = {
    "bars": "charts.bars('g', h, h, [{'label': h, 'value': 3, 'text': h, 'detail': h, 'target': 4}], 10)",
    "stacked": "charts.stacked('g', h, h, [h, h], [{'label': h, 'values': [1, 2], 'text': h, 'detail': h}])",
    "shares": "charts.shares('g', h, h, [{'label': h, 'value': 1, 'text': h}, {'label': h, 'value': 0, 'text': h}])",
    "tiers": "charts.tiers('g', h, h, 12, [{'threshold': 1, 'price': h}, {'threshold': 20, 'price': h}], h)",
    "nothing": "charts.stacked('g', h, h, [h], [{'label': h, 'values': [0], 'text': h, 'detail': h}])",
    "no row": "charts.stacked('g', h, h, [h], [])",
}


@pytest.mark.parametrize("name", CHARTS)
def test_every_picture_has_a_title_and_a_description(name: str) -> None:
    page = draw(f"{{{{ {CHARTS[name]} }}}}", h=HOSTILE)
    pictures = [svg for svg in page.all("svg") if svg.attributes.get("role") == "img"]
    assert bool(pictures) == (name != "no row")
    for picture in pictures:
        title, description = picture.attributes["aria-labelledby"].split()
        assert page.one(id=title).tag == "title"
        assert page.one(id=description).tag == "desc"
    for rect in page.all("rect"):
        fill = rect.attributes.get("fill", "")
        assert not fill or page.one(id=fill.removeprefix("url(#").removesuffix(")")).tag == "pattern"


def test_a_bar_is_as_long_as_its_value() -> None:
    page = draw(f"{{{{ {CHARTS['stacked']} }}}}", h=HOSTILE)
    parts = [r for r in page.all("rect") if "x" in r.attributes]
    assert [(r.attributes["x"], r.attributes["width"]) for r in parts] == [
        ("0.000%", "33.333%"),
        ("33.333%", "66.667%"),
    ]


OTHER_MACROS = [
    "page.header(h, h, h, states.tag('due', h))",
    "page.breadcrumb([{'label': h, 'url': '/'}, {'label': h, 'url': none}])",
    "page.tabs([{'label': h, 'url': '/', 'current': true}], h)",
    "page.pagination('/a', '/b', h)",
    "page.pagination(none, none)",
    "notices.notice('warning', h, h)",
    "notices.flashes([{'kind': 'success', 'text': h}])",
    "facts.summary_list([{'label': h, 'value': h, 'url': '/x', 'action': h}])",
    "facts.key_figures([{'label': h, 'value': h, 'note': h}])",
    "facts.progress(h, 1, 2, h)",
    "facts.weight(1_234_567)",
    "cards.empty_state(h, h, h)",
    "icons.icon('check', h)",
    "forms.hidden(h, h)",
    "forms.link_button(h, '/x', 'danger', true)",
    "forms.button(h, 'primary', 'n', h, '/y', true)",
]


@pytest.mark.parametrize("call", OTHER_MACROS)
def test_what_people_wrote_is_never_markup(call: str) -> None:
    draw(f"{{{{ {call} }}}}", h=HOSTILE)
