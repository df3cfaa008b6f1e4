"""What the shop sells: reading, saving, archiving and ordering services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlmodel import func, select

from microcrm.domain.allergies import read_substances
from microcrm.domain.booking_policy import NUMBERS, PolicyTerms
from microcrm.domain.colours import COLOURS
from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.occupancy import Gap, timing_errors
from microcrm.domain.permissions import Permission
from microcrm.domain.taxbook import GOODS, KINDS, TaxClass
from microcrm.models.business import Member
from microcrm.models.catalogue import Category, Resource, Service
from microcrm.models.classes import ClassSession
from microcrm.operations.booking_policy import policy_of
from microcrm.operations.parts.deposit_rules import read_rule
from microcrm.operations.parts.form_versions import issued_forms
from microcrm.operations.parts.needed_forms import check_need, read_need
from microcrm.operations.parts.online_mode import online_mode
from microcrm.operations.parts.order import move_row, next_position
from microcrm.operations.parts.rows import amend, create, find, same_version
from microcrm.operations.parts.sets import SETS
from microcrm.operations.parts.terms import read_price, read_terms
from microcrm.operations.resources import CHOICE_OF_KIND
from microcrm.operations.unit_of_work import UnitOfWork

PAGE = 50
RULES = {"notice": "min_notice_min", "horizon": "horizon_days", "step": "slot_step_min"}  # field of the form -> column
MOST = 500  # services on sale


@dataclass(frozen=True, slots=True)
class ServiceView:
    """Minutes and paise. Of the rules of booking ``None`` is the shop's."""

    id: int
    category_id: int | None
    category: str
    name: str
    description: str
    duration_min: int
    buffer_before_min: int
    buffer_after_min: int
    gap_after_min: int
    gap_min: int
    price_paise: int
    is_price_with_tax: bool
    sac: str
    tax_class: str
    colour: str
    is_online: bool
    is_active: bool
    seats: int
    min_notice_min: int | None
    horizon_days: int | None
    slot_step_min: int | None
    most_per_day: int | None
    needs_approval: bool | None
    deposit_kind: str | None
    deposit_paise: int
    deposit_percent: int
    patch_test_days: int | None
    rest_days: int | None
    substances: str
    needed_form_id: int | None
    needed_form_months: int | None
    version: int


@dataclass(frozen=True, slots=True)
class ServicePage:
    rows: tuple[ServiceView, ...]
    total: int
    page: int


@dataclass(frozen=True, slots=True)
class Doer:
    """A member who can be booked, and how they do the service; ``None`` means the service's own price or minutes."""

    member_id: int
    name: str
    does: bool
    price_paise: int | None
    duration_min: int | None


@dataclass(frozen=True, slots=True)
class Need:
    """A room, chair or piece of equipment, and whether the service can use it."""

    resource_id: int
    name: str
    kind: str
    is_needed: bool


@dataclass(frozen=True, slots=True)
class ServiceCard:
    """Everything the form of one service shows. ``service`` is empty for a new one; ``usual`` are the shop's rules.
    ``takes_online``: customers can pay ahead. ``forms``: id and name of those that can be asked for."""

    service: ServiceView | None
    doers: tuple[Doer, ...]
    needs: tuple[Need, ...]
    usual: PolicyTerms
    takes_online: bool = False
    forms: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SaveService:
    """As typed. With more than one of ``seats`` it is given as a class. Rules of booking (``notice`` and ``step`` in minutes,
    ``horizon`` in days, ``approval`` yes or no) that are left empty are the shop's. ``patch_test`` and ``rest`` are the days
    of safety timers and ``substances`` what it uses; with one of these, what customers book online waits for an answer.
    ``needed_form`` has to be filled in before it starts, at most ``needed_months`` ago.

    ``members``: (member id, own price, own minutes) of those who do it; ``resources``: ids of what it can
    use. Either as ``None`` leaves that set as it is. Empty ``service_id``: a new service."""

    name: Any
    duration: Any
    price: Any
    service_id: Any = None
    version: Any = None
    category_id: Any = None
    description: Any = ""
    buffer_before: Any = 0
    buffer_after: Any = 0
    gap_after: Any = 0
    gap: Any = 0
    is_price_with_tax: Any = True
    sac: Any = ""
    tax_class: Any = ""
    colour: Any = "teal"
    is_online: Any = True
    seats: Any = 1
    notice: Any = None
    horizon: Any = None
    step: Any = None
    most_per_day: Any = None
    approval: Any = None
    deposit_kind: Any = None
    deposit_amount: Any = None
    deposit_percent: Any = None
    patch_test: Any = None
    rest: Any = None
    substances: Any = ""
    needed_form: Any = None
    needed_months: Any = None
    members: Any = None
    resources: Any = None


