"""In which words, and as which registered template, a message leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select

from microcrm.domain.campaigns import words_for
from microcrm.domain.message_text import Rendered
from microcrm.domain.messenger import Channel, Outgoing
from microcrm.domain.names import given_name
from microcrm.domain.notice_texts import Template, compose
from microcrm.domain.notices import MessageClass, NoticeFacts, NoticeStep, class_of, stop_in
from microcrm.domain.reply_words import quick_replies
from microcrm.domain.signed_link import signed
from microcrm.domain.step_plan import ShopPlan
from microcrm.domain.zones import today_in
from microcrm.models.messaging import MessagingAccount
from microcrm.operations.fixed_sql import fetch, fixed
from microcrm.operations.links import LINK_LASTS
from microcrm.operations.messages.campaigned import Campaigned
from microcrm.operations.messages.claiming import Claimed
from microcrm.operations.messages.facts import About, Items, ShopName, shop_of
from microcrm.operations.messages.occasions import BILL_LASTS, TICKET_LASTS, Occasion
from microcrm.operations.messages.own_secrets import secret_of, token_of
from microcrm.operations.messaging.accounts import ChannelView
from microcrm.operations.messaging.steps import plan_of
from microcrm.operations.messaging.templates import Key, own_templates, pick_template
from microcrm.operations.public_visit import visit_inside
from microcrm.operations.replies.answering import words_of
from microcrm.operations.unit_of_work import UnitOfWork

_WINDOW = timedelta(hours=24)  # after a customer's own message WhatsApp takes free text
_LATEST = 36_000  # seconds that a provider keeps what it could not deliver
_SUBJECTS = {"en": "Message from {}", "hi": "{} का संदेश", "kn": "{} ಅವರ ಸಂದೇಶ"}
_NEWS = {"en": "News from {}", "hi": "{} से समाचार", "kn": "{} ಅವರಿಂದ ಸುದ್ದಿ"}
_WRITING = fixed("""
SELECT sender FROM inbound_messages WHERE business_id = :business AND channel = 'whatsapp' AND sender = ANY(:phones)
GROUP BY sender HAVING max(at) > :since
""")


class Site(NamedTuple):
    """Of this installation: what links begin with, and what those of a message and of a customer's choices are made with."""

    public_url: str
    link_key: str


class Link(NamedTuple):
    """Of a message that leaves: to exactly one of the five."""

    token: str
    path: str
    booking_id: int | None
    offer_id: int | None
    entry_id: int | None
    expires_at: datetime
    document_id: int | None = None
    ticket_id: int | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """What the texts of a batch are made of. ``writing``: phones whose owners wrote by WhatsApp within a day."""

    site: Site
    shop: ShopName
    items: Mapping[int, Items]
    occasions: Mapping[int, Occasion]
    templates: Mapping[Key, Template]
    writing: Collection[str]
    is_sandbox: bool
    dlt_entity_id: str
    offer_sender: str = ""


@dataclass(frozen=True, slots=True)
class Habits:
    """What changes seldom: a sweep reads it once for each shop."""

    shop: ShopName
    templates: Mapping[Key, Template]
    plan: ShopPlan
    is_sandbox: bool


def habits_of(uow: UnitOfWork) -> Habits:
    sandbox = select(MessagingAccount.is_sandbox).where(MessagingAccount.business_id == uow.business_id)
    return Habits(shop_of(uow), own_templates(uow), plan_of(uow), bool(uow.session.scalars(sandbox).first()))


def wording(
    uow: UnitOfWork,
    site: Site,
    channel: ChannelView,
    habits: Habits,
    items: Mapping[int, Items],
    people: Sequence[About],
    occasions: Mapping[int, Occasion],
) -> Wording:
    """One statement at most."""
    phones = {one.phone for one in people if one.phone} if channel.channel is Channel.WHATSAPP else set()
    writing: set[str] = set()
    if phones:
        values = {"business": uow.business_id, "phones": list(phones), "since": uow.now - _WINDOW}
        writing = {row[0] for row in fetch(uow.session.connection(), _WRITING, values)}
    return Wording(
        site,
        habits.shop,
        items,
        occasions,
        habits.templates,
        writing,
        habits.is_sandbox,
        channel.dlt_entity_id,
        channel.offer_sender,
    )


