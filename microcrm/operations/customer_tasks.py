"""Things to do for a customer, each with a day and somebody who does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select

from microcrm.domain.errors import Conflict, NotFound
from microcrm.domain.fields import Reader
from microcrm.domain.formatting import format_time
from microcrm.domain.permissions import Permission
from microcrm.domain.zones import today_in, zone_of
from microcrm.models.business import Member
from microcrm.models.customer_notes import CustomerTask
from microcrm.models.customers import Customer
from microcrm.models.records import Undo
from microcrm.operations.customer_access import visible_customers
from microcrm.operations.parts.rows import amend, create, same_version, typed
from microcrm.operations.parts.together import Part, read_part
from microcrm.operations.unit_of_work import UnitOfWork

MOST_SHOWN = 20
_TASK = CustomerTask


@dataclass(frozen=True, slots=True)
class AddTask:
    """``member_id`` does it; nobody chosen: whoever adds it."""

    customer_id: Any
    title: Any
    due_on: Any
    member_id: Any = None


@dataclass(frozen=True, slots=True)
class EditTask:
    """``version`` is the one the form was filled from."""

    task_id: Any
    version: Any
    title: Any
    due_on: Any
    member_id: Any = None


@dataclass(frozen=True, slots=True)
class SavedTask:
    """``undo`` is the token that takes the change back, or empty."""

    id: int
    title: str
    undo: str


@dataclass(frozen=True, slots=True)
class TaskLine:
    """``opens_customer``: whether this person may see more of the customer than the name."""

    id: int
    title: str
    due_on: date
    member_id: int
    member: str
    customer_id: int
    customer: str
    version: int
    opens_customer: bool


@dataclass(frozen=True, slots=True)
class DueTasks:
    """``count`` of all of them; ``is_everybodys``: not only one's own."""

    today: date
    lines: tuple[TaskLine, ...]
    count: int
    is_everybodys: bool


def tasks_of(uow: UnitOfWork, customer_id: Any) -> tuple[TaskLine, ...]:
    """The open ones, the most urgent first, at most 20; one statement. Nothing for a customer whom this person may not see."""
    uow.require(Permission.CUSTOMERS_VIEW)
    reader = Reader()
    wanted = reader.id("customer_id", customer_id, "Customer")
    return () if reader.errors else read_part(uow, tasks_part(uow, wanted))


def tasks_part(uow: UnitOfWork, wanted: int) -> Part[tuple[TaskLine, ...]]:
    """For operations that have asked already."""
    query = _open(uow).where(_TASK.customer_id == wanted, visible_customers(uow.actor))
    return Part(query.limit(MOST_SHOWN), lambda rows: tuple(map(_line, rows)))


def due_tasks(uow: UnitOfWork) -> DueTasks:
    """Due today or late: one's own, and everybody's for those who lead the members. One statement."""
    uow.require(Permission.SHOP_VIEW)
    today = today_in(zone_of(uow.actor.zone), uow.now)
    is_everybodys = uow.may(Permission.MEMBERS_EDIT)
    query = _open(uow).add_columns(func.count().over().label("whole")).where(_TASK.due_on <= today)
    if not is_everybodys:
        query = query.where(_TASK.member_id == uow.actor.member_id)
    rows = uow.session.execute(query.limit(MOST_SHOWN)).all()
    return DueTasks(today, tuple(_line(row) for row in rows), rows[0].whole if rows else 0, is_everybodys)


def takers(uow: UnitOfWork) -> tuple[tuple[int, str], ...]:
    """(id, name) of everybody who works here."""
    uow.require(Permission.BOOKINGS_OWN)
    rows = uow.session.execute(
        select(Member.id, Member.name)
        .where(Member.business_id == uow.business_id, Member.deactivated_at.is_(None))
        .order_by(Member.position, Member.id)
        .limit(200)
    )
    return tuple((row.id, row.name) for row in rows)


def add_task(uow: UnitOfWork, command: AddTask) -> SavedTask:
    uow.require(Permission.BOOKINGS_OWN)
    reader = Reader()
    customer_id = reader.id("customer_id", command.customer_id, "Customer")
    query = select(Customer.id).where(
        Customer.business_id == uow.business_id, Customer.id == customer_id, visible_customers(uow.actor)
    )
    if reader.errors or uow.session.scalars(query).first() is None:
        raise NotFound("We could not find that customer.")
    values = _read(uow, reader, command)
    task = CustomerTask(
        business_id=uow.business_id, customer_id=customer_id, created_at=uow.now,
        created_by_member_id=uow.actor.member_id, **values,
    )  # fmt: skip
    undo = create(uow, "customer_task", task, task.title)
    return SavedTask(task.id or 0, task.title, undo)