def list_services(uow: UnitOfWork, query: Any = "", page: Any = 1, *, is_archived: bool = False) -> ServicePage:
    """Fifty at a time, in the order of the price list; ``query`` looks into the names."""
    uow.require(Permission.CATALOGUE_VIEW)
    fields = Reader()
    words = fields.text("query", query, "Search", limit=60, required=False)
    number = fields.whole_number("page", page, "Page", low=1, high=MOST, default=1)
    fields.done()
    which = [Service.business_id == uow.business_id, Service.is_active == (not is_archived)]
    if words:
        which.append(func.lower(Service.name).contains(words.lower(), autoescape=True))
    rows = uow.session.exec(
        select(Service, Category.name)
        .join(
            Category, (Category.business_id == Service.business_id) & (Category.id == Service.category_id), isouter=True
        )
        .where(*which)
        .order_by(Category.position.nulls_last(), Category.id, Service.position, Service.id)
        .limit(PAGE)
        .offset((number - 1) * PAGE)
    ).all()
    total = uow.session.exec(select(func.count()).select_from(Service).where(*which)).one()
    return ServicePage(tuple(_view(row, category or "") for row, category in rows), total, number)


def open_service(uow: UnitOfWork, service_id: Any = None) -> ServiceCard:
    """One service with who does it and what it needs; without an id, an empty card for a new one."""
    uow.require(Permission.CATALOGUE_VIEW)
    service = None if service_id in (None, "") else find(uow, Service, service_id)
    own_id = int(service.id or 0) if service else 0
    does = {row[0]: row for row in SETS["service_members"].read(uow, own_id)}
    needed = {row[0] for row in SETS["service_resources"].read(uow, own_id)}
    members = uow.session.exec(
        select(Member)
        .where(Member.business_id == uow.business_id, Member.deactivated_at.is_(None), Member.is_bookable)
        .order_by(Member.position, Member.id)
        .limit(PAGE)
    )
    resources = uow.session.exec(
        select(Resource)
        .where(Resource.business_id == uow.business_id, Resource.is_active)
        .order_by(Resource.position, Resource.id)
        .limit(PAGE)
    )
    return ServiceCard(
        _view(service, "") if service else None,
        tuple(Doer(m.id or 0, m.name, m.id in does, *does.get(m.id, (0, None, None))[1:]) for m in members),
        tuple(Need(r.id or 0, r.name, r.kind, r.id in needed) for r in resources),
        policy_of(uow),
        bool(online_mode(uow)),
        tuple((form.form_id, form.name) for form in issued_forms(uow)),
    )


