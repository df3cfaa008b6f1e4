"""Which messages a customer wants, chosen by themselves behind the link that each message may carry: no account, nothing to type, and
a no as near as a yes (Digital Personal Data Protection Act 2023 s.6(4))."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, select

from microcrm.domain.consent import ConsentPurpose, Decision, Light, Way, is_child, light, standing
from microcrm.domain.email import mask_email
from microcrm.domain.errors import NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.messenger import Channel
from microcrm.domain.phone import mask_phone
from microcrm.domain.signed_link import read_signed
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.business import Business
from microcrm.models.customers import Customer
from microcrm.operations.parts.channel_blocks import block, blocked, unblock
from microcrm.operations.parts.consent import Said, entries_of, note_consent
from microcrm.operations.public_shop import PublicShop, shop_inside
from microcrm.operations.unit_of_work import UnitOfWork

OFFERS = (ConsentPurpose.WHATSAPP_OFFERS, ConsentPurpose.SMS_OFFERS, ConsentPurpose.EMAIL_OFFERS)
_EVIDENCE = "chosen on the page of their own"


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """``address`` masked: the page says where, to whoever has the link."""

    channel: Channel
    address: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class OfferChoice:
    """``is_barred``: no advertising to children, whatever anybody chooses (s.9(3))."""

    purpose: ConsentPurpose
    is_on: bool
    is_barred: bool


@dataclass(frozen=True, slots=True)
class Preferences:
    shop: PublicShop
    channels: tuple[ChannelChoice, ...]
    offers: tuple[OfferChoice, ...]


@dataclass(frozen=True, slots=True)
class Choose:
    """``what``: a channel or a purpose of `OFFERS`."""

    token: Any
    what: Any
    is_on: Any


def own_preferences(uow: UnitOfWork, token: Any, key: str) -> Preferences:
    """Raises: NotFound, for a link that we have not signed and for a customer who is no longer there."""
    uow.require_public()
    person = _behind(uow, token, key)
    addresses = _addresses(person)
    closed = blocked(uow, addresses)
    channels = tuple(
        ChannelChoice(one, _masked(one, address), (one, address) not in closed) for one, address in addresses
    )
    return Preferences(shop_inside(uow), channels, _offers(uow, person))


def choose(uow: UnitOfWork, command: Choose, key: str) -> None:
    """The same again changes nothing. Raises: NotFound, Invalid."""
    uow.require_public()
    reader = Reader()
    names = (*(one.value for one in Channel), *(one.value for one in OFFERS))
    what = reader.choice("what", command.what, "What", names)
    is_on = reader.flag("is_on", command.is_on, "Answer")
    person = _behind(uow, command.token, key, is_locked=True)
    reader.done()
    if what in set(Channel):
        _open_or_close(uow, person, Channel(what), is_on=is_on)
    else:
        _agree(uow, person, ConsentPurpose(what), is_on=is_on)


def _behind(uow: UnitOfWork, token: Any, key: str, *, is_locked: bool = False) -> Row[Any]:
    """From here on the transaction is inside the link's business. A record that was merged away leads to the one that is left."""
    found = read_signed(key, token)
    if found is None:
        raise NotFound
    business_id, customer_id = found
    uow.enter_business(business_id)
    kept = (
        select(Customer.merged_into_id, Business.zone)
        .join(Business, Business.id == Customer.business_id)
        .where(Customer.business_id == business_id, Customer.id == customer_id)
    )
    found_row = uow.session.execute(kept).first()
    if found_row is None:
        raise NotFound
    uow.actor = replace(uow.actor, zone=found_row.zone)
    wanted = found_row.merged_into_id or customer_id
    query = select(Customer.id, Customer.phone, Customer.email_key, Customer.birthday).where(
        Customer.business_id == business_id, Customer.id == wanted, Customer.archived_at.is_(None)
    )
    row = uow.session.execute(query.with_for_update(of=Customer, key_share=True) if is_locked else query).first()
    if row is None:
        raise NotFound
    return row


def _addresses(person: Row[Any]) -> list[tuple[Channel, str]]:
    phone = [(Channel.WHATSAPP, person.phone), (Channel.SMS, person.phone)] if person.phone else []
    return [*phone, *([(Channel.EMAIL, person.email_key)] if person.email_key else [])]


def _masked(channel: Channel, address: str) -> str:
    return mask_email(address) if channel is Channel.EMAIL else mask_phone(address)


def _offers(uow: UnitOfWork, person: Row[Any]) -> tuple[OfferChoice, ...]:
    today = today_in(zone_of(uow.actor.zone), uow.now)
    stands = standing(entries_of(uow, person.id))
    barred = is_child(person.birthday, today)
    return tuple(
        OfferChoice(one, light(one, stands.get(one), today) is Light.GIVEN and not barred, barred) for one in OFFERS
    )


def _open_or_close(uow: UnitOfWork, person: Row[Any], channel: Channel, *, is_on: bool) -> None:
    address = dict(_addresses(person)).get(channel)
    if address is None:
        raise NotFound
    (unblock if is_on else block)(uow, channel, address, "link")


def _agree(uow: UnitOfWork, person: Row[Any], purpose: ConsentPurpose, *, is_on: bool) -> None:
    today = today_in(zone_of(uow.actor.zone), uow.now)
    choice = next(one for one in _offers(uow, person) if one.purpose is purpose)
    if is_on and choice.is_barred:
        raise NotFound
    if choice.is_on is is_on:
        return
    decision = Decision.GIVEN if is_on else Decision.WITHDRAWN
    note_consent(uow, Said(person.id, purpose, decision, Way.ONLINE, today, evidence=_EVIDENCE))
