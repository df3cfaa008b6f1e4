"""What customers of the demo agreed to at their first visit, and some took back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from microcrm.demo.diary import Visit
from microcrm.demo.outline import Outline
from microcrm.demo.rows import Rows
from microcrm.demo.setting import Opened
from microcrm.domain.booking import BookingStatus
from microcrm.domain.consent import ENGLISH, PURPOSES, ConsentPurpose, Decision, Way, digest_of, notice_text
from microcrm.domain.zones import INDIA, to_wall, zone_of

# Of so many customers, by their place in the list, one was asked for it.
_ONE_IN = {
    ConsentPurpose.PHOTOS: 2,
    ConsentPurpose.HEALTH: 2,
    ConsentPurpose.WHATSAPP_OFFERS: 3,
    ConsentPurpose.SMS_OFFERS: 4,
    ConsentPurpose.PHOTOS_IN_PUBLIC: 7,
    ConsentPurpose.EMAIL_OFFERS: 3,
}
_SAYS_NO, _CHANGES_MIND = 5, 7  # one in so many of those
_LATER = timedelta(days=40)


@dataclass(frozen=True, slots=True)
class Answer:
    customer: int  # place in the list
    purpose: ConsentPurpose
    decision: Decision
    way: Way
    at: datetime
    member_id: int


def write_consents(
    rows: Rows, outline: Outline, shop: Opened, customer_ids: list[int], visits: Sequence[Visit], now: datetime
) -> None:
    """One notice a purpose, then the answers in the order in which they were given."""
    mine, zone = {"business_id": shop.business_id}, zone_of(INDIA)
    texts = {purpose: notice_text(rule, str(outline.business["name"])) for purpose, rule in PURPOSES.items()}
    notices = rows.add("consent_notices", [
        {**mine, "purpose": purpose, "language": ENGLISH, "version": 1, "text": words, "member_id": None,
         "digest": f"\\x{digest_of(words).hex()}", "at": shop.opened_at}
        for purpose, words in texts.items()
    ])  # fmt: skip
    notice_of = dict(zip(texts, notices, strict=True))
    answers = sorted(_answers(shop, visits, now), key=lambda one: (one.at, one.customer, one.purpose))
    rows.add("consents", [
        {**mine, "customer_id": customer_ids[one.customer], "purpose": one.purpose, "decision": one.decision, "way": one.way,
         "day": to_wall(one.at, zone)[0], "until": None, "notice_id": notice_of[one.purpose], "member_id": one.member_id,
         "evidence": "", "voids_id": None, "at": one.at}
        for one in answers
    ])  # fmt: skip


def agreed_by(shop: Opened, visits: Sequence[Visit], at: datetime, purpose: ConsentPurpose) -> list[int]:
    """Places in the list of those whose yes stood at that moment."""
    stands: dict[int, bool] = {}
    for one in sorted(_answers(shop, visits, at), key=lambda one: one.at):
        if one.purpose is purpose and one.at <= at:
            stands[one.customer] = one.decision is Decision.GIVEN
    return sorted(customer for customer, is_yes in stands.items() if is_yes)


def _answers(shop: Opened, visits: Sequence[Visit], now: datetime) -> Iterator[Answer]:
    done = [visit for visit in visits if visit.status is BookingStatus.FINISHED and visit.ends_at < now]
    first = {visit.customer: visit for visit in sorted(done, key=lambda one: one.starts_at, reverse=True)}
    for customer, visit in first.items():
        asked = [purpose for turn, (purpose, many) in enumerate(_ONE_IN.items()) if (customer + turn) % many == 0]
        for purpose in asked:
            decision = Decision.REFUSED if (customer + len(purpose)) % _SAYS_NO == 0 else Decision.GIVEN
            way = Way.PAPER if customer % 3 == 0 else Way.IN_PERSON
            member = shop.members[visit.items[0].person]
            yield Answer(customer, purpose, decision, way, visit.starts_at, member)
            if decision is Decision.GIVEN and (customer + len(purpose)) % _CHANGES_MIND == 0:
                later = visit.starts_at + _LATER
                if later < now:
                    yield Answer(customer, purpose, Decision.WITHDRAWN, Way.MESSAGE, later, member)
