"""A row in every tenant table of both shops, and fingerprints of all that a shop owns.

The walls are tried table by table, so none may be empty.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, select, text
from sqlmodel import Session

from microcrm.domain.permissions import Role
from microcrm.models.accounts import Device, MailToken, RecoveryCode, SignUp, Throttle
from microcrm.models.accounts import Session as SignedIn
from microcrm.models.bank import BankRow, BankStatementFile
from microcrm.models.billing import (
    AdvanceUse,
    Allocation,
    BillingProfile,
    Document,
    DocumentLine,
    LedgerEntry,
    NumberSeries,
    Payment,
    ShopTaxRate,
)
from microcrm.models.bookings import BookingEvent
from microcrm.models.business import Invitation
from microcrm.models.catalogue import ServiceResource
from microcrm.models.classes import ClassSession, Series
from microcrm.models.codes import BookingCode
from microcrm.models.consents import Consent, ConsentNotice
from microcrm.models.customer_notes import CustomerNote, CustomerTask
from microcrm.models.customers import Customer, Segment
from microcrm.models.filing import FiledMonth
from microcrm.models.form_links import FormLink
from microcrm.models.forms import Form, FormVersion
from microcrm.models.gateway import Dispute, GatewayAccount, GatewayPayment, GatewayRefund, InboxEvent, PayRequest
from microcrm.models.imports import CustomerImport, ImportPiece
from microcrm.models.links import PublicLink
from microcrm.models.merging import CustomerMerge, DistinctCustomers
from microcrm.models.message_plan import MessagePlan, MessageStep, MessageTemplate
from microcrm.models.messages import Message, MessageEvent
from microcrm.models.messaging import MessageChannel, MessagingAccount
from microcrm.models.person_files import FileOpening, PersonFile
from microcrm.models.policy import BookingPolicy
from microcrm.models.products import Product, StockMovement
from microcrm.models.records import AuditEvent, OutboxMessage, Undo
from microcrm.models.recurring import RecurringBill
from microcrm.models.replies import ChannelBlock, InboundMessage
from microcrm.models.retention import RetentionMark
from microcrm.models.reveals import ContactReveal, RevealBudget
from microcrm.models.schedule import DatedHours, Leave
from microcrm.models.schema import ACCOUNT_TABLES, METADATA, TENANT_TABLES
from microcrm.models.till import TillClosing
from microcrm.models.vault import BusinessKey, CustomerKey, RecordOpening, SealedRecord, SealedVersion
from microcrm.models.waiting import QueueTicket, WaitlistEntry, WaitlistOffer, WaitlistPreference
from tests.support.campaigns import finished
from tests.support.furniture_people import furnish_people
from tests.support.shops import OPENED_AT, Shop, TwoShops

TILL = ("opening_paise", "expected_paise", "counted_paise", "kept_paise")
# Account tables whose rows belong to a person; the others know only hashes and addresses.
WITH_USER = tuple(n for n in ACCOUNT_TABLES if n == "users" or "user_id" in METADATA.tables[n].columns)


def furnish(engine: Engine, both: TwoShops) -> None:
    with Session(engine) as session:
        for shop in (both.a, both.b):
            for row in _rows(shop):
                session.add(row)
                session.flush()
            _waiting_rows(session, shop)
            _bill_rows(session, shop)
            _sealed_rows(session, shop)
            _consent_rows(session, shop)
            _message_rows(session, shop)
            _reveal_rows(session, shop)
            _file_rows(session, shop)
            furnish_people(session, shop)
            _reply_rows(session, shop)
            session.add_all(_account_rows(shop))
        session.commit()


def _rows(shop: Shop) -> list[Any]:
    mine = {"business_id": shop.business_id}
    owner = shop.members[Role.OWNER]
    day = date(2026, 12, 5)
    return [
        AuditEvent(**mine, at=OPENED_AT, action="service.changed", subject="service", subject_id=shop.service_id),
        Undo(
            **mine, at=OPENED_AT, label="Haircut", entity="service", entity_id=shop.service_id, before={"position": 3}
        ),
        OutboxMessage(
            **mine, kind="note", key=f"note:{shop.business_id}", created_at=OPENED_AT, due_at=OPENED_AT, state="sent"
        ),
        BookingEvent(**mine, booking_id=shop.booking_id, at=OPENED_AT, kind="created", to_status="confirmed"),
        DatedHours(**mine, day=day, reason="Holiday"),
        Leave(**mine, member_id=shop.members[Role.STAFF], starts_on=day, ends_on=day + timedelta(days=1)),
        ServiceResource(**mine, service_id=shop.service_id, resource_id=shop.resource_id),
        Invitation(
            **mine,
            email=f"new@{shop.business_id}.example",
            role=Role.STAFF.value,
            token_hash=hashlib.sha256(f"invitation {shop.business_id}".encode()).digest(),
            invited_by_member_id=owner,
            created_at=OPENED_AT,
            expires_at=OPENED_AT + timedelta(days=3650),
        ),
    ]


def _waiting_rows(session: Session, shop: Shop) -> None:
    """A policy, a class, a series, the waiting list, the queue and a secret link."""
    mine: dict[str, Any] = {"business_id": shop.business_id}
    service = mine | {"service_id": shop.service_id}
    day, later = date(2026, 12, 7), OPENED_AT + timedelta(hours=1)

    def add(row: Any) -> Any:
        session.add(row)
        session.flush()
        return row

    add(BookingPolicy(**mine))
    add(Segment(**mine, name="Lapsed", rules={"not_seen_days": 60}))
    author = mine | {"customer_id": shop.customer_id, "member_id": shop.members[Role.STAFF]}
    add(CustomerNote(**author, words="Window chair", is_pinned=True, at=OPENED_AT))
    task = {"created_by_member_id": shop.members[Role.OWNER], "done_by_member_id": shop.members[Role.STAFF]}
    add(CustomerTask(**author, **task, title="Call", due_on=day, created_at=OPENED_AT, done_at=later))
    add(Series(**mine, rule="FREQ=WEEKLY;COUNT=3", starts_on=day, start_min=600, plan={}, created_at=OPENED_AT))
    staff = shop.members[Role.STAFF]
    add(ClassSession(**service, member_id=staff, starts_at=OPENED_AT, ends_at=later, seats=8, created_at=OPENED_AT))
    ticket = add(QueueTicket(**service, day=day, number=1, created_at=OPENED_AT))
    entry = add(WaitlistEntry(**service, customer_id=shop.customer_id, created_at=OPENED_AT))
    add(WaitlistPreference(**mine, entry_id=entry.id, place=1, first_day=day, last_day=day))
    add(
        WaitlistOffer(
            **mine, entry_id=entry.id, booking_id=shop.booking_id, state="lost", offered_at=OPENED_AT, expires_at=later
        )
    )
    proof = hashlib.sha256(f"code {shop.business_id}".encode()).digest()
    add(BookingCode(**mine, subject_hash=proof, code_hash=proof, sent_at=OPENED_AT, expires_at=later))
    for subject, row in (("ticket", ticket), ("entry", entry)):
        secret = hashlib.sha256(f"{subject} {shop.business_id}".encode()).digest()
        add(PublicLink(**mine, token_hash=secret, created_at=OPENED_AT, **{f"{subject}_id": row.id}))


def _account_rows(shop: Shop) -> list[Any]:
    owner = {"user_id": shop.users[Role.OWNER]}
    secret = hashlib.sha256(str(shop.business_id).encode()).digest()
    later = OPENED_AT + timedelta(days=3650)
    return [
        Device(**owner, cookie_hash=secret, first_seen_at=OPENED_AT),
        RecoveryCode(**owner, code_hash=secret),
        MailToken(**owner, purpose="reset", token_hash=secret, created_at=OPENED_AT, expires_at=later),
        SignedIn(
            **owner,
            business_id=shop.business_id,
            token_hash=secret,
            created_at=OPENED_AT,
            last_seen_at=OPENED_AT,
            expires_at=later,
        ),
        SignUp(
            token_hash=secret,
            device_hash=secret,
            email="new@x.example",
            email_key="new@x.example",
            name="New",
            phone="",
            password_hash="",
            created_at=OPENED_AT,
            expires_at=later,
        ),
        Throttle(key=secret, failures=1, last_failed_at=OPENED_AT),
    ]


def fingerprint(engine: Engine, shop: Shop) -> dict[str, str]:
    """One hash for each table's rows of the shop, and for the accounts of its people: equal when not a byte differs."""
    tables = {name: f"{'id' if name == 'businesses' else 'business_id'} = :business" for name in TENANT_TABLES}
    tables["outbox"] = "business_id = :business"
    for name in ACCOUNT_TABLES:
        if name in WITH_USER:
            tables[name] = f"{'id' if name == 'users' else 'user_id'} = ANY(:users)"
    with engine.connect() as connection:
        return {
            name: connection.execute(
                text(
                    f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} t WHERE {where}"
                ),
                {"business": shop.business_id, "users": list(shop.users.values())},
            ).scalar_one()
            for name, where in tables.items()
        }


