"""What two records of one person agreed to: a no of either holds for both, and a yes of the one that goes is never carried over. Both
ledgers stay as they were said; what follows from the merge is written down beside them, and taken back when the two are taken apart."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from microcrm.domain.consent import ConsentPurpose, Decision, Way, standing
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.consents import Consent
from microcrm.operations.parts.consent import Said, entries_of, note_consent
from microcrm.operations.unit_of_work import UnitOfWork

_NO = (Decision.REFUSED, Decision.WITHDRAWN)
EVIDENCE = "Merged with another record of this person that had said no"


def carry_refusals(uow: UnitOfWork, kept_id: int, gone_id: int) -> list[int]:
    """The narrower of both wins. Ids of what was written for the survivor."""
    kept, gone = (standing(entries_of(uow, one)) for one in (kept_id, gone_id))
    today = today_in(zone_of(uow.actor.zone), uow.now)
    written = []
    for purpose, entry in sorted(gone.items()):
        own = kept.get(purpose)
        if entry.decision in _NO and (own is None or own.decision not in _NO):
            said = Said(kept_id, ConsentPurpose(purpose), entry.decision, Way.IN_PERSON, today, evidence=EVIDENCE)
            written.append(note_consent(uow, said).consent_id)
    return written


def take_refusals_back(uow: UnitOfWork, written: Sequence[int]) -> None:
    """Each that nobody has taken back already is void: it never was said of the survivor alone."""
    mine = (Consent.business_id == uow.business_id,)
    done = set(uow.session.scalars(select(Consent.voids_id).where(*mine, Consent.voids_id.in_(list(written)))))
    for row in uow.session.scalars(select(Consent).where(*mine, Consent.id.in_(set(written) - done))).all():
        uow.session.add(
            Consent(
                business_id=uow.business_id, customer_id=row.customer_id, purpose=row.purpose, decision=Decision.VOID.value,
                way=row.way, day=row.day, member_id=uow.actor.member_id, evidence="The two records were taken apart",
                voids_id=row.id, at=uow.now,
            )
        )  # fmt: skip
    uow.session.flush()
