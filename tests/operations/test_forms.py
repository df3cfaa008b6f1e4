"""Forms of the owner's own: drafts, versions that never change, who may fill them in, and what happens when two do it at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from microcrm import wiring
from microcrm.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from microcrm.domain.permissions import Role
from microcrm.models.forms import Form, FormVersion
from microcrm.models.records import AuditEvent
from microcrm.models.vault import SealedRecord, SealedVersion
from microcrm.operations.forms import editing
from microcrm.operations.forms.editing import (
    SaveForm,
    add_starting_forms,
    list_forms,
    open_form,
    publish_form,
    save_form,
)
from microcrm.operations.unit_of_work import UnitOfWork
from microcrm.operations.vault.destroying import destroy_customer_keys
from microcrm.operations.vault.reading import OpenRecords, list_records, open_records
from microcrm.operations.vault.records import AddRecord, CorrectRecord, add_record, correct_record
from tests.conftest import Work, act_as
from tests.support.shops import Shop, TwoShops
from tests.support.vault import DAY, PLANTED, SEALER, form_of, note, opened, own_form, values_of

KEY = "a key of one press of save"


@pytest.fixture
def owner(unit_of_work: Work, shop: Shop) -> Iterator[UnitOfWork]:
    with unit_of_work(shop.actor()) as uow:
        yield uow


def fill(uow: UnitOfWork, shop: Shop, form: int, number: int = 1, key: Any = None, **values: Any) -> int:
    return add_record(uow, AddRecord(shop.customer_id, form, number, DAY, values, key), SEALER)


def change(uow: UnitOfWork, form: int, *fields: dict[str, Any], publish: bool = True, **more: Any) -> None:
    own_form(uow, *fields, form_id=form, version=open_form(uow, form).version, is_published=publish, **more)


def words(uow: UnitOfWork, record: int, version: Any = "") -> list[tuple[str, str]]:
    [found] = open_records(uow, OpenRecords([record], "visit", version=version), SEALER)
    return [(one.label, one.words) for one in found.fields]


def test_answers_keep_the_words_of_the_version_that_they_were_given_for(owner: UnitOfWork, shop: Shop) -> None:
    form = own_form(owner, {"label": "Which oil?"}, {"label": "Pain", "shape": "scale", "low": "0", "high": "5"})
    first = fill(owner, shop, form, f1=PLANTED, f2="3")
    change(owner, form, {"name": "f1", "label": "Which oil, and how warm?"}, {"label": "Since when?", "shape": "note"})
    second = fill(owner, shop, form, 2, f1="Sesame", f3="Monday")
    assert words(owner, first) == [("Which oil?", PLANTED), ("Pain", "3 of 5")]
    assert words(owner, second) == [("Which oil, and how warm?", "Sesame"), ("Since when?", "Monday")]
    texts = owner.session.scalars(select(FormVersion).where(FormVersion.form_id == form).order_by(FormVersion.number))
    assert [[field["name"] for field in one.text["fields"]] for one in texts] == [["f1", "f2"], ["f1", "f3"]], (
        "no later question gets the name of an earlier one"
    )
    correct_record(owner, CorrectRecord(first, 1, DAY, {"f1": "Coconut", "f2": "2"}), SEALER)
    assert words(owner, first) == [("Which oil?", "Coconut"), ("Pain", "2 of 5")], "it is asked what it was asked then"


def test_an_issued_version_cannot_be_changed_by_anybody(owner: UnitOfWork, shop: Shop) -> None:
    own_form(owner, {"label": "A"})
    for statement in ("UPDATE form_versions SET text = '{}'", "DELETE FROM form_versions"):
        with pytest.raises(Exception, match="permission denied"), owner.session.begin_nested():
            owner.session.execute(text(statement))


def test_an_earlier_version_of_a_record_opens_for_a_purpose_and_says_so(owner: UnitOfWork, shop: Shop) -> None:
    record = note(owner, shop.customer_id)
    correct_record(owner, CorrectRecord(record, 1, DAY, {"formula": "7.0 40 g"}), SEALER)
    [before] = open_records(owner, OpenRecords([record], "asked", version="1"), SEALER)
    assert (before.version, before.latest, before.author) == (1, 2, "Plain owner")
    assert PLANTED in values_of(before)["formula"]
    assert values_of(opened(owner, record)[0])["formula"] == "7.0 40 g"
    log = owner.session.execute(text("SELECT version, purpose FROM record_openings ORDER BY id")).all()
    assert [tuple(row) for row in log] == [(1, "asked"), (2, "visit")]
    with pytest.raises(NotFound):
        open_records(owner, OpenRecords([record], "visit", version="3"), SEALER)
    other = note(owner, shop.customer_id, "allergy")
    for wrong in (["x", [record]], ["1", [record, other]]):
        with pytest.raises(Invalid):
            open_records(owner, OpenRecords(wrong[1], "visit", version=wrong[0]), SEALER)


def test_a_draft_changes_nothing_until_it_is_published(owner: UnitOfWork, shop: Shop) -> None:
    form = own_form(owner, {"label": "A"})
    change(owner, form, {"name": "f1", "label": "A, in other words"}, publish=False)
    [asked] = [one for one in list_records(owner, shop.customer_id).writable if one.form_id == form]
    assert (asked.number, asked.text.fields[0].label) == (1, "A")
    draft = open_form(owner, form)
    assert draft.has_draft and draft.text.fields[0].label == "A, in other words"
    assert publish_form(owner, form, draft.version) == 2
    assert not open_form(owner, form).has_draft
    change(owner, form, {"name": "f1", "label": "A, in other words"})
    assert open_form(owner, form).issued == 2, "the same text is the same version"
    with pytest.raises(Invalid, match="no draft"):
        publish_form(owner, form, open_form(owner, form).version)


def test_a_form_that_was_never_published_is_filled_in_by_nobody_and_can_go(owner: UnitOfWork, shop: Shop) -> None:
    form = own_form(owner, {"label": "A"}, is_published=False)
    assert form not in [one.form_id for one in list_records(owner, shop.customer_id).writable]
    with pytest.raises(Invalid, match="no such form"):
        fill(owner, shop, form, f1="x")
    editing.discard_draft(owner, form, open_form(owner, form).version)
    with pytest.raises(NotFound):
        open_form(owner, form)
    kept = own_form(owner, {"label": "A"})
    change(owner, kept, {"name": "f1", "label": "B"}, publish=False)
    editing.discard_draft(owner, kept, open_form(owner, kept).version)
    assert open_form(owner, kept).text.fields[0].label == "A"


def test_what_was_begun_before_a_new_version_is_taken_for_a_day(
    owner: UnitOfWork, unit_of_work: Work, shop: Shop, at: Any
) -> None:
    form = own_form(owner, {"label": "I agree", "shape": "signature"})
    change(owner, form, {"name": "f1", "label": "I agree to everything", "shape": "signature"})
    signed = {"f1": {"name": "Asha Rao", "how": "typed"}}
    record = fill(owner, shop, form, 1, **signed)
    assert words(owner, record)[0][0] == "I agree", "what was read is what was signed"
    versions = owner.session.scalars(
        select(FormVersion).where(FormVersion.form_id == form).order_by(FormVersion.number)
    ).all()
    assert versions[0].fingerprint[:12] in words(owner, record)[0][1]
    with unit_of_work(shop.actor(), clock=at(owner.now + timedelta(hours=25))) as later:
        with pytest.raises(Conflict, match="has been changed"):
            fill(later, shop, form, 1, **signed)
        assert fill(later, shop, form, 2, **signed)


def test_a_retired_form_is_not_offered_and_its_answers_stay(
    owner: UnitOfWork, unit_of_work: Work, shop: Shop, at: Any
) -> None:
    form = own_form(owner, {"label": "A"})
    record = fill(owner, shop, form, f1=PLANTED)
    editing.retire_form(owner, form)
    assert form not in [one.form_id for one in list_records(owner, shop.customer_id).writable]
    assert form in [one.id for one in list_forms(owner, is_retired=True)]
    assert words(owner, record) == [("A", PLANTED)]
    with unit_of_work(shop.actor(), clock=at(owner.now + timedelta(hours=25))) as later, pytest.raises(Conflict):
        fill(later, shop, form, f1="x")
    editing.restore_form(owner, form)
    assert fill(owner, shop, form, f1="again")


def test_answers_that_are_not_sensitive_are_listed_and_the_others_are_not(owner: UnitOfWork, shop: Shop) -> None:
    form = own_form(owner, {"label": "Shoe size", "is_sensitive": False}, {"label": "Illness"})
    record = fill(owner, shop, form, f1="42", f2=PLANTED)
    [line] = list_records(owner, shop.customer_id).lines
    assert [(one.label, one.words) for one in line.plain] == [("Shoe size", "42")] and line.has_sealed
    assert PLANTED not in repr(line)
    assert words(owner, record) == [("Shoe size", "42"), ("Illness", PLANTED)]
    stored = owner.session.execute(text("SELECT plain::text, sealed FROM sealed_versions")).one()
    assert PLANTED not in stored.plain and PLANTED.encode() not in stored.sealed
    open_form_ = own_form(owner, {"label": "Shoe size", "is_sensitive": False}, title="Shoes")
    fill(owner, shop, open_form_, f1="43")
    newest = list_records(owner, shop.customer_id).lines[0]
    assert (newest.has_sealed, newest.plain[0].words) == (False, "43")
    destroy_customer_keys(owner, shop.customer_id)
    assert [(one.is_erased, one.plain) for one in list_records(owner, shop.customer_id).lines] == [
        (True, ()),
        (True, ()),
    ]


def test_who_may_open_and_fill_in_is_the_owner_s_to_say(owner: UnitOfWork, unit_of_work: Work, shop: Shop) -> None:
    form = own_form(owner, {"label": "A"}, readers=["manager"], writers=["manager"])
    record = fill(owner, shop, form, f1=PLANTED)
    for role, may in ((Role.MANAGER, True), (Role.FRONT_DESK, False), (Role.STAFF, False)):
        with unit_of_work(shop.actor(role)) as uow:
            listed = list_records(uow, shop.customer_id)
            assert listed.lines[0].may_open == may and (form in [one.form_id for one in listed.writable]) == may
            for act in (lambda uow=uow: words(uow, record), lambda uow=uow: fill(uow, shop, form, f1="x")):
                if may:
                    act()
                else:
                    with pytest.raises(Forbidden):
                        act()
    change(owner, form, {"name": "f1", "label": "A"}, publish=False, readers=["staff"], writers=[])
    with unit_of_work(shop.actor(Role.STAFF)) as uow:
        assert words(uow, record), "at once, with the draft still waiting"
        with pytest.raises(Forbidden):
            fill(uow, shop, form, f1="x")


@pytest.mark.parametrize("role", [Role.MANAGER, Role.FRONT_DESK, Role.STAFF, Role.ACCOUNTANT])
def test_only_the_owner_writes_forms(owner: UnitOfWork, unit_of_work: Work, shop: Shop, role: Role) -> None:
    form = own_form(owner, {"label": "A"})
    with unit_of_work(shop.actor(role)) as uow:
        for refused in (
            lambda: list_forms(uow), lambda: open_form(uow, form), lambda: own_form(uow, {"label": "B"}),
            lambda: publish_form(uow, form, 1), lambda: editing.discard_draft(uow, form, 1),
            lambda: editing.retire_form(uow, form), lambda: editing.restore_form(uow, form),
            lambda: editing.move_form(uow, form, "up"), lambda: add_starting_forms(uow),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                refused()


def test_another_shop_finds_no_form_and_fills_in_none(
    owner: UnitOfWork, unit_of_work: Work, shop: Shop, neighbour: Shop
) -> None:
    form = own_form(owner, {"label": PLANTED})
    with unit_of_work(neighbour.actor()) as theirs:
        assert PLANTED not in repr(list_forms(theirs))
        for refused in (
            lambda: open_form(theirs, form), lambda: publish_form(theirs, form, 2), lambda: editing.retire_form(theirs, form),
            lambda: own_form(theirs, {"label": "B"}, form_id=form, version=2), lambda: editing.move_form(theirs, form, "up"),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                refused()
        with pytest.raises(Invalid, match="no such form"):
            fill(theirs, neighbour, form, f1="x")
        with pytest.raises(NotFound):
            fill(theirs, shop, form_of(theirs, "colour"), formula="x")
    with unit_of_work(shop.actor()) as mine:
        assert open_form(mine, form).text.fields[0].label == PLANTED


def test_the_same_press_of_save_is_stored_once(owner: UnitOfWork, unit_of_work: Work, shop: Shop) -> None:
    form = own_form(owner, {"label": "A"})
    first = fill(owner, shop, form, key=KEY, f1="x")
    assert fill(owner, shop, form, key=KEY, f1="x") == first
    assert fill(owner, shop, form, key=None, f1="x") != first
    assert len(owner.session.scalars(select(SealedRecord)).all()) == 2
    with unit_of_work(shop.actor(Role.MANAGER)) as uow, pytest.raises(Conflict):
        fill(uow, shop, form, key=KEY, f1="y")


def test_somebody_else_s_change_of_a_form_is_not_overwritten(owner: UnitOfWork, shop: Shop) -> None:
    form = own_form(owner, {"label": "A"})
    seen = open_form(owner, form).version
    change(owner, form, {"name": "f1", "label": "B"})
    for stale in (
        lambda: own_form(owner, {"label": "C"}, form_id=form, version=seen),
        lambda: publish_form(owner, form, seen),
    ):
        with pytest.raises(Conflict):
            stale()


def test_a_mistake_leaves_no_form_behind(owner: UnitOfWork) -> None:
    before = len(list_forms(owner))
    for wrong in ({}, {"title": ""}, {"title": "A", "day_label": "On", "fields": []}, None, "x"):
        with pytest.raises(Invalid):
            save_form(owner, SaveForm(text=wrong, readers=[], writers=[], is_published=True))
    assert len(list_forms(owner)) == before


def test_the_log_names_forms_by_their_id_only(owner: UnitOfWork) -> None:
    form = own_form(owner, {"label": PLANTED}, title=PLANTED)
    events = owner.session.scalars(select(AuditEvent).where(AuditEvent.subject == "form")).all()
    assert [(event.action, event.subject_id) for event in events] == [("form.drafted", form), ("form.published", form)]
    assert PLANTED not in repr([event.facts for event in events])


@pytest.fixture
def crowd(fresh_database: TwoShops) -> Shop:
    return fresh_database.a


def at_once(*acts: Any) -> list[Any]:
    """Each on a connection of its own, begun together: what it returned or raised."""
    line, found = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int) -> None:
        line.wait()
        try:
            found[place] = acts[place]()
        except DomainError as error:
            found[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_tablets_fill_in_one_form(crowd: Shop) -> None:
    """A new one on each: both stay, nothing that was typed is lost. One press that arrives twice: one. A correction: one wins."""
    owner, manager = crowd.actor(), crowd.actor(Role.MANAGER)
    form = act_as(owner, lambda uow: own_form(uow, {"label": "A"}))

    def filling(actor: Any, key: str) -> Any:
        return lambda: act_as(actor, lambda uow: fill(uow, crowd, form, key=key, f1=key))

    first, second = at_once(filling(owner, "k" * 20), filling(manager, "m" * 20))
    assert first != second and isinstance(first, int) and isinstance(second, int)
    same = at_once(*[filling(owner, "same" * 5)] * 4)
    assert len(set(same)) == 1
    wish = [CorrectRecord(first, 1, DAY, {"f1": word}) for word in ("one", "two")]
    outcomes = at_once(*[lambda c=c: act_as(owner, lambda uow: correct_record(uow, c, SEALER)) for c in wish])
    assert sorted(map(str, [type(one).__name__ for one in outcomes])) == ["Conflict", "int"]


def test_a_version_is_published_while_others_fill_in_the_form(crowd: Shop) -> None:
    owner = crowd.actor()
    form = act_as(owner, lambda uow: own_form(uow, {"label": "A"}))
    for turn in range(1, 5):

        def publishing(turn: int = turn) -> Any:
            return act_as(owner, lambda uow: change(uow, form, {"name": "f1", "label": f"A{turn}"}))

        def filling(turn: int = turn) -> Any:
            return act_as(owner, lambda uow: fill(uow, crowd, form, turn, f1=f"for {turn}"))

        outcomes = at_once(publishing, filling, filling)
        assert [type(one) for one in outcomes] == [type(None), int, int]

    def stored(uow: UnitOfWork) -> list[tuple[int, int]]:
        query = select(FormVersion.number, SealedVersion.record_id).join(
            SealedVersion, SealedVersion.form_version_id == FormVersion.id
        )
        return [tuple(row) for row in uow.session.execute(query)]

    assert sorted(number for number, _ in act_as(owner, stored)) == [1, 1, 2, 2, 3, 3, 4, 4]


def test_two_owners_publish_at_once_and_numbers_have_no_gap(crowd: Shop) -> None:
    owner = crowd.actor()
    form = act_as(owner, lambda uow: own_form(uow, {"label": "A"}))
    act_as(owner, lambda uow: change(uow, form, {"name": "f1", "label": "B"}, publish=False))
    seen = act_as(owner, open_form, form).version
    outcomes = at_once(*[lambda: act_as(owner, publish_form, form, seen)] * 3)
    assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "Conflict", "int"]

    def numbers(uow: UnitOfWork) -> list[int]:
        return list(uow.session.scalars(select(FormVersion.number).where(FormVersion.form_id == form)))

    assert sorted(act_as(owner, numbers)) == [1, 2]


def test_starting_forms_come_once_though_asked_twice_at_once(crowd: Shop) -> None:
    owner = crowd.actor()
    act_as(owner, lambda uow: uow.session.execute(text("DELETE FROM forms")))
    assert sorted(at_once(*[lambda: act_as(owner, add_starting_forms)] * 3)) == [0, 0, 5]
    codes = act_as(owner, lambda uow: list(uow.session.scalars(select(Form.code))))
    assert len(codes) == len(set(codes)) == 5


def test_the_product_shows_signatures_of_its_own_settings_key(owner: UnitOfWork, shop: Shop) -> None:
    form = own_form(owner, {"label": "I agree", "shape": "signature"})
    strokes = [[100, 200, 150, 210, 200, 180, 250, 220, 300, 190, 350, 200]]
    values = {"f1": {"name": "Asha Rao", "how": "drawn", "strokes": strokes}}
    record = add_record(owner, AddRecord(shop.customer_id, form, 1, DAY, values), wiring.sealer())
    [line] = list_records(owner, shop.customer_id).lines
    assert line.signed_at == owner.now
    [found] = open_records(owner, OpenRecords([record], "asked"), wiring.sealer())
    assert found.fields[0].drawn.startswith("M100 200L150 210") and found.fields[0].value == ""
    assert line.plain == (), "a signature is always sealed"