def save_service(uow: UnitOfWork, command: SaveService) -> tuple[int, str]:
    """A new service, or changes to one. Returns its id and the undo token ("" when nothing was different)."""
    uow.require(Permission.CATALOGUE_EDIT)
    fields = Reader()
    values = _read_values(fields, command)
    values |= read_rule(fields, command.deposit_kind, command.deposit_amount, command.deposit_percent, is_own=True)
    members = read_terms(fields, "members", command.members, most=PAGE)
    resource_ids = None if command.resources is None else fields.ids("resources", command.resources, "Resources")
    fields.done()
    row = None if command.service_id in (None, "") else find(uow, Service, command.service_id)
    if row is not None:
        same_version(command.version, row.version)
        _refuse_without_classes(uow, row, values["seats"])
    check_need(uow, values["needed_form_id"])
    if values["category_id"] is not None:
        find(uow, Category, values["category_id"])
    _refuse_twin(uow, values["name"], int(row.id or 0) if row else 0)
    sets: dict[str, list[tuple[Any, ...]]] = {}
    if members is not None:
        sets["service_members"] = _ours(uow, members, int(row.id or 0) if row else 0)
    if resource_ids is not None:
        sets["service_resources"] = [
            (r.id, CHOICE_OF_KIND[r.kind]) for r in (find(uow, Resource, wanted) for wanted in resource_ids)
        ]
    if row is not None:
        return int(row.id or 0), amend(uow, "service", row, values, values["name"], sets=sets)
    position = next_position(uow, Service, Service.is_active)
    if position > MOST:
        raise Invalid(fields={"form": f"A shop can have {MOST} services. Archive some first."})
    row = Service(business_id=uow.business_id, position=position, **values)
    token = create(uow, "service", row, values["name"], sets=sets)
    return int(row.id or 0), token


def archive_service(uow: UnitOfWork, service_id: Any) -> str:
    """Take a service off sale; bookings of it stay. Returns the undo token."""
    uow.require(Permission.CATALOGUE_EDIT)
    row = find(uow, Service, service_id)
    return amend(uow, "service", row, {"is_active": False}, f"{row.name} archived", action="archive")


def restore_service(uow: UnitOfWork, service_id: Any) -> str:
    """Put an archived service on sale again. Returns the undo token."""
    uow.require(Permission.CATALOGUE_EDIT)
    row = find(uow, Service, service_id)
    _refuse_twin(uow, row.name, int(row.id or 0))
    return amend(uow, "service", row, {"is_active": True}, f"{row.name} on sale again", action="restore")


def move_service(uow: UnitOfWork, service_id: Any, direction: str) -> str:
    """One place ``up`` or ``down`` within its category. Returns the undo token."""
    uow.require(Permission.CATALOGUE_EDIT)
    return move_row(uow, "service", find(uow, Service, service_id), direction)


def _read_values(fields: Reader, command: SaveService) -> dict[str, Any]:
    """The columns, checked. Error names are those of the command."""

    def minutes(name: str, label: str) -> int:
        return fields.whole_number(name, getattr(command, name), label, low=0, high=720, default=0)

    duration = fields.whole_number("duration", command.duration, "Duration", low=5, high=720)
    before, after = minutes("buffer_before", "Time before"), minutes("buffer_after", "Time after")
    gap_after, gap = minutes("gap_after", "Start of the gap"), minutes("gap", "Gap")
    if "duration" not in fields.errors:
        for name, message in timing_errors(duration, before, after, Gap(gap_after, gap) if gap else None).items():
            fields.refuse(name, message)
    kinds = [kind for kind in TaxClass if kind not in GOODS]
    tax_class = fields.choice("tax_class", command.tax_class, "Kind of service", kinds, default="")
    return {
        "name": fields.text("name", command.name, "Name", limit=80),
        "description": fields.note("description", command.description, "Description", limit=500),
        "category_id": None
        if command.category_id in (None, "")
        else fields.id("category_id", command.category_id, "Category"),
        "duration_min": duration,
        "buffer_before_min": before,
        "buffer_after_min": after,
        "gap_after_min": gap_after if gap else 0,
        "gap_min": gap,
        "price_paise": read_price(fields, "price", command.price, is_needed=True) or 0,
        "is_price_with_tax": fields.flag("is_price_with_tax", command.is_price_with_tax, "Price with GST"),
        "sac": _read_sac(fields, command.sac, tax_class),
        "tax_class": tax_class,
        "colour": fields.choice("colour", command.colour, "Colour", COLOURS, default="teal"),
        "is_online": fields.flag("is_online", command.is_online, "Online booking"),
        "seats": fields.whole_number("seats", command.seats, "Seats", low=1, high=500, default=1),
        **_read_rules(fields, command),
    }


