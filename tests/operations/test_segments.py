"""Groups of customers by rules: who is in them, how many, saving and taking back; and what is done to many at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from microcrm.domain.documents import financial_year
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Permission, Role
from microcrm.domain.segments import READY
from microcrm.models.billing import Document
from microcrm.models.bookings import Booking
from microcrm.models.customers import Customer
from microcrm.operations.customer_alike import Typing, customers_alike
from microcrm.operations.customer_choice import Choice
from microcrm.operations.customer_columns import USUAL, choose_columns, columns_of
from microcrm.operations.customer_export import export_customers
from microcrm.operations.customer_list import ListCustomers, list_page, tags_in_use
from microcrm.operations.customer_notes import WriteNote, write_note
from microcrm.operations.customer_search import search
from microcrm.operations.customer_tags import TagMany, tag_many
from microcrm.operations.customers import AddCustomer, add, archive
from microcrm.operations.segments import SaveSegment, remove_segment, save_segment, segment_counts, segments
from microcrm.operations.undo import take_back
from microcrm.operations.unit_of_work import Actor, UnitOfWork
from tests.conftest import Work
from tests.support.shops import CANARY, Shop

NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


def without(shop: Shop, *permissions: Permission, role: Role = Role.MANAGER) -> Actor:
    actor = shop.actor(role)
    return shop.actor(role, permissions=actor.permissions - set(permissions))


def names(uow: UnitOfWork, rules: dict[str, Any]) -> set[str]:
    key = save_segment(uow, SaveSegment(f"Trial {sorted(rules.items())}"[:40], rules)).key
    page = list_page(uow, ListCustomers(segment=key))
    assert segment_counts(uow)[key] == page.total
    remove_segment(uow, key)
    return {row.name for row in page.rows}


def person(uow: UnitOfWork, name: str, *, seen: list[int] = (), booked: int = 0, **columns: Any) -> int:  # type: ignore[assignment]
    """``seen``: days ago of finished visits; ``booked``: days until one to come."""
    saved = add(uow, AddCustomer(name))
    row = uow.session.get_one(Customer, saved.id)
    visits = [(uow.now - timedelta(days=days), "finished") for days in seen]
    visits += [(uow.now + timedelta(days=booked), "booked")] if booked else []
    for starts, status in visits:
        uow.session.add(
            Booking(business_id=row.business_id, number=None, customer_id=saved.id, status=status, starts_at=starts,
                    ends_at=starts + timedelta(minutes=30), created_at=uow.now)
        )  # fmt: skip
    finished = [starts for starts, status in visits if status == "finished"]
    row.last_visit_at, row.visit_count = max(finished, default=None), len(finished)
    for column, value in columns.items():
        setattr(row, column, value)
    uow.session.flush()
    return saved.id


def bill(uow: UnitOfWork, customer_id: int, running: int, total: int, **columns: Any) -> Document:
    values = {"kind": "tax_invoice", "state": "issued", "paid_paise": 0, **columns}
    row = Document(
        business_id=uow.business_id, number=f"T/2627/{running}", running=running, began=financial_year(uow.now),
        customer_id=customer_id, total_paise=total, taxable_paise=total, created_at=uow.now, **values,
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    return row


def test_each_rule_finds_its_customers(unit_of_work: Work, shop: Shop, at: Any) -> None:
    with unit_of_work(shop.actor(), clock=at(NOW)) as uow:
        person(uow, "Lapsed", seen=[60, 200], created_at=NOW - timedelta(days=300))
        person(uow, "Lapsed but booked", seen=[90], booked=3, created_at=NOW - timedelta(days=100))
        person(uow, "Almost lapsed", seen=[59], created_at=NOW - timedelta(days=60))
        person(uow, "Never came", created_at=NOW - timedelta(days=400))
        person(uow, "New", seen=[1], created_at=NOW - timedelta(days=2), birthday=date(1990, 11, 30))
        person(uow, "Leap", created_at=NOW - timedelta(days=40), birthday=date(2000, 2, 29))
        assert names(uow, {"not_seen_days": "60"}) == {"Lapsed", "Lapsed but booked"}
        assert names(uow, {"not_seen_days": 60, "is_not_booked": "on"}) == {"Lapsed"}
        assert names(uow, {"first_visit_days": "60"}) == {"Almost lapsed", "New"}
        assert names(uow, {"first_visit_days": "61"}) == {"Almost lapsed", "New"}
        assert names(uow, {"added_days": "0"}) >= {"New"} and "Leap" not in names(uow, {"added_days": "0"})
        assert "Leap" in names(uow, {"added_days": "41"})
        assert names(uow, {"birthday_month": "0"}) == {"New"} == names(uow, {"birthday_month": "11"})
        assert names(uow, {"birthday_month": "2"}) == {"Leap"}
        assert names(uow, {"least_visits": "2"}) == {"Lapsed"}
        counted = segment_counts(uow)
        assert (counted["lapsed"], counted["birthday"], counted["owing"]) == ("1", "1", "0")


def test_tags_any_all_and_none(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        for name, tags in (("Both", "VIP, Bridal"), ("Vip", "vip"), ("Bride", "Bridal"), ("Plain", "")):
            add(uow, AddCustomer(name, tags=tags))
        assert names(uow, {"tags_any": "VIP, bridal"}) == {"Both", "Vip", "Bride"}
        assert names(uow, {"tags_all": "vip,BRIDAL"}) == {"Both"}
        assert names(uow, {"tags_none": "vip", "tags_any": "bridal"}) == {"Bride"}
        assert names(uow, {"tags_none": "vip,bridal"}) == {"Plain", "Plain Iyer"}
        assert names(uow, {"tags_any": "🙂"}) == set()


def test_what_was_billed_and_what_is_owed(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        big, small, returned = (add(uow, AddCustomer(name)).id for name in ("Big", "Small", "Returned"))
        bill(uow, big, 1, 500_00, paid_paise=500_00, state="paid")
        bill(uow, big, 2, 700_00)
        bill(uow, small, 3, 100_00, paid_paise=40_00, state="part_paid")
        gone = bill(uow, returned, 4, 2_000_00, paid_paise=2_000_00, state="paid")
        bill(uow, returned, 5, 1_900_00, kind="credit_note", corrects_id=gone.id)
        bill(uow, small, 6, 9_000_00, kind="estimate")
        assert names(uow, {"spent_paise": "1,200"}) == {"Big"}
        assert names(uow, {"spent_paise": "100"}) == {"Big", "Small", "Returned"}
        assert names(uow, {"is_owing": "on"}) == {"Big", "Small"}
        rows = {
            row.name: (row.billed, row.due)
            for row in list_page(uow, ListCustomers(sort="billed", is_descending=True)).rows
        }
        assert next(iter(rows)) == "Big"
        assert rows["Big"] == ("₹1,200.00", "₹700.00") and rows["Small"] == ("₹100.00", "₹60.00")
        gone.state = "cancelled"
        uow.session.flush()
        uow.session.expire_all()
        assert uow.session.get_one(Customer, returned).billed_paise == -1_900_00


def test_money_is_for_those_who_see_bills(unit_of_work: Work, shop: Shop) -> None:
    blind = without(shop, Permission.INVOICES_VIEW)
    with unit_of_work(shop.actor()) as uow:
        bill(uow, shop.customer_id, 1, 700_00)
        secret = save_segment(uow, SaveSegment("Spenders", {"spent_paise": "1"})).key
    with unit_of_work(blind) as uow:
        assert {"owing", secret} & {one.key for one in segments(uow)} == set()
        assert {"owing", secret} & segment_counts(uow).keys() == set()
        assert (
            list_page(uow, ListCustomers(segment="owing")).rows
            == ()
            == list_page(uow, ListCustomers(segment=secret)).rows
        )
        (row,) = list_page(uow, ListCustomers(sort="billed")).rows
        assert (row.billed, row.due) == ("", "")
        assert "billed" not in choose_columns(uow, ["billed", "due", "tags"])
        with pytest.raises(Forbidden):
            save_segment(uow, SaveSegment("Guess", {"spent_paise": "500"}))


def test_saving_changing_and_deleting_can_be_taken_back(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        made = save_segment(uow, SaveSegment("Brides", {"tags_any": "Bridal", "spent_paise": "1,500"}))
        (own,) = [one for one in segments(uow) if one.version]
        assert own.words == "Billed ₹1,500 or more, tagged Bridal"
        changed = save_segment(uow, SaveSegment("Brides to be", {"tags_any": "Bridal"}, made.key, own.version))
        with pytest.raises(Conflict):
            save_segment(uow, SaveSegment("Late", {"tags_any": "x"}, made.key, own.version))
        take_back(uow, changed.undo)
        assert [one.name for one in segments(uow) if one.version] == ["Brides"]
        gone = remove_segment(uow, made.key)
        assert [one for one in segments(uow) if one.version] == []
        take_back(uow, gone.undo)
        (back,) = [one for one in segments(uow) if one.version]
        assert (back.name, back.rules) == ("Brides", own.rules)
        with pytest.raises(Invalid) as refused:
            save_segment(uow, SaveSegment("BRIDES", {"tags_any": "x"}))
        assert refused.value.fields == {"name": "There is one of this name already."}


@pytest.mark.parametrize(
    ("name", "rules", "fields"),
    [
        ("", {"tags_any": "x"}, {"name"}),
        ("x" * 41, {"tags_any": "x"}, {"name"}),
        ("Ok", {}, {"form"}),
        ("Ok", {"not_seen_days": "0"}, {"not_seen_days"}),
        ("Ok", {"not_seen_days": "-5", "birthday_month": "13"}, {"not_seen_days", "birthday_month"}),
        ("Ok", {"spent_paise": "lots", "least_visits": "1.5"}, {"spent_paise", "least_visits"}),
        ("Ok", {"tags_all": "a," * 11 + ",".join("bcdefghijkl")}, {"tags_all"}),
        ("Ok", {"tags_any": ["x"], "added_days": {}}, {"tags_any", "added_days"}),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    unit_of_work: Work, shop: Shop, name: str, rules: dict[str, Any], fields: set[str]
) -> None:
    with pytest.raises(Invalid) as refused, unit_of_work(shop.actor()) as uow:
        save_segment(uow, SaveSegment(name, rules))
    assert set(refused.value.fields) == fields


def test_a_shop_has_at_most_twenty(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        for number in range(20):
            save_segment(uow, SaveSegment(f"Group {number}", {"tags_any": "x"}))
        with pytest.raises(Conflict):
            save_segment(uow, SaveSegment("One more", {"tags_any": "x"}))
        assert len(segments(uow)) == 20 + len(READY)


def test_the_neighbours_segments_are_not_there(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(neighbour.actor()) as uow:
        theirs = save_segment(uow, SaveSegment(f"{CANARY} group", {"added_days": "3650"})).key
    with unit_of_work(shop.actor()) as uow:
        assert theirs not in {one.key for one in segments(uow)}
        assert list_page(uow, ListCustomers(segment=theirs)).rows == ()
        for command in (SaveSegment("Mine", {"tags_any": "x"}, theirs, 1),):
            with pytest.raises(NotFound):
                save_segment(uow, command)
        with pytest.raises(NotFound):
            remove_segment(uow, theirs)
        assert list_page(uow, ListCustomers(segment="nonsense")).rows == ()


def test_one_calendar_counts_only_its_own(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        stranger = person(uow, "Stranger")
        own = uow.session.get_one(Customer, shop.customer_id)
        own.created_at = uow.now
        uow.session.flush()
        assert segment_counts(uow)["new"] == "2"
    with unit_of_work(shop.actor(Role.STAFF)) as uow:
        assert segment_counts(uow)["new"] == "1"
        assert [row.name for row in list_page(uow, ListCustomers(segment="new")).rows] == ["Plain Iyer"]
        assert customers_alike(uow, Typing("Stranger Danger", "", "")) == ()
    allowed = shop.actor(Role.STAFF).permissions | {Permission.CUSTOMERS_EDIT, Permission.CUSTOMERS_EXPORT}
    with unit_of_work(shop.actor(Role.STAFF, permissions=allowed)) as uow:
        assert tag_many(uow, TagMany(Choice([stranger, shop.customer_id]), "Mine")).changed == 1
        sheet = export_customers(uow, Choice(listed=ListCustomers()))
        assert [row[0] for row in sheet.rows] == ["Plain Iyer"]


def test_many_are_tagged_untagged_and_put_back(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        ids = [add(uow, AddCustomer(f"Person {n}", tags="Old vip" if n else "")).id for n in range(3)]
        done = tag_many(uow, TagMany(Choice(ids), " Bride "))
        assert (done.tag, done.changed, done.full) == ("Bride", 3, 0)
        assert len(search(uow, "bride")) == 3 and tags_in_use(uow) == ("Bride", "Old vip")
        assert tag_many(uow, TagMany(Choice(ids), "BRIDE")).changed == 0
        take_back(uow, done.undo)
        assert search(uow, "bride") == () and tags_in_use(uow) == ("Old vip",)
        with pytest.raises(Conflict):
            take_back(uow, done.undo)
        tag_many(uow, TagMany(Choice(ids[1:2]), "VIP"))
        taken = tag_many(uow, TagMany(Choice(listed=ListCustomers(tag="Old vip")), "old VIP", is_removed="on"))
        assert taken.changed == 2
        assert [one.id for one in search(uow, "vip")] == [ids[1]], "the other tag has that word as well"
        assert search(uow, "old") == ()
        take_back(uow, taken.undo)
        assert {row.tags for row in list_page(uow, ListCustomers("person")).rows} == {
            (),
            ("Old vip",),
            ("VIP", "Old vip"),
        }
        assert len(search(uow, "old")) == 2


def test_ten_tags_are_enough(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        full = add(uow, AddCustomer("Full", tags=",".join("abcdefghij"))).id
        free = add(uow, AddCustomer("Free")).id
        done = tag_many(uow, TagMany(Choice([full, free]), "k"))
        assert (done.changed, done.full) == (1, 1)


@pytest.mark.parametrize("tag", ["", None, "a,b", "x" * 31, "🙂", 5, ["x"]])
def test_what_is_no_tag_is_refused(unit_of_work: Work, shop: Shop, tag: Any) -> None:
    with pytest.raises(Invalid), unit_of_work(shop.actor()) as uow:
        tag_many(uow, TagMany(Choice([shop.customer_id]), tag))


def test_ids_of_the_neighbour_are_nobody(unit_of_work: Work, shop: Shop, neighbour: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        assert tag_many(uow, TagMany(Choice([neighbour.customer_id]), "Mine")).changed == 0
        with pytest.raises(Invalid):
            export_customers(uow, Choice([neighbour.customer_id]))
        for odd in (["x"], "1", [0], list(range(1, 600)), {}):
            with pytest.raises(Invalid):
                tag_many(uow, TagMany(Choice(odd), "Mine"))


def test_a_list_is_exported_whole_harmless_and_logged(unit_of_work: Work, shop: Shop) -> None:
    from microcrm.domain.sheet import csv_cell
    from microcrm.models.records import AuditEvent

    with unit_of_work(shop.actor()) as uow:
        add(
            uow,
            AddCustomer("=SUM(A1)", "98860 55555", "asha@example.com", "12 MG Road", "1990-12-05", "VIP", notes="@cmd"),
        )
        sheet = export_customers(uow, Choice(listed=ListCustomers("sum")))
        (row,) = sheet.rows
        cells = [csv_cell(column.holds, cell) for column, cell in zip(sheet.columns, row, strict=True)]
        assert cells[:7] == ["'=SUM(A1)", "98860 55555", "asha@example.com", "12 MG Road", "1990-12-05", "VIP", "'@cmd"]
        event = uow.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
        fields = [
            "name",
            "phone",
            "email",
            "address",
            "birthday",
            "tags",
            "notes",
            "added",
            "last",
            "next",
            "visits",
            "billed",
            "due",
        ]
        assert (event.action, event.facts) == (
            "export", {"count": 1, "whole": True, "searched": True, "file": "csv", "fields": fields},
        )  # fmt: skip
        assert "sum" not in repr(event.facts), "what was searched may be a name"


def test_contacts_do_not_walk_out_in_a_file(unit_of_work: Work, shop: Shop) -> None:
    masked = without(shop, Permission.CUSTOMERS_CONTACT)
    with unit_of_work(masked) as uow:
        write_note(uow, WriteNote(shop.customer_id, "Call 98452 12345", is_pinned=True))
        (row,) = export_customers(uow, Choice([shop.customer_id])).rows
        assert row[1] == "•••• 12345" and "98452" not in repr(row)
    for actor in (without(shop, Permission.CUSTOMERS_EXPORT), shop.actor(Role.FRONT_DESK), shop.actor(Role.STAFF)):
        with pytest.raises(Forbidden), unit_of_work(actor) as uow:
            export_customers(uow, Choice([shop.customer_id]))


def test_columns_are_remembered_for_each_person(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        assert columns_of(uow) == USUAL
        assert choose_columns(uow, ["tags", "added", "nonsense"]) == ("tags", "added")
        assert columns_of(uow) == ("tags", "added")
        assert choose_columns(uow, []) == () == columns_of(uow)
        assert choose_columns(uow, None) == USUAL
        choose_columns(uow, ["last"])
    with unit_of_work(shop.actor(Role.FRONT_DESK)) as uow:
        assert columns_of(uow) == USUAL


def test_who_may_be_the_same_is_said_while_typing(unit_of_work: Work, shop: Shop) -> None:
    with unit_of_work(shop.actor()) as uow:
        first = add(uow, AddCustomer("Lakshmi Gowda", "98860 55555", "lg@example.com")).id
        other = add(uow, AddCustomer("ಲಕ್ಷ್ಮಿ ಗೌಡ")).id
        why = lambda **typed: [(one.id, one.why) for one in customers_alike(uow, Typing(**typed))]  # noqa: E731
        assert why(phone="9886055555") == [(first, "Same phone")]
        assert why(email="LG@example.com ") == [(first, "Same email")]
        assert why(name="laxmi gauda") == [(first, "Similar name"), (other, "Similar name")]
        assert why(name="Gowda Lakshmee", phone="+91 98860-55555") == [(first, "Same phone"), (other, "Similar name")]
        assert why(name="Lakshmi", phone="98860", email="lg@") == []
        assert why(name="Lakshmi Gowda", phone="9886055555", customer_id=first) == [(other, "Similar name")]
        assert why(name=None, phone=5, email=[], customer_id="x") == []
        archive(uow, first)
        assert [one.is_archived for one in customers_alike(uow, Typing(phone="9886055555"))] == [True]