def _bill_rows(session: Session, shop: Shop) -> None:
    """A draft with a line, a payment settled against it, and the ledger's two sides."""
    mine: dict[str, Any] = {"business_id": shop.business_id}
    day = date(2026, 12, 7)

    def add(*rows: Any) -> Any:
        session.add_all(rows)
        session.flush()
        return rows[0].id

    add(BillingProfile(**mine))
    add(TillClosing(**mine, number=1, day=day, closed_at=OPENED_AT, **dict.fromkeys(TILL, 0)))
    add(ShopTaxRate(**mine, tax_class="hair", rate_bp=500, valid_from=day, citation="Told so"))
    add(NumberSeries(**mine, kind="tax_invoice", began=2026, last=1))
    add(FiledMonth(**mine, month=date(2020, 1, 1), filed_at=OPENED_AT))
    plan = {"plan": {}, "total_paise": 100, "unit": "month", "starts_on": day, "next_on": date(2090, 1, 1)}
    add(RecurringBill(**mine, **plan, customer_id=shop.customer_id, created_at=OPENED_AT))
    goods = add(
        Product(**mine, name=f"Serum {shop.business_id}", barcode="2000000000015", tax_class="goods", price_paise=100)
    )
    document = add(Document(**mine, kind="tax_invoice", customer_id=shop.customer_id, created_at=OPENED_AT))
    add(DocumentLine(**mine, document_id=document, place=1, description="Haircut", service_id=shop.service_id))
    moved = {"kind": "sold", "quantity": -1000, "stock_after": -1000, "at": OPENED_AT}
    add(StockMovement(**mine, **moved, product_id=goods, document_id=document))
    payment = add(Payment(**mine, mode="cash", amount_paise=100, received_at=OPENED_AT))
    add(Allocation(**mine, payment_id=payment, document_id=document, amount_paise=100))
    read = add(BankStatementFile(**mine, digest=f"file {shop.business_id}", read_at=OPENED_AT))
    row = {"digest": "row", "day": day, "amount_paise": 100, "state": "matched", "payment_id": payment}
    add(BankRow(**mine, **row, statement_id=read, decided_at=OPENED_AT))
    add(AdvanceUse(**mine, voucher_id=document, place=1, document_id=document, on_day=day))
    add(
        LedgerEntry(**mine, posting=shop.business_id, account="cash", amount_paise=100, on_day=day),
        LedgerEntry(**mine, posting=shop.business_id, account="advances", amount_paise=-100, on_day=day),
    )
    _gateway_rows(session, shop, document, payment)