def edit_task(uow: UnitOfWork, command: EditTask) -> SavedTask:
    """Raises ``Conflict`` when somebody changed it meanwhile."""
    uow.require(Permission.BOOKINGS_OWN)
    values = _read(uow, Reader(), command)
    task = _changeable(uow, command.task_id, command.version)
    return SavedTask(task.id or 0, task.title, amend(uow, "customer_task", task, values, task.title))


def finish_task(uow: UnitOfWork, task_id: Any, version: Any) -> SavedTask:
    """Raises ``Conflict`` when it is done already, or was changed meanwhile."""
    uow.require(Permission.BOOKINGS_OWN)
    task = _changeable(uow, task_id, version)
    done = {"done_at": uow.now, "done_by_member_id": uow.actor.member_id}
    return SavedTask(task.id or 0, task.title, amend(uow, "customer_task", task, done, task.title, action="finish"))


def remove_task(uow: UnitOfWork, task_id: Any, version: Any) -> SavedTask:
    uow.require(Permission.BOOKINGS_OWN)
    task = _changeable(uow, task_id, version)
    gone = {"removed_at": uow.now}
    return SavedTask(task.id or 0, task.title, amend(uow, "customer_task", task, gone, task.title, action="remove"))


def put_task_back(uow: UnitOfWork, undo: Undo) -> None:
    """As it was before the change that ``undo`` remembers; one that was added is removed."""
    task = _locked(uow, undo.entity_id)
    if task.version != undo.after_version:
        raise Conflict("The task has changed again since.", remedy="Look at it, and change it by hand.")
    before = undo.before if undo.before is not None else {"removed_at": uow.now.isoformat()}
    for name, value in before.items():
        setattr(task, name, typed(CustomerTask, name, value))
    task.version += 1
    uow.session.add(task)


def _read(uow: UnitOfWork, reader: Reader, command: AddTask | EditTask) -> dict[str, Any]:
    title = reader.text("title", command.title, "What to do")
    due_on = reader.day("due_on", command.due_on, "The day")
    is_mine = command.member_id in (None, "")
    member_id = (uow.actor.member_id or 0) if is_mine else reader.id("member_id", command.member_id, "Who does it")
    query = select(Member.id).where(
        Member.business_id == uow.business_id, Member.id == member_id, Member.deactivated_at.is_(None)
    )
    if "member_id" not in reader.errors and uow.session.scalars(query).first() is None:
        reader.refuse("member_id", "Choose somebody who works here.")
    reader.done()
    return {"title": title, "due_on": due_on, "member_id": member_id}


def _open(uow: UnitOfWork) -> Any:
    return (
        select(
            _TASK.id, _TASK.title, _TASK.due_on, _TASK.member_id, Member.name.label("member"), _TASK.customer_id,
            Customer.name.label("customer"), _TASK.version, visible_customers(uow.actor).label("opens_customer"),
        )
        .join(Customer, (Customer.business_id == _TASK.business_id) & (Customer.id == _TASK.customer_id))
        .join(Member, (Member.business_id == _TASK.business_id) & (Member.id == _TASK.member_id))
        .where(_TASK.business_id == uow.business_id, _TASK.done_at.is_(None), _TASK.removed_at.is_(None))
        .order_by(_TASK.due_on, _TASK.id)
    )  # fmt: skip


def _line(row: Any) -> TaskLine:
    return TaskLine(
        row.id, row.title, row.due_on, row.member_id, row.member, row.customer_id, row.customer, row.version,
        row.opens_customer,
    )  # fmt: skip


def _changeable(uow: UnitOfWork, task_id: Any, version: Any) -> CustomerTask:
    task = _locked(uow, task_id)
    if task.removed_at is not None:
        raise NotFound("The task was deleted meanwhile.")
    if task.done_at is not None:
        raise Conflict(_who_was_first(uow, task), remedy="Nothing has to be done any more.")
    same_version(version, task.version)
    return task


def _who_was_first(uow: UnitOfWork, task: CustomerTask) -> str:
    query = select(Member.name).where(Member.business_id == uow.business_id, Member.id == task.done_by_member_id)
    who = uow.session.scalars(query).first()
    at = format_time(task.done_at, zone_of(uow.actor.zone)) if task.done_at else ""
    return f"“{task.title}” was done{f' by {who}' if who else ''} at {at} meanwhile."


def _locked(uow: UnitOfWork, raw_id: Any) -> CustomerTask:
    """One's own, or of a customer whom this person may see."""
    reader = Reader()
    wanted = reader.id("task_id", raw_id, "Task")
    query = (
        select(_TASK)
        .join(Customer, (Customer.business_id == _TASK.business_id) & (Customer.id == _TASK.customer_id))
        .where(
            _TASK.business_id == uow.business_id,
            _TASK.id == wanted,
            or_(_TASK.member_id == uow.actor.member_id, visible_customers(uow.actor)),
        )
    )
    found = None if reader.errors else uow.session.scalars(query.with_for_update(of=_TASK)).first()
    if found is None:
        raise NotFound("We could not find that task.")
    return found
