"""The words of each message: a shop's own where it has any, else the built-in ones; how they would look, and what they would cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from microcrm.domain import dlt
from microcrm.domain.errors import Invalid, MessageUnfit, NotFound
from microcrm.domain.fields import NOTE, Reader
from microcrm.domain.message_text import (
    TEXT_LIMIT,
    VARIABLES,
    Rendered,
    Segments,
    as_typed,
    as_whatsapp_wants,
    problems_of,
    render,
    segments_of,
    whatsapp_problems,
)
from microcrm.domain.messenger import Channel
from microcrm.domain.names import given_name
from microcrm.domain.notice_texts import VARIABLES_OF, Template, built_in, compose, needed_in, notice
from microcrm.domain.notices import LANGUAGES, NoticeFacts, NoticeStep, spoken, stop_in, values_in
from microcrm.domain.permissions import Permission
from microcrm.domain.twilio import CONTENT_SID
from microcrm.domain.zones import to_instant, today_in, zone_of
from microcrm.models.business import Business, Member
from microcrm.models.catalogue import Service
from microcrm.models.message_plan import MessageTemplate
from microcrm.operations.messaging.steps import plan_of
from microcrm.operations.parts.rows import amend, create, remove, same_version
from microcrm.operations.unit_of_work import UnitOfWork

Key = tuple[NoticeStep, Channel, str]
_LABEL = "the words of a message"
_AFTERNOON = 16 * 60 + 15
_CUSTOMER = {"en": "Asha", "hi": "आशा", "kn": "ಆಶಾ"}


@dataclass(frozen=True, slots=True)
class WriteTemplate:
    """As typed. ``link``: what a link of this installation looks like, so that the count is true; ``version`` 0: nobody has
    changed these words yet."""

    step: Any
    channel: Any
    language: Any
    version: Any = 0
    text: Any = ""
    content_sid: Any = ""
    dlt_template_id: Any = ""
    dlt_text: Any = ""
    dlt_on: Any = None
    link: str = "https://book.example/m/aaaaaaaaaaaaaaaaaaaaaa"


@dataclass(frozen=True, slots=True)
class TemplatePreview:
    """``text``: as it would arrive, "" while it cannot be sent; ``problems``: by field, in words. ``is_plainer``: "Rs." and straight
    quotes stand in it because that saves segments. ``to_register``: with numbered variables, as WhatsApp wants it."""

    text: str
    problems: Mapping[str, str] = field(default_factory=dict)
    segments: Segments | None = None
    sms_price: int | None = None
    is_plainer: bool = False
    to_register: str = ""


def own_templates(uow: UnitOfWork) -> dict[Key, Template]:
    """All that the shop has changed, in one statement."""
    rows = uow.session.scalars(select(MessageTemplate).where(MessageTemplate.business_id == uow.business_id))
    return {(one.step, one.channel, one.language): one for one in map(_template, rows)}


def pick_template(own: Mapping[Key, Template], step: NoticeStep, channel: Channel, language: str) -> Template:
    """The shop's own, else the built-in one; a language without texts is English."""
    tongue = spoken(language)
    return own.get((step, channel, tongue)) or Template(step, channel, tongue, built_in(step, channel, tongue))


def template_for(uow: UnitOfWork, step: NoticeStep, channel: Channel, language: str) -> Template:
    """One of them. For many at once read `own_templates` once."""
    return pick_template(own_templates(uow), step, channel, language)


def words_told(uow: UnitOfWork, step: NoticeStep, language: str, facts: NoticeFacts, *, by_phone: bool) -> str:
    """What a customer would read: the shop's own words for the first way that reaches them, where it has any, else the built-in ones.
    What is not known yet stands in them by its name, like "(staff)"."""
    ways = [one for one in plan_of(uow).channels if (one is not Channel.EMAIL) is by_phone]
    own = own_templates(uow).get((step, ways[0] if ways else Channel.EMAIL, spoken(language)))
    if own is None:
        return notice(step, language, facts)
    values = values_in(own.language, facts)
    unknown = {
        name: f"({VARIABLES[name].label.lower()})"
        for name in VARIABLES_OF[step]
        if not values[name] and not VARIABLES[name].is_optional
    }
    return render(own.text, values | unknown, own.channel).text


def view_template(uow: UnitOfWork, step: Any, channel: Any, language: Any) -> Template:
    """What the editor begins with."""
    uow.require(Permission.BUSINESS_EDIT)
    return template_for(uow, *_key(WriteTemplate(step, channel, language)))


