"""The facilitator's pages of webhooks."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from pooling.accounts.freshness import fresh_sign_in
from pooling.kernel.slices import Slice
from pooling.kernel.tables import known_id
from pooling.members.group_page import GroupPage, Here, InGroup
from pooling.members.rights import Right
from pooling.web.cursors import pages_after
from pooling.web.forms import Form, PostedForm, form_of, longest_of
from pooling.webhooks.keeping import (
    BOTH_SECRETS,
    WebhookIn,
    add_webhook,
    change_webhook,
    find_webhook,
    remove_webhook,
    resume_webhook,
    rotate_secret,
    send_again,
    stop_by_hand,
    version_of_webhook,
)
from pooling.webhooks.models import DELIVERY, Stopped
from pooling.webhooks.page import ONE, WEBHOOKS, WebhookPage, box_of
from pooling.webhooks.queries import attempts_listed, count_waiting, webhooks_of_group
from pooling.webhooks.rules import LONGEST_URL
from pooling.webhooks.words import STOPPED_WORDS, answer_words

_LABEL = longest_of(WebhookIn, "label")


def _announced(here: InGroup) -> dict[str, str]:
    """The events that programs may be told of, in words."""
    return here.features.announced


@get(WEBHOOKS, right=Right.MANAGE_GROUP)
async def list_webhooks(here: Here[GroupPage]) -> Response[str]:
    return here.render(
        "webhooks/list.html",
        ("Membres", "/membres"),
        "Webhooks",
        tabs=here.sections("/membres"),
        webhooks=await webhooks_of_group(here.session),
        announced=_announced(here),
        stopped=STOPPED_WORDS,
        base=here.base + WEBHOOKS,
    )


@get(f"{WEBHOOKS}/nouveau", right=Right.MANAGE_GROUP)
async def ask_webhook(here: Here[GroupPage]) -> Response[str]:
    form = Form()
    form.lists["kinds"] = list(_announced(here))
    return await _new_page(here, form)


async def _new_page(here: GroupPage, form: Form) -> Response[str]:
    base = here.base + WEBHOOKS
    crumbs = (("Webhooks", WEBHOOKS), "Ajouter")
    return here.render(
        "webhooks/form.html", *crumbs, **_form(here, form, "Ajouter une adresse", f"{base}/nouveau", base)
    )


def _form(here: InGroup, form: Form, title: str, action: str, cancel: str) -> dict[str, Any]:
    return {
        "form": form,
        "title": title,
        "action": action,
        "cancel": cancel,
        "kinds": list(_announced(here).items()),
        "longest_url": LONGEST_URL,
        "longest_label": _LABEL,
    }


@post(f"{WEBHOOKS}/nouveau", right=Right.MANAGE_GROUP, guards=[fresh_sign_in])
async def do_webhook(here: Here[GroupPage], form: PostedForm) -> Response[Any]:
    """Answers with the page itself: the secret is in no other answer ever."""
    command = _read(form)
    async with form.submitted(lambda: _new_page(here, form)):
        webhook, secret = await add_webhook(
            here.session,
            here.caller,
            command,
            box_of(here),
            here.now,
            known=_announced(here),
            private=here.services.settings.private_webhooks,
        )
    return await _secret_page(here, webhook.id, secret, "L’adresse est ajoutée")


async def _secret_page(here: GroupPage, webhook_id: int, secret: str, title: str) -> Response[str]:
    webhook = await find_webhook(here.session, webhook_id)
    return here.render(
        "webhooks/secret.html",
        *(("Secret",) if isinstance(here, WebhookPage) else (("Webhooks", WEBHOOKS), webhook.label)),
        webhook=webhook,
        secret=secret,
        title=title,
        hours=int(BOTH_SECRETS.total_seconds() // 3600) if webhook.former_secret else 0,
        back=f"{here.base}{WEBHOOKS}/{webhook.id}",
    )


def _read(form: Form) -> WebhookIn:
    kinds = tuple(form.all("kinds"))
    if not kinds:
        form.refuse("kinds", "Cochez au moins un événement.")
    return form.command(
        WebhookIn,
        {},
        url=form.text("url", required="Indiquez l’adresse à prévenir.", longest=LONGEST_URL),
        label=form.text("label", required="Dites quel programme c’est.", longest=_LABEL),
        kinds=kinds,
    )


@get(ONE, right=Right.MANAGE_GROUP)
async def show_webhook(here: Here[WebhookPage], apres: FromQuery[str] = "") -> Response[str]:
    listed = await attempts_listed(here.session, here.webhook.id, Slice(apres))
    announced, stopped = _announced(here), here.webhook.stopped
    return here.render(
        "webhooks/webhook.html",
        webhook=here.webhook,
        told=[announced.get(kind, kind) for kind in here.webhook.kinds],
        announced=announced,
        stopped=STOPPED_WORDS[Stopped(stopped)] if stopped else "",
        waiting=await count_waiting(here.session, here.webhook.id),
        attempts=listed.items,
        answer_words=answer_words,
        machine=DELIVERY,
        rotating=here.webhook.former_until if _is_rotating(here) else None,
        **pages_after(here.url, apres, listed),
    )


def _is_rotating(here: WebhookPage) -> bool:
    return here.webhook.former_until is not None and here.webhook.former_until > here.now


@get(f"{ONE}/fiche", right=Right.MANAGE_GROUP)
async def ask_changing(here: Here[WebhookPage]) -> Response[str]:
    form = form_of({"url": here.webhook.url, "label": here.webhook.label, "seen": version_of_webhook(here.webhook)})
    form.lists["kinds"] = list(here.webhook.kinds)
    return await _changing_page(here, form)


async def _changing_page(here: WebhookPage, form: Form) -> Response[str]:
    """What was seen stays so, unless the person has just been told that somebody was faster."""
    if form.conflict:
        form.values["seen"] = version_of_webhook(await find_webhook(here.session, here.webhook.id))
    title = f"Modifier « {here.webhook.label} »"
    return here.render("webhooks/form.html", "Modifier", **_form(here, form, title, f"{here.url}/fiche", here.url))


@post(f"{ONE}/fiche", right=Right.MANAGE_GROUP, guards=[fresh_sign_in])
async def do_changing(here: Here[WebhookPage], form: PostedForm) -> Response[Any]:
    command = _read(form)
    async with form.submitted(lambda: _changing_page(here, form), conflict=""):
        await change_webhook(
            here.session,
            here.caller,
            here.webhook.id,
            command,
            here.now,
            known={*_announced(here), *here.webhook.kinds},
            private=here.services.settings.private_webhooks,
            seen=form.value("seen"),
        )
    return here.redirect(done="L’adresse est modifiée.")


@get(f"{ONE}/secret", right=Right.MANAGE_GROUP)
async def ask_rotating(here: Here[WebhookPage]) -> Response[str]:
    return here.ask(
        "Remplacer le secret",
        question=f"Remplacer le secret de « {here.webhook.label} » ?",
        consequences=[
            "Le nouveau secret est affiché une seule fois.",
            "Pendant 24 heures, les deux secrets signent : le programme peut en changer sans rien manquer.",
        ],
        action="/secret",
        label="Remplacer le secret",
        danger=False,
    )


@post(f"{ONE}/secret", right=Right.MANAGE_GROUP, guards=[fresh_sign_in])
async def do_rotating(here: Here[WebhookPage], form: PostedForm) -> Response[Any]:  # noqa: ARG001 - its token is checked
    webhook, secret = await rotate_secret(here.session, here.caller, here.webhook.id, box_of(here), here.now)
    return await _secret_page(here, webhook.id, secret, "Le secret est remplacé")


@post(f"{ONE}/arret", right=Right.MANAGE_GROUP)
async def do_stopping(here: Here[WebhookPage]) -> Response[Any]:
    await stop_by_hand(here.session, here.caller, here.webhook.id, here.now)
    return here.redirect(done=f"Plus rien n’est envoyé à « {here.webhook.label} ».")


@post(f"{ONE}/reprise", right=Right.MANAGE_GROUP)
async def do_resuming(here: Here[WebhookPage]) -> Response[Any]:
    await resume_webhook(here.session, here.caller, here.webhook.id, here.now)
    return here.redirect(done=f"« {here.webhook.label} » est de nouveau prévenu.")


@get(f"{ONE}/suppression", right=Right.MANAGE_GROUP)
async def ask_removing(here: Here[WebhookPage]) -> Response[str]:
    return here.ask(
        "Retirer",
        question=f"Retirer « {here.webhook.label} » ?",
        consequences=["Plus rien ne lui est envoyé.", "Ce qui lui a été envoyé et son secret sont oubliés."],
        action="/suppression",
        label="Retirer cette adresse",
    )


@post(f"{ONE}/suppression", right=Right.MANAGE_GROUP)
async def do_removing(here: Here[WebhookPage]) -> Response[Any]:
    label = await remove_webhook(here.session, here.caller, here.webhook.id, here.now)
    return here.to_group(WEBHOOKS, done=f"« {label} » est retiré.")


@post(f"{ONE}/envois/{{delivery_id:int}}/renvoi", right=Right.MANAGE_GROUP)
async def do_sending_again(here: Here[WebhookPage]) -> Response[Any]:
    delivery_id = known_id(here.named["delivery_id"])
    await send_again(here.session, here.caller, here.webhook.id, delivery_id, here.now)
    return here.redirect(done="L’envoi repart dans la minute.", rings="announce")


ROUTES = [
    list_webhooks,
    ask_webhook,
    do_webhook,
    show_webhook,
    ask_changing,
    do_changing,
    ask_rotating,
    do_rotating,
    do_stopping,
    do_resuming,
    ask_removing,
    do_removing,
    do_sending_again,
]
