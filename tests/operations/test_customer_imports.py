"""Lists of customers brought in: a verdict on each row, taken over once, and taken back whole."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from microcrm import wiring
from microcrm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.operations.customer_imports import bulk, committing, matching, working
from microcrm.operations.customer_imports.looking import list_imports, rows_left_out, see_import
from microcrm.operations.customer_imports.receiving import (
    Mapping,
    choose_mapping,
    commit_import,
    discard_import,
    receive_file,
    undo_import,
)
from microcrm.operations.customer_list import ListCustomers, list_page
from microcrm.operations.customers import EditCustomer, edit
from microcrm.operations.undo import take_back
from microcrm.settings import settings
from tests.conftest import act_as
from tests.support.imports import Desk, verdicts
from tests.support.merging import merge, twice
from tests.support.shops import CANARY, TwoShops

LAKSHMI = "Lakshmi Venkatesh"
LIST = """Name,Mobile,E-mail,Date of birth,Tags,Notes,Allergy
Lakshmi Venkatesh,98450 55501,lakshmi@v.example,31/12/1990,"VIP, Bride",Likes tea,PPD in hair colour
ರಮ್ಯಾ,+91-98450-55502,,05/06/1985,,,
,98450 55503,,,,,
Nobody,12345,,,,,
Laxmi V,9845055501,,,,,
Ravi Kumar,098450 55504,not an address,,,,
Meera Iyer,,meera@iyer.example,12 Jan 2001,,,
"""


@pytest.fixture
def desk(fresh_database: TwoShops) -> Desk:
    return Desk(fresh_database.a.actor())


def owner_engine() -> Engine:
    return create_engine(settings().database_owner_url)


def scalar(sql: str, **values: Any) -> Any:
    engine = owner_engine()
    with engine.connect() as connection:
        found = connection.execute(text(sql), values).scalar()
    engine.dispose()
    return found


def test_a_file_is_read_and_its_columns_are_guessed_with_examples(desk: Desk) -> None:
    view = desk.see(desk.bring(LIST))
    assert view.line.state == "mapping" and (view.total, view.kind) == (7, "csv")
    assert [column.holds.value for column in view.columns] == [
        "name", "phone", "email", "birthday", "tags", "notes", "allergy",
    ]  # fmt: skip
    assert view.columns[0].samples[:2] == ("Lakshmi Venkatesh", "ರಮ್ಯಾ")


def test_each_row_has_its_verdict_and_nothing_is_written(desk: Desk) -> None:
    before = len(desk.customers())
    view = desk.rehearse(desk.bring(LIST))
    assert view.line.state == "rehearsed"
    assert verdicts(view) == [
        (2, "n", ""),
        (3, "n", ""),
        (4, "r", "The name is missing."),
        (5, "r", "This is no phone number. It needs its ten digits, such as 98450 12345."),
        (6, "d", "Row 2 is the same person."),
        (7, "r", "This is no e-mail address. It needs to look like name@example.com."),
        (8, "n", ""),
    ]
    assert view.line.counts == {"new": 3, "joins": 0, "same": 0, "duplicate": 1, "refused": 3, "warned": 0}
    assert [row.number for row in desk.see(view.line.id, "refused").rows] == [4, 5, 7]
    assert len(desk.customers()) == before


def test_what_is_taken_over_is_there_whole_and_found(desk: Desk) -> None:
    view = desk.take(LIST)
    assert view.line.state == "done" and view.line.counts["added"] == 3
    lakshmi = desk.named("Lakshmi Venkatesh")
    assert (lakshmi.phone, lakshmi.email, lakshmi.birthday) == (
        "+919845055501",
        "lakshmi@v.example",
        date(1990, 12, 31),
    )
    assert (lakshmi.tags, desk.noted(lakshmi.id), lakshmi.version) == (["VIP", "Bride"], ["Likes tea"], 1)
    assert desk.named("ರಮ್ಯಾ").birthday == date(1985, 6, 5), "the column says that days come first"
    for typed, name in (("laxmi", LAKSHMI), ("ramya", "ರಮ್ಯಾ"), ("55501", LAKSHMI), ("bride", LAKSHMI)):
        page = act_as(desk.actor, list_page, ListCustomers(typed))
        assert name in [row.name for row in page.rows], typed
    sealed = scalar("SELECT count(*) FROM sealed_records WHERE customer_id = :id AND kind = 'allergy'", id=lakshmi.id)
    assert sealed == 1 and scalar("SELECT count(*) FROM keys.customer_keys WHERE customer_id = :id", id=lakshmi.id) == 1


def test_the_log_has_one_line_for_the_list_and_nothing_of_anybody(desk: Desk) -> None:
    desk.take(LIST)
    assert scalar("SELECT count(*) FROM audit_events WHERE action = 'customers.brought_in'") == 1
    facts = scalar("SELECT string_agg(facts::text, ' ') FROM audit_events")
    assert "Lakshmi" not in facts and "98450" not in facts


def test_the_same_list_again_adds_nothing(desk: Desk) -> None:
    desk.take(LIST)
    before = [(row.id, row.version) for row in desk.customers()]
    view = desk.rehearse(desk.bring(LIST))
    assert view.line.counts["new"] == 0 and view.line.counts["same"] + view.line.counts["joins"] == 3
    again = desk.commit(view.line.id)
    assert (again.line.counts["added"], again.line.counts["changed"]) == (0, 0)
    assert [(row.id, row.version) for row in desk.customers()] == before
    assert scalar("SELECT count(*) FROM sealed_records WHERE kind = 'allergy'") == 1


def test_a_row_joins_the_customer_with_its_phone_and_overwrites_nothing(desk: Desk) -> None:
    desk.take("Name,Phone,Address,Notes\nSuma Rao,98450 55510,,Old note\n")
    suma = desk.named("Suma Rao")
    text = "Name,Phone,Email,Address,Notes,Tags\nSuma,9845055510,suma@rao.example,12 MG Road,New note,VIP\n"
    view = desk.rehearse(desk.bring(text))
    assert verdicts(view) == [(2, "j", "Joins Suma Rao.")]
    done = desk.commit(view.line.id)
    now = desk.named("Suma Rao")
    assert (now.id, now.email, now.address, now.tags) == (suma.id, "suma@rao.example", "12 MG Road", ["VIP"])
    assert sorted(desk.noted(suma.id)) == ["New note", "Old note"]
    desk.undo(done.line.id)
    back = desk.named("Suma Rao")
    assert back.model_dump() == suma.model_dump(), "its version, too: nothing of it is different"
    assert desk.noted(suma.id) == ["Old note"]
    page = act_as(desk.actor, list_page, ListCustomers(tag="VIP"))
    assert page.rows == ()


MERGED = """Name,Phone,Email,Tags
Aasha Menon,98860 10002,,Bride
Aasha M,,asha@glow.example,
"""


def test_a_row_of_somebody_who_was_merged_away_joins_who_was_kept(desk: Desk) -> None:
    with wiring.unit_of_work(desk.actor) as uow:
        kept, gone = twice(uow)
        merge(uow, kept, gone)
    before = [row.model_dump() for row in desk.customers()]
    view = desk.rehearse(desk.bring(MERGED))
    assert verdicts(view) == [
        (2, "j", "Aasha Menon was merged with Asha Menon. Joins Asha Menon."),
        (3, "s", "Asha Menon is here already."),
    ]
    done = desk.commit(view.line.id)
    assert (done.line.counts["added"], done.line.counts["changed"]) == (0, 1)
    now = desk.named("Asha Menon")
    assert (now.id, now.tags[-1]) == (kept, "Bride") and desk.named("Aasha Menon").merged_into_id == kept
    assert desk.noted(kept)[0] == "Another phone: +91 98860 10002"
    again = desk.rehearse(desk.bring(MERGED))
    assert verdicts(again)[0] == (2, "s", "Aasha Menon was merged with Asha Menon.")
    assert again.line.counts["new"] == 0
    desk.undo(done.line.id)
    assert [row.model_dump() for row in desk.customers()] == before, "both records, to the last column"


def test_who_has_the_phone_themselves_comes_before_who_was_merged(desk: Desk) -> None:
    with wiring.unit_of_work(desk.actor) as uow:
        merge(uow, *twice(uow))
    first = desk.rehearse(desk.bring("Name,Phone\nBela Shah,98860 10002\n"))
    assert verdicts(first) == [(2, "n", "")], "nobody shares a number that no customer has any more"
    desk.commit(first.line.id)
    assert not desk.named("Bela Shah").is_sharing_phone
    view = desk.rehearse(desk.bring("Name,Phone,Notes\nBela,98860 10002,Likes tea\n"))
    assert verdicts(view) == [(2, "j", "Joins Bela Shah.")]


def test_a_family_shares_its_phone(desk: Desk) -> None:
    text = "Name,Phone\nAnil Deshmukh,98450 55520\nPriya Deshmukh,98450 55520\nAnil D,98450 55520\n"
    view = desk.rehearse(desk.bring(text))
    assert [row.verdict for row in view.rows] == ["n", "N", "d"]
    assert view.rows[1].words == "Anil Deshmukh has the same phone; they will share it."
    desk.commit(view.line.id)
    assert [(row.name, row.is_sharing_phone) for row in desk.customers() if row.phone == "+919845055520"] == [
        ("Anil Deshmukh", False), ("Priya Deshmukh", True),
    ]  # fmt: skip
    again = desk.rehearse(desk.bring(text))
    assert [row.verdict for row in again.rows] == ["s", "s", "d"]


def test_the_whole_list_is_taken_back_but_for_those_who_have_changed(desk: Desk) -> None:
    before = [row.model_dump() for row in desk.customers()]
    words = scalar("SELECT count(*) FROM customer_words"), scalar("SELECT count(*) FROM name_spellings")
    view = desk.take(LIST)
    meera = desk.named("Meera Iyer")
    act_as(desk.actor, edit, EditCustomer("Meera R Iyer", customer_id=meera.id, version=1, email="meera@iyer.example"))
    undone = desk.undo(view.line.id)
    assert undone.line.state == "undone" and undone.kept == ((meera.id, "Meera R Iyer"),)
    counts = undone.line.counts
    assert (counts["removed"], counts["restored"], counts["kept"]) == (2, 0, 1)
    assert [row.model_dump() for row in desk.customers() if row.id != meera.id] == before
    act_as(desk.actor, _forget, meera.id)
    assert (scalar("SELECT count(*) FROM customer_words"), scalar("SELECT count(*) FROM name_spellings")) == words
    assert scalar("SELECT count(*) FROM sealed_records WHERE kind = 'allergy'") == 0
    with pytest.raises(Conflict):
        act_as(desk.actor, undo_import, view.line.id)


def _forget(uow: Any, customer_id: int) -> None:
    uow.session.execute(text("DELETE FROM customers WHERE id = :id"), {"id": customer_id})


def test_whoever_has_a_booking_by_now_stays(desk: Desk, fresh_database: TwoShops) -> None:
    view = desk.take(LIST)
    lakshmi = desk.named("Lakshmi Venkatesh")
    engine = owner_engine()
    with engine.begin() as connection:
        statement = text("UPDATE bookings SET customer_id = :customer WHERE id = :booking")
        connection.execute(statement, {"customer": lakshmi.id, "booking": fresh_database.a.booking_id})
    engine.dispose()
    assert desk.undo(view.line.id).kept == ((lakshmi.id, "Lakshmi Venkatesh"),)


def test_the_activity_page_can_take_it_back(desk: Desk) -> None:
    view = desk.take(LIST)
    token = scalar("SELECT id FROM undos WHERE entity = 'customer_import'")
    assert act_as(desk.actor, take_back, str(token)) == "Undone: Imported customers"
    desk.work()
    assert desk.see(view.line.id).line.state == "undone"


def test_a_worker_that_stops_half_way_is_followed_by_one_that_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Name,Phone\n" + "".join(f"Person {'abcdefghij'[n % 10]}{n},{9845100000 + n}\n" for n in range(4_500))
    import_id = desk.bring(text)
    desk.rehearse(import_id)
    act_as(desk.actor, commit_import, import_id, desk.see(import_id).version)
    with wiring.unit_of_work(desk.actor) as uow:
        batch, places = committing.begin_commit(uow, import_id, wiring.sealer())
    assert places == [0, 1, 2]
    with wiring.unit_of_work(desk.actor) as uow:
        committing.commit_piece(uow, batch, 0, wiring.sealer())
    with pytest.raises(RuntimeError), wiring.unit_of_work(desk.actor) as uow:
        committing.commit_piece(uow, batch, 1, wiring.sealer())
        raise RuntimeError("the worker dies before the commit")
    half = desk.see(import_id)
    assert (half.line.state, half.done, half.line.counts["added"]) == ("committing", 2_000, 2_000)
    with wiring.unit_of_work(desk.actor) as uow:  # handed out twice
        committing.commit_piece(uow, batch, 0, wiring.sealer())
    desk.work()
    done = desk.see(import_id)
    assert (done.line.state, done.line.counts["added"]) == ("done", 4_500)
    assert desk.undo(import_id).line.counts["removed"] == 4_500


def test_a_shop_that_fills_within_seconds_is_not_taken_for_empty(desk: Desk) -> None:
    """What was analysed before knows nothing of this shop, and would have all of it read for each single row."""
    engine = owner_engine()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()
    import_id = desk.bring(
        "Name,Phone\n" + "".join(f"Person {'abcdefghij'[n % 10]}{n},{9845100000 + n}\n" for n in range(2_100))
    )
    desk.rehearse(import_id)
    assert desk.commit(import_id).line.counts["added"] == 2_100
    values = {"business": desk.actor.business_id, "values": bulk.BETWEEN.join(f"+91{9845100000 + n}" for n in range(9))}
    with wiring.unit_of_work(desk.actor) as uow:
        plan = "\n".join(uow.session.execute(text(f"EXPLAIN {matching._BY_PHONE.text}"), values).scalars())
    assert "Index Cond: ((business_id" in plan and "(phone = ANY" in plan and "Filter: (phone" not in plan, plan
    assert scalar("SELECT reltuples FROM pg_class WHERE relname = 'customers'") >= 2_000


def test_a_phone_that_the_desk_takes_meanwhile_is_not_stored_twice(desk: Desk) -> None:
    import_id = desk.bring("Name,Phone\nKavya Nair,98450 55530\nAsha Rao,98450 55531\n")
    assert [row.verdict for row in desk.rehearse(import_id).rows] == ["n", "n"]
    desk.take("Name,Phone\nKavya N,98450 55530\n")
    done = desk.commit(import_id)
    assert done.line.counts["added"] == 1
    assert len([row for row in desk.customers() if row.phone == "+919845055530"]) == 1


def test_what_is_left_out_is_a_file_with_the_reasons(desk: Desk) -> None:
    import_id = desk.bring(LIST)
    desk.rehearse(import_id)
    with wiring.unit_of_work(desk.actor) as uow:
        sheet = rows_left_out(uow, import_id, wiring.sealer())
        rows = list(sheet.rows)
    assert [column.label for column in sheet.columns][-2:] == ["Row", "Why"]
    assert [(row[0], row[-2], row[-1]) for row in rows] == [
        ("", "4", "The name is missing."),
        ("Nobody", "5", "This is no phone number. It needs its ten digits, such as 98450 12345."),
        ("Laxmi V", "6", "Row 2 is the same person."),
        ("Ravi Kumar", "7", "This is no e-mail address. It needs to look like name@example.com."),
    ]


def test_the_file_lies_under_seal_and_is_forgotten(desk: Desk) -> None:
    import_id = desk.bring(LIST)
    desk.rehearse(import_id)
    stored = scalar(
        "SELECT string_agg(encode(coalesce(file, cells) || coalesce(people, ''), 'escape'), '') FROM import_pieces"
    )
    assert "Lakshmi" not in stored and "98450" not in stored
    assert scalar("SELECT count(*) FROM import_pieces WHERE part = 'file'") == 0, (
        "rows have taken the place of the file"
    )
    later = wiring.now() + timedelta(days=3)
    with wiring.unit_of_work(desk.actor, clock=lambda: later) as uow:
        assert working.sweep_expired(uow) == 1
    view = desk.see(import_id)
    assert (view.line.state, view.fault) == ("failed", "expired")
    assert scalar("SELECT count(*) FROM import_pieces") == 0


def test_a_list_can_be_thrown_away_before_it_is_taken_over_and_not_after(desk: Desk) -> None:
    import_id = desk.bring(LIST)
    act_as(desk.actor, discard_import, import_id)
    with pytest.raises(NotFound):
        desk.see(import_id)
    view = desk.take(LIST)
    with pytest.raises(Conflict):
        act_as(desk.actor, discard_import, view.line.id)


def test_an_old_page_and_a_nonsense_mapping_change_nothing(desk: Desk) -> None:
    import_id = desk.bring(LIST)
    view = desk.see(import_id)
    good = [column.holds.value for column in view.columns]
    for holds in (good[:-1], ["skip"] * 7, ["name", "name", *good[2:]], ["?", *good[1:]], "name", None, [["name"]] * 7):
        with pytest.raises(Invalid):
            act_as(desk.actor, choose_mapping, Mapping(import_id, view.version, holds))
    with pytest.raises(Conflict):
        act_as(desk.actor, choose_mapping, Mapping(import_id, view.version - 1, good))
    with pytest.raises(Conflict):
        act_as(desk.actor, commit_import, import_id, view.version)
    assert desk.see(import_id).line.state == "mapping"


def test_the_neighbour_sees_and_touches_nothing(desk: Desk, fresh_database: TwoShops) -> None:
    other = Desk(fresh_database.b.actor())
    view = desk.take(LIST)
    assert act_as(other.actor, list_imports) == ()
    sealed = (wiring.sealer(),)
    for operation, args in (
        (see_import, sealed), (undo_import, ()), (discard_import, ()), (commit_import, (1,)), (rows_left_out, sealed),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            act_as(other.actor, operation, view.line.id, *args)
    theirs = other.rehearse(other.bring(LIST))
    assert theirs.line.counts["new"] == 3, "who is a customer next door is nobody's business"
    assert CANARY not in str(view)


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT])
def test_roles_without_the_right_are_refused(fresh_database: TwoShops, role: Role) -> None:
    with pytest.raises(Forbidden):
        act_as(fresh_database.a.actor(role), receive_file, LIST.encode(), "a.csv", wiring.sealer())
    with pytest.raises(Forbidden):
        act_as(fresh_database.a.actor(role), list_imports)
    assert act_as(fresh_database.a.actor(Role.MANAGER), list_imports) == ()


def test_whoever_sees_their_own_customers_only_cannot_compare_a_list_with_all(fresh_database: TwoShops) -> None:
    actor = fresh_database.a.actor(Role.MANAGER, is_own_calendar_only=True)
    with pytest.raises(Forbidden):
        act_as(actor, receive_file, LIST.encode(), "a.csv", wiring.sealer())