def _gateway_rows(session: Session, shop: Shop, document_id: int, payment_id: int) -> None:
    """Keys of Razorpay, what was asked, and what came of it."""
    mine: dict[str, Any] = {"business_id": shop.business_id}

    def add(row: Any) -> Any:
        session.add(row)
        session.flush()
        return row.id

    secret = hashlib.sha256(f"hook {shop.business_id}".encode()).digest()
    sealed = {"key_secret": secret, "hook_secret": secret, "hook_token": secret, "hook_hash": secret}
    add(GatewayAccount(**mine, **sealed, key_id="rzp_test_1", is_sandbox=False, checked_at=OPENED_AT))
    account = {"account_sid": "AC" + "0" * 32, "auth_token": secret, "hook_token": secret, "hook_hash": secret}
    add(MessagingAccount(**mine, **account, is_sandbox=False, checked_at=OPENED_AT))
    add(MessageChannel(**mine, channel="sms", sender="+918045678900", is_on=True, per_second=10))
    add(MessagePlan(**mine))
    add(RetentionMark(**mine, data_class="message_words", at=OPENED_AT, changed_at=OPENED_AT))
    add(MessageStep(**mine, step="reminder", service_id=shop.service_id, is_on=True, offset_min=60))
    add(MessageTemplate(**mine, step="reminder", channel="sms", language="en", text="{shop}: {when} {link}"))
    times = {"created_at": OPENED_AT, "ends_at": OPENED_AT, "looked_at": OPENED_AT}
    order = {"document_id": document_id, "kind": "order", "reference": "r", "amount_paise": 100, "state": "paid"}
    asked = add(PayRequest(**mine, **times, **order))
    paid = {"status": "captured", "amount_paise": 100, "currency": "INR", "at": OPENED_AT}
    came = add(GatewayPayment(**mine, **paid, remote_id="pay_1", pay_request_id=asked, payment_id=payment_id))
    back = {"amount_paise": 100, "status": "processed", "at": OPENED_AT}
    add(GatewayRefund(**mine, **back, gateway_payment_id=came, payment_id=payment_id, key="k", remote_id="rfnd_1"))
    add(Dispute(**mine, remote_id="disp_1", gateway_payment_id=came, amount_paise=100, status="open"))
    add(
        InboxEvent(
            **mine, key="evt_1", body="{}", state="done", received_at=OPENED_AT, due_at=OPENED_AT, finished_at=OPENED_AT
        )
    )