def _read_rules(fields: Reader, command: SaveService) -> dict[str, Any]:
    """What differs from the shop's rules; empty is the shop's."""
    values: dict[str, Any] = {}
    for name, column in RULES.items():
        rule = NUMBERS[column]
        values[column] = fields.optional_number(name, getattr(command, name), rule.label, low=rule.low, high=rule.high)
    most = fields.optional_number("most_per_day", command.most_per_day, "Visits a day", low=1, high=10_000)
    answer = fields.choice("approval", command.approval, "Approval", ("yes", "no"), default="")
    timers, need = _read_timers(fields, command), read_need(fields, command.needed_form, command.needed_months)
    is_asked = True if any(timers.values()) else {"yes": True, "no": False}.get(answer)
    return {**values, **timers, **need, "most_per_day": most, "needs_approval": is_asked}


def _read_timers(fields: Reader, command: SaveService) -> dict[str, int | str | None]:
    patch = fields.optional_number("patch_test", command.patch_test, "Days that a patch test is good", low=3, high=730)
    rest = fields.optional_number("rest", command.rest, "Days between sessions", low=1, high=365)
    uses = read_substances(fields, command.substances)
    return {"patch_test_days": patch, "rest_days": rest, "substances": uses}


def _read_sac(fields: Reader, raw: Any, tax_class: str) -> str:
    """Six digits; nothing typed means the usual code of the tax class."""
    sac = fields.text("sac", raw, "SAC", limit=8, required=False)
    if sac and not (len(sac) == 6 and sac.isascii() and sac.isdecimal() and sac.startswith("99")):
        fields.refuse("sac", "A SAC has six digits and begins with 99.")
    usual = KINDS[TaxClass(tax_class)].sacs if tax_class else ()
    return sac or (usual[0] if usual else "")


def _ours(uow: UnitOfWork, members: list[tuple[int, int | None, int | None]], service_id: int) -> list[tuple[Any, ...]]:
    """Refuses whoever was not on the form; keeps the rows of members who are away for good, for when they return."""
    listed = select(Member.id).where(
        Member.business_id == uow.business_id, Member.deactivated_at.is_(None), Member.is_bookable
    )
    on_form = set(uow.session.exec(listed))
    if any(row[0] not in on_form for row in members):
        raise Invalid(fields={"members": "Choose the people from the list."})
    return [*members, *(row for row in SETS["service_members"].read(uow, service_id) if row[0] not in on_form)]


def _refuse_twin(uow: UnitOfWork, name: str, own_id: int) -> None:
    twin = select(Service.id).where(
        Service.business_id == uow.business_id, Service.is_active, Service.name == name, Service.id != own_id
    )
    if uow.session.exec(twin).first() is not None:
        raise Invalid(
            "A service with this name is on sale already.", fields={"name": "You have a service with this name."}
        )


def _refuse_without_classes(uow: UnitOfWork, row: Service, seats: int) -> None:
    """A service that is given as a class stays one while such classes are coming."""
    if seats > 1 or row.seats == 1:
        return
    coming = select(ClassSession.id).where(
        ClassSession.business_id == uow.business_id,
        ClassSession.service_id == row.id,
        ClassSession.is_live,
        ClassSession.starts_at > uow.now,
    )
    if uow.session.exec(coming.limit(1)).first() is not None:
        raise Invalid(
            fields={"seats": "Classes of it are in the calendar. Cancel them first, or keep two seats or more."}
        )


def _view(row: Service, category: str) -> ServiceView:
    names = [name for name in ServiceView.__slots__ if name not in ("category", "id")]
    return ServiceView(id=int(row.id or 0), category=category, **{name: getattr(row, name) for name in names})