def save_template(uow: UnitOfWork, command: WriteTemplate) -> str:
    """Returns the undo token, "" when nothing was different. ``Invalid`` says at each field what is wrong. Raises: Conflict."""
    uow.require(Permission.BUSINESS_EDIT)
    wanted = read_words(uow, command)
    if wanted.step is NoticeStep.CAMPAIGN:  # each has words of its own
        raise NotFound
    row = _row(uow, wanted)
    same_version(command.version, 0 if row is None else row.version)
    is_as_built = wanted.text == built_in(wanted.step, wanted.channel, wanted.language)
    values: dict[str, Any] = {
        "text": "" if is_as_built else wanted.text, "content_sid": wanted.content_sid,
        "dlt_template_id": wanted.dlt_template_id, "dlt_text": wanted.dlt_text, "dlt_on": wanted.dlt_on,
    }  # fmt: skip
    if row is not None:
        return amend(uow, "message_template", row, values, _LABEL)
    if not any(values.values()):
        return ""
    key = {"step": wanted.step.value, "channel": wanted.channel.value, "language": wanted.language}
    return create(uow, "message_template", MessageTemplate(business_id=uow.business_id, **key, **values), _LABEL)


def use_built_in(uow: UnitOfWork, command: WriteTemplate) -> str:
    """The built-in words again; what was registered belonged to the others and goes too. Returns the undo token."""
    uow.require(Permission.BUSINESS_EDIT)
    row = _row(uow, Template(*_key(command), text=""))
    if row is None:
        raise NotFound
    same_version(command.version, row.version)
    return remove(uow, "message_template", row, _LABEL)


def preview_template(uow: UnitOfWork, command: WriteTemplate) -> TemplatePreview:
    uow.require(Permission.BUSINESS_EDIT)
    return previewed(uow, command)


def previewed(uow: UnitOfWork, command: WriteTemplate) -> TemplatePreview:
    """How it would arrive tomorrow afternoon, with names of this shop. What is wrong is told, not raised. For whoever may ask."""
    _, channel, language = _key(command)
    facts = example_facts(uow, channel, language, command.link)
    price = plan_of(uow).sms_price if channel is Channel.SMS else None
    try:
        wanted = read_words(uow, command, facts)
    except Invalid as refusal:
        return TemplatePreview(_as_far_as_it_goes(command, channel, facts, language), refusal.fields, sms_price=price)
    text = compose(wanted, facts, today_in(zone_of(uow.actor.zone), uow.now)).text
    if channel is Channel.SMS:
        as_written = render(wanted.text, values_in(language, facts)).text
        return TemplatePreview(text, {}, segments_of(text), price, is_plainer=text != as_written)
    return TemplatePreview(text, to_register=as_whatsapp_wants(wanted.text) if channel is Channel.WHATSAPP else "")


def composed_example(uow: UnitOfWork, command: WriteTemplate) -> tuple[Template, Rendered]:
    """The words as typed, and what would leave. Raises: Invalid."""
    _, channel, language = _key(command)
    facts = example_facts(uow, channel, language, command.link)
    wanted = read_words(uow, command, facts)
    return wanted, compose(wanted, facts, today_in(zone_of(uow.actor.zone), uow.now))


def _as_far_as_it_goes(command: WriteTemplate, channel: Channel, facts: NoticeFacts, language: str) -> str:
    """The text itself may be right when an id below it is not."""
    try:
        return render(str(command.text or ""), values_in(language, facts), channel).text
    except MessageUnfit:
        return ""


def example_facts(uow: UnitOfWork, channel: Channel, language: str, link: str, customer: str = "") -> NoticeFacts:
    """A visit that could be: the first service and member of the shop, tomorrow at a quarter past four."""
    mine = Business.id == uow.business_id
    shop, address, service, staff = uow.session.execute(
        select(
            Business.name,
            Business.address,
            select(Service.name).where(Service.business_id == Business.id, Service.is_active).order_by(Service.id)
            .limit(1).scalar_subquery(),
            select(Member.name).where(Member.business_id == Business.id, Member.deactivated_at.is_(None)).order_by(Member.id)
            .limit(1).scalar_subquery(),
        ).where(mine)
    ).one()  # fmt: skip
    zone = zone_of(uow.actor.zone)
    day = today_in(zone, uow.now) + timedelta(days=1)
    start = to_instant(day, _AFTERNOON, zone)
    return NoticeFacts(
        shop, (service or "Haircut",), start, zone, link,
        reason="We are closed that day.", until=to_instant(day, _AFTERNOON - 240, zone), dates=(start, start + timedelta(days=7)),
        customer=customer or _CUSTOMER[spoken(language)], staff=given_name(staff or ""), address=address or "12 MG Road",
        ahead=20_000, amount=45_000, people=2, code="246810",
        stop="" if channel is Channel.EMAIL else stop_in(spoken(language), link),
    )  # fmt: skip