def _sealed_rows(session: Session, shop: Shop) -> None:
    """A record of the shop's customer, its keys, and that somebody has read it. Nothing of it opens."""
    mine: dict[str, Any] = {"business_id": shop.business_id}
    noise = hashlib.sha256(f"sealed {shop.business_id}".encode()).digest()

    def add(row: Any) -> Any:
        session.add(row)
        session.flush()
        return row.id

    owner = add(BusinessKey(**mine, generation=1, sealed=noise, created_at=OPENED_AT))
    customer = mine | {"customer_id": shop.customer_id}
    add(CustomerKey(**customer, generation=1, business_key_id=owner, sealed=noise, created_at=OPENED_AT))
    member = {"member_id": shop.members[Role.STAFF]}
    form = session.scalars(select(Form).where(Form.business_id == shop.business_id, Form.code == "allergy")).one().id
    version = session.scalars(select(FormVersion).where(FormVersion.form_id == form)).one().id
    record = add(
        SealedRecord(
            **customer, **member, form_id=form, kind="allergy", happened_on=date(2026, 11, 25), created_at=OPENED_AT
        )
    )
    add(
        SealedVersion(
            **mine,
            **member,
            record_id=record,
            version=1,
            form_version_id=version,
            generation=1,
            sealed=noise,
            at=OPENED_AT,
        )
    )
    link = {"form_version_id": version, "record_id": record, "filled_at": OPENED_AT}
    add(FormLink(**customer, **member, **link, token_hash=noise, created_at=OPENED_AT, expires_at=OPENED_AT))
    brought = {"state": "undone", "created_at": OPENED_AT, "expires_at": OPENED_AT}
    came = add(CustomerImport(**mine, **brought, member_id=shop.members[Role.OWNER]))
    add(ImportPiece(**mine, import_id=came, part="rows", place=0, cells=noise))
    add(RecordOpening(**customer, **member, record_id=record, version=1, purpose="visit", at=OPENED_AT))