def template_of(known: Wording, one: Claimed, person: About, campaign: Campaigned | None = None) -> Template:
    """The campaign's words, the shop's, else the built-in ones. The stand-in has all of them registered; Twilio has those with an
    id."""
    channel = Channel(one.channel)
    if campaign is not None:
        template = words_for(campaign.words, channel, person.language) or Template(
            NoticeStep.CAMPAIGN, channel, "en", ""
        )
    else:
        template = pick_template(known.templates, NoticeStep(one.step), channel, person.language)
    if known.is_sandbox and template.channel is Channel.WHATSAPP and not template.content_sid:
        name = f"{template.step}:{template.language}".encode()
        return replace(template, content_sid="HX" + hashlib.md5(name, usedforsecurity=False).hexdigest())
    return template


def unregistered(known: Wording, template: Template, phone: str) -> str:
    """Why the channel would not take these words from us, as a reason of the gate; "" when it would."""
    return why_unregistered(template, known.dlt_entity_id, known.offer_sender, is_writing=phone in known.writing)


def why_unregistered(template: Template, dlt_entity_id: str, offer_sender: str, *, is_writing: bool = False) -> str:
    """The same. ``is_writing``: they wrote by WhatsApp within a day."""
    if not template.text:
        return "no_template"
    if template.channel is Channel.WHATSAPP:
        return "" if template.content_sid or is_writing else "no_template"
    if template.channel is not Channel.SMS or not dlt_entity_id:
        return ""
    is_promotional = class_of(template.step) is MessageClass.PROMOTIONAL
    return "no_header" if is_promotional and not offer_sender else "" if template.dlt_template_id else "no_template"


def written(
    uow: UnitOfWork, known: Wording, template: Template, one: Claimed, person: About, zone: ZoneInfo
) -> tuple[Outgoing, Link | None]:
    """Raises: MessageUnfit, when something it says is not known or it is not the text that is registered."""
    occasion = known.occasions.get(one.id, Occasion())
    link = _link(uow, known, one, person)
    address = f"{known.site.public_url}{link.path}{link.token}" if link else occasion.address
    if address.startswith("/"):
        address = f"{known.site.public_url}{address}"
    choices = _choices(uow, known, one) if _tells_how_to_stop(template) else ""
    spoken_to = replace(person, language=template.language)
    said = compose(template, _said(uow, known, one, spoken_to, zone, address, choices), today_in(zone, uow.now))
    to = person.address(template.channel)
    outgoing = Outgoing(template.channel, to, said.text, str(one.id), valid_for=_valid_for(uow, one))
    return _on_its_channel(outgoing, known, template, said, address, choices), link


def _tells_how_to_stop(template: Template) -> bool:
    return template.channel is Channel.EMAIL or class_of(template.step) is MessageClass.PROMOTIONAL


def _choices(uow: UnitOfWork, known: Wording, one: Claimed) -> str:
    """The page on which they say what they want to hear of."""
    return f"{known.site.public_url}/u/{signed(known.site.link_key, uow.business_id, one.customer_id or 0)}"


def unwritten(known: Wording, channel: Channel, phone: str) -> str:
    """Why words of one's own are not taken there now, as a reason of the gate; "" when they are."""
    if channel is Channel.WHATSAPP:
        return "" if phone in known.writing else "no_template"
    return "no_template" if known.dlt_entity_id else ""


def answered(uow: UnitOfWork, known: Wording, one: Claimed, person: About) -> tuple[Outgoing, Link | None]:
    """What goes back to somebody who wrote."""
    link = _link(uow, known, one, person)
    address = f"{known.site.public_url}{link.path}{link.token}" if link else ""
    words = words_of(uow, one.details, one.booking_id, person.language, address)
    outgoing = Outgoing(Channel(one.channel), person.phone, words, str(one.id), valid_for=_valid_for(uow, one))
    return outgoing, link if link is not None and link.token in words else None


def _on_its_channel(
    outgoing: Outgoing, known: Wording, template: Template, said: Rendered, address: str, choices: str
) -> Outgoing:
    if template.channel is Channel.EMAIL:
        return _as_letter(outgoing, known, template, address, choices)
    if template.channel is Channel.SMS:
        is_promotional = class_of(template.step) is MessageClass.PROMOTIONAL
        sender = known.offer_sender if is_promotional else ""
        registered = {"dlt_entity_id": known.dlt_entity_id, "dlt_template_id": template.dlt_template_id}
        return replace(outgoing, **registered, sender=sender)
    if template.content_sid and outgoing.to not in known.writing:
        buttons = quick_replies(template.step, template.language)
        return replace(outgoing, content_id=template.content_sid, content_values=said.content_values, buttons=buttons)
    return outgoing


