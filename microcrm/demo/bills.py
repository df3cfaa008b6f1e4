"""Bills of a demo shop's last weeks: most are paid at once, some in parts or late, a few are corrected.

Sums come from the same functions as real bills; rows go in as drafts and are then issued, since the database lets nobody
add lines to an issued document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from microcrm.demo.closings import Taken, closings
from microcrm.demo.diary import Visit
from microcrm.demo.history import Booked
from microcrm.demo.outline import Outline
from microcrm.demo.retail import Shelf
from microcrm.demo.rows import Row, Rows
from microcrm.demo.setting import Opened, business_row
from microcrm.domain.advance import Purpose, work_out_advance
from microcrm.domain.booking import BookingStatus
from microcrm.domain.documents import DocumentKind, financial_year, keep_until, number_from
from microcrm.domain.permissions import Role
from microcrm.domain.taxbook import TaxClass, rate_on
from microcrm.domain.zones import INDIA, to_wall, zone_of
from microcrm.models.billing import BillingProfile, Document, DocumentLine
from microcrm.models.business import Business
from microcrm.operations.billing.drafts import wish_of
from microcrm.operations.billing.ledger import amounts_of, closing_amounts, payment_amounts
from microcrm.operations.billing.numbering import seller_of
from microcrm.operations.billing.pricing import Priced, ReadLine, price, rule_for
from microcrm.operations.billing.terms import terms_of
from microcrm.operations.billing.vouchers import voucher_lines, voucher_sums

DAYS = 35  # since the shop writes its bills here
_WAYS = {"cash": 28, "upi": 52, "card": 20}
_TIPS = (2_000, 5_000, 10_000)  # paise
_CREDITED = (12, 31)  # of the unpaid ones in turn, those that were a mistake


@dataclass(frozen=True, slots=True)
class Payer:
    customer_id: int
    name: str


@dataclass(slots=True)
class Money:
    mode: str
    paise: int
    settled: int
    at: datetime
    customer_id: int
    document_id: int = 0  # 0: an advance
    proof: str = ""
    purposes: list[Purpose] = field(default_factory=list)  # of an advance
    name: str = ""


class Till:
    def __init__(self, rows: Rows, outline: Outline, shop: Opened, now: datetime) -> None:
        self.rows, self.outline, self.shop, self.now = rows, outline, shop, now
        self.rng, self.zone = Random(f"{outline.key} bills"), zone_of(INDIA)  # noqa: S311 - the same bills each time
        self.business = Business(**business_row(outline, shop.opened_at))
        self.profile = BillingProfile(business_id=shop.business_id, **outline.facts["billing"])
        self.terms = terms_of(self.profile, self.business, self._day(now))
        self.desk = shop.members[next(n for n, person in enumerate(outline.people) if person.role == Role.FRONT_DESK)]
        self.lines: dict[int, list[DocumentLine]] = {}  # of each document that is written
        self.given: Counter[tuple[str, int]] = Counter()  # last number of each kind and year
        self.shelf = Shelf(rows, outline, shop, now, self.desk)

    def bill(self, booked: Sequence[Booked], people: Sequence[Payer]) -> None:
        """Everything that is finished since the shop began, in the order of time; the last hour is not billed yet."""
        first = self.now - timedelta(days=DAYS)
        done = [one for one in booked if one.visit.status is BookingStatus.FINISHED
                and first <= one.visit.ends_at <= self.now - timedelta(hours=1)]  # fmt: skip
        done.sort(key=lambda one: (one.visit.ends_at, one.booking_id))
        self.rows.add("billing_profiles", [self.profile.model_dump(exclude={"id"})])
        documents = [self._document(one, people[one.visit.customer]) for one in done]
        money = [self._money(document) for document, _ in documents]
        ids = self._write(documents)
        for document_id, parts in zip(ids, money, strict=True):
            for part in parts:
                part.document_id = document_id
        self._recurring(documents)
        self._credit([document for document, _ in documents], ids)
        every = [*(part for parts in money for part in parts), *self._advances(booked, people)]
        self._write_money(every)
        self._close([Taken(one.mode, one.paise, one.at) for one in every])
        self.shelf.write()
        series = [{"business_id": self.shop.business_id, "kind": kind, "began": began, "last": last}
                  for (kind, began), last in sorted(self.given.items())]  # fmt: skip
        self.rows.add("number_series", series)

    def _document(self, one: Booked, payer: Payer) -> tuple[Document, list[DocumentLine]]:
        day = self._day(one.visit.ends_at)
        lines = self._lines(one)
        priced = price(
            lines,
            registration=self.terms.registrations.on(day),
            seller_state=self.business.state_code,
            day=day,
            is_rounded=self.terms.is_rounded,
        )
        tip = self.rng.choice(_TIPS) if self.outline.key == "lotus" and self.rng.random() < 0.07 else 0
        document = self._filled(priced, day, tip, one.visit.ends_at + timedelta(minutes=4))
        document.booking_id, document.customer_id = one.booking_id, payer.customer_id
        document.buyer = {"name": payer.name, "gstin": ""}
        return document, _line_rows(self.shop.business_id, lines, priced)

    def _lines(self, one: Booked) -> list[ReadLine]:
        discount = 1_000 if self.rng.random() < 0.06 else 0
        services = [
            ReadLine(
                description=f"{service.name}, {self.outline.people[item.person].name}",
                sac=service.sac,
                tax_class=TaxClass(service.tax_class),
                quantity=1_000 * item.seats,
                price_paise=service.price_paise,
                discount_bp=discount,
                discount_paise=0,
                is_with_tax=self.outline.template.prices_include_tax,
                service_id=self.shop.services[item.service],
                member_id=self.shop.members[item.person],
                booking_item_id=item_id,
            )
            for item_id, item in zip(one.item_ids, one.visit.items, strict=True)
            for service in [self.outline.template.services[item.service]]
        ]
        return [*services, *self.shelf.taken_along()]

    def _filled(self, priced: Priced, day: date, tip: int, at: datetime) -> Document:
        bill = priced.bill
        return Document(
            business_id=self.shop.business_id,
            kind=priced.kind,
            state="issued",
            number=self._number(priced.kind, day),
            began=financial_year(day),
            running=self.given[(priced.kind, financial_year(day))],
            issued_on=day,
            issued_at=at,
            due_on=day + timedelta(days=self.terms.due_days),
            seller=seller_of(self.business, self.terms, day),
            place_state=priced.place.state_code if priced.place else "",
            heads=priced.heads,
            reason=f"{priced.place.reason} ({priced.place.section})" if priced.place else "",
            taxable_paise=bill.taxable,
            cgst_paise=bill.cgst,
            sgst_paise=bill.sgst,
            igst_paise=bill.igst,
            round_off_paise=bill.round_off,
            total_paise=bill.total,
            tip_paise=tip,
            sent_at=at,
            keep_until=keep_until(financial_year(day)),
            created_at=at,
            created_by_member_id=self.desk,
            version=3,
        )

    def _number(self, kind: DocumentKind, day: date) -> str:
        self.given[(kind.value, financial_year(day))] += 1
        return number_from(self.terms.patterns[kind], day, self.given[(kind.value, financial_year(day))])

    def _money(self, document: Document) -> list[Money]:
        """How a bill was paid, and its state after that."""
        due, chance, at = document.total_paise + document.tip_paise, self.rng.random(), document.created_at
        if chance < 0.035:
            return []
        whole = due if chance > 0.075 else due * 4 // 10 // 100 * 100
        first = whole // 2 // 10_000 * 10_000 if chance > 0.95 else whole  # some pay half in notes
        sums = [first, whole - first] if 0 < first < whole else [whole]
        parts = [self._part(paise, at, document.customer_id or 0, place) for place, paise in enumerate(sums)]
        document.paid_paise = whole
        document.state = "paid" if whole == due else "part_paid"
        return parts

    def _part(self, paise: int, at: datetime, customer_id: int, place: int) -> Money:
        mode = "upi" if place else self.rng.choices(list(_WAYS), list(_WAYS.values()))[0]
        proof = "" if mode == "cash" else f"{self.rng.randrange(10**11, 10**12)}"
        return Money(mode, paise, paise, at + timedelta(minutes=1 + place), customer_id, proof=proof)

    def _credit(self, bills: Sequence[Document], ids: Sequence[int]) -> None:
        """Credit notes over whole bills that nobody had paid, two days later."""
        unpaid = [
            (bill, bill_id)
            for bill, bill_id in zip(bills, ids, strict=True)
            if bill.state == "issued" and not bill.tip_paise
        ]
        for place in _CREDITED:
            if not unpaid:
                return
            bill, bill_id = unpaid.pop(place % len(unpaid))
            at = min(bill.created_at + timedelta(days=2), self.now)
            values = bill.model_dump(exclude={"id", "booking_id", "tip_paise", "paid_paise", "due_on"})
            note = Document(**(values | {
                "kind": DocumentKind.CREDIT_NOTE, "state": "issued", "corrects_id": bill_id, "issued_on": self._day(at),
                "number": self._number(DocumentKind.CREDIT_NOTE, self._day(at)), "issued_at": at, "created_at": at,
                "began": financial_year(self._day(at)),
                "running": self.given[(DocumentKind.CREDIT_NOTE, financial_year(self._day(at)))],
                "buyer": {**bill.buyer, "corrects": bill.number, "corrects_on": str(bill.issued_on)},
                "note": "Billed by mistake",
            }))  # fmt: skip
            self._write([(note, self._copied(bill_id))])
            self.rows.update("documents", [{"id": bill_id, "state": "paid", "paid_paise": bill.total_paise}])

    def _recurring(self, documents: Sequence[tuple[Document, list[DocumentLine]]]) -> None:
        """Who comes most often has agreed to be billed on the first of each month; a draft is written then."""
        often = Counter(document.customer_id for document, _ in documents).most_common(1)[0][0]
        document, lines = next(one for one in reversed(documents) if one[0].customer_id == often)
        first = (self._day(self.now).replace(day=1) + timedelta(days=32)).replace(day=1)
        self.rows.add("recurring_bills", [{
            "business_id": self.shop.business_id, "customer_id": often, "unit": "month", "step": 1, "base": 0,
            "starts_on": first, "next_on": first, "next_period": 0, "ends_on": None, "is_issuing": False,
            "state": "active", "trouble": "", "total_paise": document.total_paise, "created_at": document.created_at,
            "created_by_member_id": self.desk, "version": 1,
            "plan": {"lines": [asdict(wish_of(line)) for line in lines], "buyer_gstin": "", "performed_in": "",
                     "discount": ""},
        }])  # fmt: skip

    def _copied(self, bill_id: int) -> list[DocumentLine]:
        return [DocumentLine(**line.model_dump(exclude={"id", "booking_item_id"})) for line in self.lines[bill_id]]

    def _advances(self, booked: Sequence[Booked], people: Sequence[Payer]) -> Iterable[Money]:
        """Two who come soon have paid something already."""
        soon = [one.visit for one in booked if one.visit.starts_at > self.now + timedelta(days=1)
                and one.visit.status in (BookingStatus.BOOKED, BookingStatus.CONFIRMED)]  # fmt: skip
        dearest = sorted(soon, key=lambda visit: (-self._worth(visit), visit.starts_at))[:2]
        for visit in dearest:
            at, payer = self.now - timedelta(hours=20), people[visit.customer]
            proof = f"{self.rng.randrange(10**12)}"
            yield Money("upi", 50_000, 0, at, payer.customer_id, 0, proof, self._purposes(visit), payer.name)

    def _purposes(self, visit: Visit) -> list[Purpose]:
        services = [(self.outline.template.services[item.service], item.service) for item in visit.items]
        return [
            Purpose(
                f"Advance for {service.name}", rate.rate_bp, rate.is_exempt, (rule_for(TaxClass(service.tax_class)),),
                service.tax_class, service.sac, service.price_paise, self.shop.services[place],
            )
            for service, place in services
            for rate in [rate_on(TaxClass(service.tax_class), self._day(self.now))]
        ]  # fmt: skip

    def _voucher(self, one: Money, payment_id: int) -> tuple[Document, list[DocumentLine]]:
        """The paper of an advance."""
        day = self._day(one.at)
        registration = self.terms.registrations.on(day)
        worked = work_out_advance(one.paise, one.purposes, registration, self.business.state_code)
        document = Document(
            business_id=self.shop.business_id, kind=DocumentKind.RECEIPT_VOUCHER, state="issued",
            number=self._number(DocumentKind.RECEIPT_VOUCHER, day), began=financial_year(day), issued_on=day,
            running=self.given[(DocumentKind.RECEIPT_VOUCHER.value, financial_year(day))],
            issued_at=one.at, due_on=day, customer_id=one.customer_id, payment_id=payment_id,
            seller=seller_of(self.business, self.terms, day), buyer={"name": one.name, "gstin": ""},
            place_state=worked.place_state, heads=worked.heads, reason=worked.reason,
            note=f"Received by UPI, {one.proof}", keep_until=keep_until(financial_year(day)), created_at=one.at,
            created_by_member_id=self.desk, version=2, **voucher_sums(worked),
        )  # fmt: skip
        lines = voucher_lines(worked)
        for line in lines:
            line.business_id = self.shop.business_id
        return document, lines

    def _worth(self, visit: Visit) -> int:
        return sum(self.outline.template.services[item.service].price_paise for item in visit.items)

    def _write(self, documents: Sequence[tuple[Document, list[DocumentLine]]]) -> list[int]:
        drafts = [
            {**document.model_dump(exclude={"id"}), "number": None, "state": "draft"} for document, _ in documents
        ]
        ids = self.rows.add("documents", drafts)
        self.lines |= {document_id: lines for document_id, (_, lines) in zip(ids, documents, strict=True)}
        for document_id, (document, lines) in zip(ids, documents, strict=True):
            for line in lines:
                line.document_id = document_id
            self.shelf.move(document, document_id, lines)
        whole = [line.model_dump(exclude={"id"}) for document_id in ids for line in self.lines[document_id]]
        self.rows.add("document_lines", whole)
        issued = [{"id": document_id, "number": document.number, "state": document.state}
                  for document_id, (document, _) in zip(ids, documents, strict=True)]  # fmt: skip
        self.rows.update("documents", issued)
        self._post([
            (amounts_of(document), document.issued_on or self._day(self.now), {"document_id": document_id})
            for document_id, (document, _) in zip(ids, documents, strict=True)
        ])  # fmt: skip
        return ids

    def _write_money(self, money: Sequence[Money]) -> None:
        mine = {"business_id": self.shop.business_id}
        ids = self.rows.add("payments", [
            {**mine, "customer_id": one.customer_id, "mode": one.mode, "amount_paise": one.paise, "evidence": "claimed",
             "proof": one.proof, "received_at": one.at, "member_id": self.desk, "void_reason": ""}
            for one in money
        ])  # fmt: skip
        self.rows.add("allocations", [
            {**mine, "payment_id": payment_id, "document_id": one.document_id, "amount_paise": one.settled}
            for payment_id, one in zip(ids, money, strict=True)
            if one.settled
        ])  # fmt: skip
        self._post([
            (payment_amounts(one.mode, one.paise, one.settled), self._day(one.at), {"payment_id": payment_id})
            for payment_id, one in zip(ids, money, strict=True)
        ])  # fmt: skip
        self._write(
            [self._voucher(one, payment_id) for payment_id, one in zip(ids, money, strict=True) if one.purposes]
        )

    def _close(self, taken: Sequence[Taken]) -> None:
        mine = {"business_id": self.shop.business_id, "member_id": self.desk}
        evenings = list(closings(taken, self.now))
        self.rows.add("till_closings", [{**mine, **evening} for evening in evenings])
        self._post([
            (closing_amounts(one["expected_paise"], one["counted_paise"], one["kept_paise"]), one["day"], {})
            for one in evenings
        ])  # fmt: skip

    def _post(self, postings: Sequence[tuple[dict[str, int], date, dict[str, int]]]) -> None:
        numbers = self.rows.numbers("postings", len(postings))
        entries: list[Row] = [
            {"business_id": self.shop.business_id, "posting": number, "account": account, "amount_paise": paise,
             "on_day": day, "document_id": whose.get("document_id"), "payment_id": whose.get("payment_id")}
            for number, (amounts, day, whose) in zip(numbers, postings, strict=True)
            for account, paise in amounts.items()
        ]  # fmt: skip
        self.rows.add("ledger_entries", entries)

    def _day(self, at: datetime) -> date:
        return to_wall(at, self.zone)[0]


def _line_rows(business_id: int, lines: Sequence[ReadLine], priced: Priced) -> list[DocumentLine]:
    return [
        DocumentLine(
            business_id=business_id,
            document_id=0,
            place=place,
            description=line.description,
            sac=line.sac,
            quantity=line.quantity,
            price_paise=line.price_paise,
            is_with_tax=line.is_with_tax,
            discount_bp=line.discount_bp,
            tax_class=line.tax_class,
            rate_bp=typed.rate_bp,
            is_exempt=typed.is_exempt,
            service_id=line.service_id,
            member_id=line.member_id,
            booking_item_id=line.booking_item_id,
            product_id=line.product_id,
            unit=line.unit,
            taxable_paise=worked.taxable,
            cgst_paise=worked.cgst,
            sgst_paise=worked.sgst,
            igst_paise=worked.igst,
        )
        for place, (line, typed, worked) in enumerate(zip(lines, priced.lines, priced.bill.lines, strict=True), 1)
    ]