def read_words(uow: UnitOfWork, command: WriteTemplate, facts: NoticeFacts | None = None) -> Template:
    """``Invalid`` with everything that is wrong, each at its field."""
    step, channel, language = _key(command)
    day = today_in(zone_of(uow.actor.zone), uow.now)
    reader = Reader()
    text = as_typed(command.text) if reader.note("text", command.text, "Text", limit=TEXT_LIMIT) else ""
    for problem in problems_of(text, VARIABLES_OF[step], needed_in(step, channel)):
        reader.refuse("text", problem)
    wanted = Template(step, channel, language, text, is_own=True)
    if channel is Channel.WHATSAPP:
        wanted = replace(wanted, content_sid=_content(reader, command, text))
    elif channel is Channel.SMS:
        wanted = _registered(reader, command, wanted, day)
    reader.done()
    facts = facts or example_facts(uow, channel, language, command.link)
    try:
        compose(wanted, facts, day)
    except MessageUnfit as unfit:
        raise Invalid(fields={"dlt_text" if wanted.dlt_text else "text": unfit.message}) from None
    return wanted


def _content(reader: Reader, command: WriteTemplate, text: str) -> str:
    """Without a registered text only those who wrote in the last 24 hours can be written to."""
    sid = reader.text("content_sid", command.content_sid, "Content SID", limit=60, required=False)
    if sid and not CONTENT_SID.fullmatch(sid):
        reader.refuse(
            "content_sid", "It begins with HX and has 34 characters. Copy it from Twilio’s Content Template Builder."
        )
    if sid and text and not reader.errors:
        for problem in whatsapp_problems(text):
            reader.refuse("text", problem)
    return sid


def _registered(reader: Reader, command: WriteTemplate, wanted: Template, day: Any) -> Template:
    number = reader.text("dlt_template_id", command.dlt_template_id, "DLT template id", limit=40, required=False)
    is_given = reader.note("dlt_text", command.dlt_text, "Registered text", limit=NOTE)
    registered = as_typed(command.dlt_text) if is_given else ""
    since = reader.optional_day("dlt_on", command.dlt_on, "Registered on") or (day if registered else None)
    if number and not dlt.is_template_id(number):
        reader.refuse("dlt_template_id", "The DLT template id is a number, mostly of 19 digits.")
    if registered and not number:
        reader.refuse("dlt_template_id", "Type the id that the portal gave this text.")
    if number and not registered:
        reader.refuse("dlt_text", "Paste the text as it stands on the DLT portal, with its tags.")
    for problem in dlt.registered_problems(registered, since or day):
        reader.refuse("dlt_text", problem)
    return replace(wanted, dlt_template_id=number, dlt_text=registered, dlt_on=since if registered else None)


def _key(command: WriteTemplate) -> Key:
    reader = Reader()
    step = reader.member("step", command.step, "Message", NoticeStep)
    channel = reader.member("channel", command.channel, "Channel", Channel)
    language = reader.choice("language", command.language, "Language", LANGUAGES)
    reader.done()
    return step, channel, language


def _row(uow: UnitOfWork, key: Template) -> MessageTemplate | None:
    return uow.session.scalars(
        select(MessageTemplate)
        .where(
            MessageTemplate.business_id == uow.business_id,
            MessageTemplate.step == key.step.value,
            MessageTemplate.channel == key.channel.value,
            MessageTemplate.language == key.language,
        )
        .with_for_update()
    ).first()


def _template(row: MessageTemplate) -> Template:
    step, channel = NoticeStep(row.step), Channel(row.channel)
    return Template(
        step, channel, row.language, row.text or built_in(step, channel, row.language), row.content_sid,
        row.dlt_template_id, row.dlt_text, row.dlt_on, is_own=True, version=row.version,
    )  # fmt: skip
