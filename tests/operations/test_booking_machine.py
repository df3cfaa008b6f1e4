"""A random life of a shop's bookings on the real database; what must always hold is asked by SQL of its own."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from microcrm import wiring
from microcrm.domain.booking import LIVE, TENTATIVE
from microcrm.domain.errors import DomainError
from microcrm.domain.permissions import Role
from microcrm.operations.book import Book, BookService, book
from microcrm.operations.booking_policy import ChangePolicy, change_policy
from microcrm.operations.booking_status import Answer, Cancel, Step, approve, cancel, decline, step
from microcrm.operations.class_cancels import CancelClass, cancel_class
from microcrm.operations.class_moves import MoveClass, move_class
from microcrm.operations.class_series import ScheduleClasses, schedule_all
from microcrm.operations.classes import (
    ChangeClass,
    ClassDone,
    JoinClass,
    ScheduleClass,
    change_class,
    join,
    schedule,
)
from microcrm.operations.hold import confirm_public, hold_public, release_public
from microcrm.operations.lapsing import lapse
from microcrm.operations.manage import CustomerCancel, customer_cancel
from microcrm.operations.move import Move, MoveVisit, move, move_visit
from microcrm.operations.series import CancelSeries, CreateSeries, EditSeries, SeriesWish, cancel_series, create, edit
from microcrm.operations.undo import take_back
from tests.support.desk import MORNING, add_service
from tests.support.holds import PERSON, chosen, filled_in, start_at, stranger
from tests.support.shops import Shop, TwoShops

DAYS = ("2026-11-30", "2026-12-01")
_LIVE = ", ".join(f"'{status}'" for status in sorted(LIVE))
_TENTATIVE = ", ".join(f"'{status}'" for status in sorted(TENTATIVE))

ALWAYS = {
    "nobody is in two places": """
        SELECT count(*) FROM occupancies a JOIN occupancies b ON a.id < b.id AND a.is_live AND b.is_live
        AND coalesce(a.member_id, -a.resource_id) = coalesce(b.member_id, -b.resource_id)
        AND lower(a.span) < upper(b.span) AND lower(b.span) < upper(a.span)""",
    "seats are counted": f"""
        SELECT count(*) FROM class_sessions s WHERE s.taken <> coalesce((SELECT sum(i.seats) FROM booking_items i
        JOIN bookings b ON b.id = i.booking_id WHERE i.session_id = s.id AND b.status IN ({_LIVE})), 0)""",
    "a visit that is on holds its time, one that is off holds none": f"""
        SELECT count(*) FROM booking_items i JOIN bookings b ON b.id = i.booking_id WHERE i.session_id IS NULL
        AND (b.status IN ({_LIVE})) <> coalesce((SELECT min(lower(o.span)) <= i.starts_at AND max(upper(o.span)) >= i.ends_at
        FROM occupancies o WHERE o.booking_item_id = i.id AND o.is_live AND o.member_id = i.member_id), false)""",
    "a class that takes place holds its time once, its guests hold none": """
        SELECT count(*) FROM class_sessions s WHERE (SELECT count(*) FROM occupancies o WHERE o.session_id = s.id AND o.is_live)
        <> s.is_live::int""",
    "only what is not agreed runs out": f"""
        SELECT count(*) FROM bookings b WHERE (b.status IN ({_TENTATIVE})) <> (b.expires_at IS NOT NULL) OR EXISTS (
        SELECT FROM booking_items i JOIN occupancies o ON o.booking_item_id = i.id WHERE i.booking_id = b.id AND o.is_live
        AND o.expires_at IS DISTINCT FROM b.expires_at)""",
    "a visit spans its services": """
        SELECT count(*) FROM bookings b WHERE (b.starts_at, b.ends_at) <> (SELECT min(i.starts_at), max(i.ends_at)
        FROM booking_items i WHERE i.booking_id = b.id)""",
    "numbers are given once, to all but holds": """
        SELECT count(number) - count(DISTINCT number)
        + count(*) FILTER (WHERE number IS NULL AND status NOT IN ('hold', 'expired')) FROM bookings""",
    "every story is one chain that ends where the visit stands": """
        SELECT count(*) FROM (SELECT e.from_status, lag(e.to_status) OVER w AS earlier, e.to_status, lead(e.id) OVER w AS next,
        b.status FROM booking_events e JOIN bookings b ON b.id = e.booking_id WINDOW w AS (PARTITION BY e.booking_id ORDER BY e.id)) s
        WHERE (earlier IS NOT NULL AND from_status <> earlier) OR (next IS NULL AND to_status <> status)""",
}  # fmt: skip

_BOOKINGS = "SELECT count(*) FROM bookings"
_AS_SHOP = text("SELECT set_config('role', 'microcrm_app', true), set_config('app.business_id', :business, true)")
HOURS = st.integers(9, 18)
QUARTERS = st.sampled_from(("00", "15", "30", "45"))
WHO = st.sampled_from((Role.MANAGER, Role.OWNER, Role.STAFF))
PICK = st.integers(0, 1_000)


class Life(RuleBasedStateMachine):
    """One connection whose transaction is rolled back in the end. A refusal is a good answer; nothing may come of it."""

    def __init__(self, shops: TwoShops) -> None:
        super().__init__()
        self.shop, self.neighbour = shops.a, shops.b
        self.connection = wiring.engine().connect()
        self.outer = self.connection.begin()
        self.connection.begin_nested()
        self.now: datetime = MORNING
        self.bookings: list[Any] = []
        self.holds: list[Any] = []
        self.classes: list[Any] = []
        self.series: list[Any] = []
        self.undos: list[str] = []
        self.count_next_door = self._count(_BOOKINGS, self.neighbour)
        with self.work() as uow:
            self.yoga = add_service(uow.session, self.shop, "Yoga", seats=3)
            self.colour = add_service(
                uow.session, self.shop, "Colour", buffer_after_min=15, gap_after_min=20, gap_min=20
            )

    def teardown(self) -> None:
        self.outer.rollback()
        self.connection.close()

    @contextmanager
    def work(self, actor: Any = None) -> Any:
        with wiring.unit_of_work(actor or self.shop.actor(), clock=lambda: self.now, bind=self.connection) as uow:
            yield uow

    def attempt(self, operation: Any, command: Any, actor: Any = None) -> Any:
        try:
            with self.work(actor) as uow:
                done = operation(uow, command)
        except DomainError:
            return None
        if getattr(done, "undo", ""):
            self.undos.append(done.undo)
        return done

    def _count(self, statement: str, shop: Shop | None = None) -> int:
        """What one shop sees of its own rows, whatever the code thinks of them."""
        whose = str((shop or self.shop).business_id)
        with self.connection.begin_nested():
            self.connection.execute(_AS_SHOP, {"business": whose})
            return int(self.connection.execute(text(statement)).scalar_one())

    def service(self, kind: int, role: Role) -> BookService:
        return BookService((self.shop.service_id, self.colour)[kind % 2], self.shop.members[role])

    @rule(
        day=st.sampled_from(DAYS), hour=HOURS, minute=QUARTERS, roles=st.lists(WHO, min_size=1, max_size=3), kind=PICK
    )
    def book(self, day: str, hour: int, minute: str, roles: list[Role], kind: int) -> None:
        services = [self.service(kind + place, role) for place, role in enumerate(roles)]
        done = self.attempt(book, Book(day, f"{hour}:{minute}", services, who="walk_in"))
        if done:
            self.bookings.append(done)

    @rule(day=st.sampled_from(DAYS), hour=HOURS, minute=QUARTERS, role=WHO, kind=PICK)
    def hold(self, day: str, hour: int, minute: str, role: Role, kind: int) -> None:
        start = start_at(f"{hour:02d}:{minute}", day)
        command = chosen(self.shop, services=(self.service(kind, role),), start=start)
        if done := self.attempt(hold_public, command, stranger(self.shop)):
            self.holds.append(done)

    @precondition(lambda self: self.classes)
    @rule(which=PICK, seats=st.integers(1, 2))
    def hold_seats(self, which: int, seats: int) -> None:
        session = self.classes[which % len(self.classes)]
        command = chosen(self.shop, services=(), start=None, session_id=session.session_id, seats=seats)
        if done := self.attempt(hold_public, command, stranger(self.shop)):
            self.holds.append(done)

    @precondition(lambda self: self.holds)
    @rule(which=PICK, is_release=st.booleans())
    def confirm(self, which: int, is_release: bool) -> None:
        held = self.holds[which % len(self.holds)]
        if is_release:
            self.attempt(release_public, held.token, stranger(self.shop))
        elif done := self.attempt(confirm_public, filled_in(held, **PERSON), stranger(self.shop)):
            self.bookings.append(done)

    @rule(needs=st.booleans())
    def decide(self, needs: bool) -> None:
        with self.work() as uow:
            version = uow.session.execute(text("SELECT coalesce(max(version), 0) FROM booking_policies")).scalar_one()
        self.attempt(change_policy, ChangePolicy(version, needs_approval=needs))

    @precondition(lambda self: self.bookings)
    @rule(which=PICK, operation=st.sampled_from((approve, decline)))
    def answer(self, which: int, operation: Any) -> None:
        self.change(which, operation, lambda one: Answer(one.booking_id, one.version))

    def change(self, which: int, operation: Any, command: Any, actor: Any = None) -> None:
        """Sometimes with an old version, as a tablet has it that was asleep."""
        one = self.bookings[which % len(self.bookings)]
        if done := self.attempt(operation, command(one), actor):
            self.bookings.append(done)

    @precondition(lambda self: self.bookings)
    @rule(which=PICK, day=st.sampled_from(DAYS), hour=HOURS, minute=QUARTERS, role=st.none() | WHO,
          minutes=st.none() | st.integers(1, 30))  # fmt: skip
    def move(self, which: int, day: str, hour: int, minute: str, role: Role | None, minutes: int | None) -> None:
        member = self.shop.members[role] if role else None
        length = minutes * 5 if minutes else None
        where = {"day": day, "time": f"{hour}:{minute}", "member_id": member, "minutes": length}
        self.change(
            which, move, lambda one: Move(one.booking_id, one.version, one.item_ids[which % len(one.item_ids)], **where)
        )

    @precondition(lambda self: self.bookings)
    @rule(
        which=PICK,
        day=st.sampled_from(DAYS),
        hour=HOURS,
        minute=QUARTERS,
        reason=st.sampled_from(("", "She must catch a train")),
    )
    def move_all(self, which: int, day: str, hour: int, minute: str, reason: str) -> None:
        self.change(
            which, move_visit, lambda one: MoveVisit(one.booking_id, one.version, day, f"{hour}:{minute}", reason)
        )

    @precondition(lambda self: self.bookings)
    @rule(which=PICK, who=st.sampled_from(("customer", "late", "business", "self")))
    def cancel(self, which: int, who: str) -> None:
        if who != "self":
            self.change(which, cancel, lambda one: Cancel(one.booking_id, one.version, who))
        else:
            self.change(which, customer_cancel, lambda one: CustomerCancel(one.token, one.version), stranger(self.shop))

    @precondition(lambda self: self.bookings)
    @rule(which=PICK, status=st.sampled_from(("confirmed", "arrived", "started", "finished", "no_show")))
    def step(self, which: int, status: str) -> None:
        self.change(which, step, lambda one: Step(one.booking_id, status, one.version))

    @rule(day=st.sampled_from(DAYS), hour=HOURS, role=WHO)
    def schedule(self, day: str, hour: int, role: Role) -> None:
        if done := self.attempt(schedule, ScheduleClass(self.yoga, self.shop.members[role], day, f"{hour}:00")):
            self.classes.append(done)

    @precondition(lambda self: self.classes)
    @rule(which=PICK, seats=st.integers(1, 3))
    def join(self, which: int, seats: int) -> None:
        session = self.classes[which % len(self.classes)]
        if done := self.attempt(join, JoinClass(session.session_id, seats, who="walk_in")):
            self.bookings.append(done)

    @precondition(lambda self: self.classes)
    @rule(
        which=PICK,
        hour=st.none() | HOURS,
        day=st.sampled_from(DAYS),
        minutes=st.sampled_from(("", "45", "90")),
        scope=st.sampled_from(("this", "following", "all")),
        version=st.integers(1, 3),
    )
    def change_class(self, which: int, hour: int | None, day: str, minutes: str, scope: str, version: int) -> None:
        one = self.classes[which % len(self.classes)]
        command: Any = CancelClass(one.session_id, version)
        if hour is not None:
            command = MoveClass(one.session_id, version, day, f"{hour}:30", minutes=minutes, scope=scope)
        if done := self.attempt(move_class if hour is not None else cancel_class, command):
            self.classes.append(done)

    @precondition(lambda self: self.classes)
    @rule(which=PICK, seats=st.integers(1, 5), version=st.integers(1, 3))
    def change_seats(self, which: int, seats: int, version: int) -> None:
        one = self.classes[which % len(self.classes)]
        if done := self.attempt(change_class, ChangeClass(one.session_id, version, seats)):
            self.classes.append(done)

    @rule(hour=HOURS, role=WHO, count=st.integers(2, 3))
    def schedule_several(self, hour: int, role: Role, count: int) -> None:
        wish = SeriesWish(
            (BookService(self.yoga, self.shop.members[role]),), DAYS[0], f"{hour}:00", every="day", count=count
        )
        if done := self.attempt(schedule_all, ScheduleClasses(wish)):
            self.classes += [ClassDone(one, 1, "", "") for one in done.session_ids]

    @rule(hour=HOURS, role=WHO, count=st.integers(2, 3))
    def repeat(self, hour: int, role: Role, count: int) -> None:
        wish = SeriesWish((self.service(0, role),), DAYS[0], f"{hour}:15", every="day", count=count)
        if done := self.attempt(create, CreateSeries(wish, who="walk_in")):
            self.series.append(done)

    @precondition(lambda self: self.series)
    @rule(
        which=PICK,
        place=PICK,
        hour=st.none() | HOURS,
        scope=st.sampled_from(("this", "following", "all")),
        version=st.integers(1, 4),
    )
    def change_series(self, which: int, place: int, hour: int | None, scope: str, version: int) -> None:
        made = self.series[which % len(self.series)].booking_ids
        booking_id = made[place % len(made)]
        if hour is None:
            self.attempt(cancel_series, CancelSeries(booking_id, version, scope))
        else:
            self.attempt(edit, EditSeries(booking_id, version, scope, DAYS[0], f"{hour}:45"))

    @precondition(lambda self: self.undos)
    @rule(which=PICK)
    def undo(self, which: int) -> None:
        self.attempt(take_back, self.undos[-1 - which % len(self.undos)])

    @rule(minutes=st.sampled_from((1, 5, 11, 60 * 25)))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        with self.work() as uow:
            lapse(replace(uow))

    @invariant()
    def what_must_always_hold(self) -> None:
        faults = {name: count for name, statement in ALWAYS.items() if (count := self._count(statement))}
        assert faults == {}
        assert self._count(_BOOKINGS, self.neighbour) == self.count_next_door == 1
        assert self._count(_BOOKINGS) >= 1, "the question reaches the rows"


def test_whatever_happens_the_tables_keep_their_promises(two_shops: TwoShops) -> None:
    run_state_machine_as_test(
        lambda: Life(two_shops),
        settings=settings(
            max_examples=25,
            phases=(Phase.generate,),  # every step is a story already; making it shorter takes minutes
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
