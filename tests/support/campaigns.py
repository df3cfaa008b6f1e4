"""Customers who may and may not be written to, and a campaign to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select

from microcrm.domain.consent import ConsentPurpose, digest_of
from microcrm.models.campaigns import Campaign
from microcrm.models.consents import Consent, ConsentNotice
from microcrm.models.customers import Customer
from microcrm.models.messages import Message
from microcrm.operations.campaigns.drafts import SaveCampaign, WriteWords, save_campaign, save_words
from microcrm.operations.campaigns.running import StartCampaign, start_campaign
from microcrm.operations.unit_of_work import UnitOfWork

NOON = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)  # in India
TEXT = "{shop}: 20% off until Sunday, {customer}. Book a time: {link} {stop}"
WORDS = {"whatsapp": f"Hello from {TEXT} Thank you.", "sms": TEXT, "email": TEXT}
SEGMENT = "new"  # who was added this month: everybody that `people` makes


def people(uow: UnitOfWork, many: int, *, agree: Sequence[str] = ("whatsapp_offers",), **columns: Any) -> list[int]:
    """Their ids, in order. Phones are of nobody else; each agreed to these offers today."""
    count = uow.session.execute(select(func.count()).select_from(Customer)).scalar_one()
    rows = [
        {
            "business_id": uow.business_id, "name": f"Person {count + one:05d}", "name_key": f"person {count + one:05d}",
            "phone": f"+9197{count + one:08d}", "created_at": uow.now, "tags": [], **columns,
        }
        for one in range(many)
    ]  # fmt: skip
    ids = sorted(uow.session.execute(insert(Customer).returning(Customer.id), rows).scalars())
    for purpose in agree:
        agreed(uow, ids, purpose)
    return ids


def finished(business_id: int, member_id: int, at: datetime) -> Campaign:
    """One that is over."""
    times = {"created_at": at, "started_at": at, "finished_at": at}
    return Campaign(
        business_id=business_id, member_id=member_id, name="Diwali", state="done", channels=["sms"], is_planned=True, **times
    )  # fmt: skip


def agreed(uow: UnitOfWork, customer_ids: Sequence[int], purpose: str, decision: str = "given") -> None:
    mine = {"business_id": uow.business_id, "purpose": ConsentPurpose(purpose).value, "at": uow.now}
    query = select(ConsentNotice.id).where(
        ConsentNotice.business_id == uow.business_id, ConsentNotice.purpose == purpose
    )
    notice_id = uow.session.scalars(query).first()
    if notice_id is None:
        notice = ConsentNotice(**mine, language="en", version=1, text=purpose, digest=digest_of(purpose))
        uow.session.add(notice)
        uow.session.flush()
        notice_id = notice.id
    said = {
        "decision": decision,
        "way": "paper",
        "day": (uow.now + timedelta(hours=5, minutes=30)).date(),
        "notice_id": notice_id,
    }
    uow.session.execute(insert(Consent), [{**mine, **said, "customer_id": one} for one in customer_ids])


def written(
    uow: UnitOfWork, *channels: str, segment: str = SEGMENT, pace: int = 600, name: str = "Diwali offer"
) -> Campaign:
    """A draft with words for each way."""
    ways = channels or ("whatsapp",)
    done = save_campaign(uow, SaveCampaign(name, segment, list(ways), pace))
    for channel in ways:
        done = save_words(uow, WriteWords(done.id, done.version, channel, "en", {"text": WORDS[channel]}))
    return uow.session.get_one(Campaign, done.id)


def planned(uow: UnitOfWork) -> list[Message]:
    """Messages of campaigns, in order."""
    return list(uow.session.scalars(select(Message).where(Message.campaign_id.is_not(None)).order_by(Message.id)))


def started(uow: UnitOfWork, row: Campaign) -> None:
    start_campaign(uow, StartCampaign(row.id, row.version))