def _reply_rows(session: Session, shop: Shop) -> None:
    owner = shop.members[Role.OWNER]
    phone = session.get_one(Customer, shop.customer_id).phone
    session.add(
        InboundMessage(
            business_id=shop.business_id, channel="whatsapp", provider_id=f"SM{shop.business_id}", sender=phone, text="Yes",
            understood="confirm", outcome="confirmed", at=OPENED_AT, customer_id=shop.customer_id, booking_id=shop.booking_id,
            assigned_id=owner, settled_at=OPENED_AT, settled_by_id=owner,
        )
    )  # fmt: skip
    session.add(
        ChannelBlock(
            business_id=shop.business_id, channel="sms", address=phone, way="staff", at=OPENED_AT, member_id=owner
        )
    )
    session.flush()


def _consent_rows(session: Session, shop: Shop) -> None:
    """A yes that was a mistake, taken back."""
    mine: dict[str, Any] = {"business_id": shop.business_id}

    def add(row: Any) -> Any:
        session.add(row)
        session.flush()
        return row.id

    text, member = "We would like to take photos.", {"member_id": shop.members[Role.STAFF]}
    noise = hashlib.sha256(text.encode()).digest()
    about = mine | {"purpose": "photos", "at": OPENED_AT}
    notice = add(ConsentNotice(**about, **member, language="en", version=1, text=text, digest=noise))
    said = about | member | {"customer_id": shop.customer_id, "way": "paper", "day": date(2026, 1, 5)}
    first = add(Consent(**said, decision="given", notice_id=notice))
    spoke = {"guardian_name": "Meera", "guardian_bond": "parent", "guardian_proof": "known"}
    add(Consent(**said, **spoke, decision="void", voids_id=first))


def _message_rows(session: Session, shop: Shop) -> None:
    """A message that was delivered, with its story."""
    mine: dict[str, Any] = {"business_id": shop.business_id}
    about = {"customer_id": shop.customer_id, "booking_id": shop.booking_id, "subject": f"booking:{shop.booking_id}"}
    how = {"step": "moved", "channel": "sms", "state": "delivered", "created_at": OPENED_AT, "due_at": OPENED_AT}
    message = Message(**mine, **about, **how, handed_at=OPENED_AT)
    session.add_all([finished(shop.business_id, shop.members[Role.OWNER], OPENED_AT), message])
    session.flush()
    session.add(MessageEvent(**mine, message_id=message.id, at=OPENED_AT, what="let_through"))


def _reveal_rows(session: Session, shop: Shop) -> None:
    """Somebody looked at the customer's number, how often a day they may, and what was said of duplicates."""
    mine: dict[str, Any] = {"business_id": shop.business_id, "member_id": shop.members[Role.STAFF]}
    look = {"contact": "phone", "reason": "late", "day": date(2026, 1, 5), "at": OPENED_AT}
    session.add(ContactReveal(**mine, **look, customer_id=shop.customer_id))
    session.add(RevealBudget(**mine, a_day=3))
    one, at = shop.customer_id, {"at": OPENED_AT}
    session.add(CustomerMerge(**mine, **at, kept_id=one, gone_id=one, undone_at=OPENED_AT))
    session.add(DistinctCustomers(**mine, **at, low_id=one, high_id=one))
    session.flush()


def _file_rows(session: Session, shop: Shop) -> None:
    """A photo after a visit beside the one before it, and that somebody has looked. Nothing of it opens."""
    noise = hashlib.sha256(f"file {shop.business_id}".encode()).digest()
    who = {"business_id": shop.business_id, "customer_id": shop.customer_id, "member_id": shop.members[Role.STAFF]}
    kept = {"day": date(2026, 1, 5), "media_type": "image/jpeg", "size": 1, "generation": 1, "sealed_key": noise}
    times = {"created_at": OPENED_AT, "stored_at": OPENED_AT}

    def add(row: Any) -> Any:
        session.add(row)
        session.flush()
        return row.id

    before = add(PersonFile(**who, **kept, **times, shows="before", token=f"before-{shop.business_id}"))
    visit = {"booking_id": shop.booking_id, "before_id": before}
    after = add(PersonFile(**who, **kept, **times, **visit, shows="after", token=f"after-{shop.business_id}"))
    add(FileOpening(**who, file_id=after, shows="after", is_small=False, at=OPENED_AT))