def _as_letter(outgoing: Outgoing, known: Wording, template: Template, address: str, choices: str) -> Outgoing:
    """One that advertises says below how to end such letters, and one press of the mail program ends those alone."""
    is_promotional = class_of(template.step) is MessageClass.PROMOTIONAL
    foot = stop_in(template.language, choices) if is_promotional and choices not in outgoing.text else ""
    shown = _linked(outgoing.text, address).replace("\n", "<br>")
    return replace(
        outgoing,
        text=f"{outgoing.text}\n\n{foot}" if foot else outgoing.text,
        subject=(_NEWS if template.step is NoticeStep.CAMPAIGN else _SUBJECTS)[template.language].format(
            known.shop.name
        ),
        html=f"<p>{shown}</p><p>{_linked(foot, choices)}</p>" if foot else f"<p>{shown}</p>",
        unsubscribe_url=f"{choices}/{'offers' if is_promotional else 'mail'}",
    )


def _linked(text: str, address: str) -> str:
    shown = escape(text)
    return shown.replace(escape(address), f'<a href="{escape(address)}">{escape(address)}</a>') if address else shown


def _said(
    uow: UnitOfWork, known: Wording, one: Claimed, person: About, zone: ZoneInfo, address: str, choices: str
) -> NoticeFacts:
    occasion = known.occasions.get(one.id, Occasion())
    visits = [known.items[each] for each in one.details.get("booking_ids", (one.booking_id,)) if each in known.items]
    is_offer = one.details.get("offer_id") is not None
    is_promotional = class_of(NoticeStep(one.step)) is MessageClass.PROMOTIONAL
    return NoticeFacts(
        shop=known.shop.name,
        services=visits[0].services if visits else occasion.services,
        starts_at=person.starts_at,
        zone=zone,
        link=address,
        reason=person.cancel_reason,
        until=person.offer_expires_at if is_offer else person.expires_at,
        dates=tuple(sorted(each.starts_at for each in visits)),
        ahead=visit_inside(uow, one.booking_id).deposit_due if is_offer and one.booking_id else 0,
        customer=given_name(person.name),
        staff=visits[0].staff if visits else "",
        address=known.shop.address,
        stop=stop_in(person.language, choices) if is_promotional else "",
        amount=occasion.amount,
        people=occasion.people,
        code=_secret(uow, known, one) if one.step == NoticeStep.CODE else "",
    )


def secret_in(uow: UnitOfWork, known: Wording, one: Claimed, link: Link | None) -> str:
    """What the text that is kept must not hold; "" when it says no secret."""
    return link.token if link is not None else _secret(uow, known, one) if one.step == NoticeStep.CODE else ""


def _secret(uow: UnitOfWork, known: Wording, one: Claimed) -> str:
    return secret_of(known.site.link_key, uow.business_id, one.id, one.step, one.subject, one.version)


def _link(uow: UnitOfWork, known: Wording, one: Claimed, person: About) -> Link | None:
    token = token_of(known.site.link_key, uow.business_id, one.id)
    if (occasion := known.occasions.get(one.id)) is not None:
        return _link_of(occasion, token, uow.now)
    if one.step == NoticeStep.OFFER_GONE and person.entry_id is not None:
        return Link(token, "/l/", None, None, person.entry_id, uow.now + LINK_LASTS)
    if (offer := one.details.get("offer_id")) is not None:
        return Link(token, "/w/", None, offer, None, (person.offer_expires_at or uow.now) + timedelta(days=1))
    if one.booking_id is not None:
        return Link(token, "/m/", one.booking_id, None, None, (person.ends_at or uow.now) + LINK_LASTS)
    return None


def _link_of(occasion: Occasion, token: str, now: datetime) -> Link | None:
    if occasion.document_id is not None:
        return Link(token, occasion.path, None, None, None, now + BILL_LASTS, document_id=occasion.document_id)
    if occasion.ticket_id is not None:
        return Link(token, occasion.path, None, None, None, now + TICKET_LASTS, ticket_id=occasion.ticket_id)
    return None


def _valid_for(uow: UnitOfWork, one: Claimed) -> int:
    return 0 if one.expires_at is None else max(1, min(int((one.expires_at - uow.now).total_seconds()), _LATEST))
