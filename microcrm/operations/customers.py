"""Adding, editing and archiving the shop's customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from microcrm.domain.email import parse_email
from microcrm.domain.errors import Conflict, FieldChanged, Invalid, NotFound, PhoneTaken
from microcrm.domain.fields import Reader, parse_text
from microcrm.domain.permissions import Permission
from microcrm.domain.phone import parse_phone
from microcrm.domain.search_key import search_key
from microcrm.domain.zones import to_wall, zone_of
from microcrm.models.customers import Customer
from microcrm.operations.customer_access import may_contact, visible_customers
from microcrm.operations.customer_keys import keys_of, write_words
from microcrm.operations.customer_notes import add_note
from microcrm.operations.family import tie_to_owner_of_phone
from microcrm.operations.parts.rows import amend, same_version
from microcrm.operations.unit_of_work import UnitOfWork

NAME_LIMIT = 120
ADDRESS_LIMIT = 400
TAG_LIMIT, MOST_TAGS = 30, 10
_LABELS = {"change": "{}", "archive": "{} archived", "restore": "{} out of the archive"}
FIELDS_OF_PAGE = ("name", "phone", "email", "birthday", "address", "tags")
_CONTACTS = ("phone", "email", "address")
_ONE_PER_PHONE = text("phone <> '' and not is_sharing_phone")


@dataclass(frozen=True, slots=True)
class CustomerDetails:
    """As typed. ``is_family``: when the phone belongs to another customer, save this one as sharing it. ``tags`` are
    words with commas between, or a list."""

    name: Any
    phone: Any = ""
    email: Any = ""
    address: Any = ""
    birthday: Any = ""
    tags: Any = ""
    is_family: Any = False


@dataclass(frozen=True, slots=True)
class AddCustomer(CustomerDetails):
    """``notes`` become the first note, pinned. Later ones are written one by one (``customer_notes``)."""

    notes: Any = ""


@dataclass(frozen=True, slots=True)
class EditCustomer(CustomerDetails):
    """The whole form again. For people who see phone, e-mail and address masked or not at all, leaving one of them empty
    keeps what is stored. ``version`` is the one the form was filled from."""

    customer_id: Any = None
    version: Any = None


@dataclass(frozen=True, slots=True)
class EditField:
    """One field of the page. ``version`` and ``seen`` (as a form shows it) are what it was when the editing began."""

    customer_id: Any
    field: Any
    value: Any
    version: Any = None
    seen: Any = ""
    is_family: Any = False


@dataclass(frozen=True, slots=True)
class FieldNow:
    """What a field starts with in the form: nothing of contact details for those who may not see them."""

    value: str
    version: int


@dataclass(frozen=True, slots=True)
class SavedCustomer:
    """``undo`` is the token that takes the change back, or empty."""

    id: int
    name: str
    undo: str = ""


@dataclass(frozen=True, slots=True)
class _Person:
    """A form that has been read and found right."""

    name: str
    phone: str
    email: str
    address: str
    birthday: date | None
    tags: list[str]
    is_family: bool

    @property
    def columns(self) -> dict[str, Any]:
        names = ("name", "phone", "email", "address", "birthday", "tags")
        return {name: getattr(self, name) for name in names}


def add(uow: UnitOfWork, command: AddCustomer) -> SavedCustomer:
    """Raises ``PhoneTaken`` when another customer has the phone and ``is_family`` is not ticked; of two people who add
    the same phone at the same moment one is told so."""
    uow.require(Permission.CUSTOMERS_EDIT)
    person, notes = _read(uow, command, command.notes)
    row = {
        **person.columns,
        **keys_of(person.name, person.phone, person.email),
        "business_id": uow.business_id,
        "created_at": uow.now,
        "visit_count": 0,
        "version": 1,
    }
    new_id = _insert(uow, row, is_sharing=False)
    if new_id is None and person.is_family:
        new_id = _insert(uow, row, is_sharing=True)
        if new_id is not None:
            tie_to_owner_of_phone(uow, new_id, person.phone)
    if new_id is None:
        raise _phone_taken(uow, person.phone)
    write_words(uow.session, uow.business_id, new_id, person.name, person.tags)
    if notes:
        add_note(uow, new_id, notes, is_pinned=True)
    event = uow.audit("add", "customer", new_id)
    undo = uow.undoable(person.name, "customer", new_id, before=None, after_version=1, audit_event_id=event)
    return SavedCustomer(new_id, person.name, str(undo))


def edit(uow: UnitOfWork, command: EditCustomer) -> SavedCustomer:
    """Raises ``Conflict`` when somebody saved a newer version meanwhile, ``PhoneTaken`` as ``add`` does."""
    uow.require(Permission.CUSTOMERS_EDIT)
    customer = _ours(uow, command.customer_id)
    person, _ = _read(uow, command)
    same_version(command.version, customer.version)
    values = person.columns
    if not may_contact(uow.actor):
        values = {name: value for name, value in values.items() if value or name not in _CONTACTS}
    if values.get("phone", customer.phone) != customer.phone:
        values["is_sharing_phone"] = person.is_family and _is_taken(uow, person.phone, customer.id)
    saved = _save(uow, customer, values, "change")
    if values.get("is_sharing_phone"):
        tie_to_owner_of_phone(uow, saved.id, person.phone)
    return saved


def field_now(uow: UnitOfWork, customer_id: Any, field: Any) -> FieldNow:
    """Raises: NotFound, for a field that the page does not have as well."""
    uow.require(Permission.CUSTOMERS_EDIT)
    customer = _ours(uow, customer_id)
    return FieldNow(_as_typed(uow, customer, _one_of_page(field)), customer.version)


def edit_field(uow: UnitOfWork, command: EditField) -> SavedCustomer:
    """What others changed in other fields meanwhile stays. Raises: Invalid, NotFound, ``PhoneTaken`` as ``add`` does, and
    ``FieldChanged``, with what stands there now, when somebody else wrote into the same field."""
    uow.require(Permission.CUSTOMERS_EDIT)
    customer, field = _ours(uow, command.customer_id), _one_of_page(command.field)
    typed = {"name": customer.name, field: command.value, "is_family": command.is_family}
    person, _ = _read(uow, CustomerDetails(**typed))
    value = getattr(person, field)
    if field in _CONTACTS and not value and not may_contact(uow.actor):
        return SavedCustomer(customer.id or 0, customer.name)
    _unchanged(uow, customer, field, command)
    values: dict[str, Any] = {field: value}
    if field == "phone" and value != customer.phone:
        values["is_sharing_phone"] = person.is_family and _is_taken(uow, value, customer.id)
    saved = _save(uow, customer, values, "change")
    if values.get("is_sharing_phone"):
        tie_to_owner_of_phone(uow, saved.id, value)
    return saved


def _one_of_page(field: Any) -> str:
    if not isinstance(field, str) or field not in FIELDS_OF_PAGE:
        raise NotFound("We could not find that field.")
    return field


def _as_typed(uow: UnitOfWork, customer: Customer, field: str) -> str:
    if field in _CONTACTS and not may_contact(uow.actor):
        return ""
    value = getattr(customer, field)
    if field == "tags":
        return ", ".join(value)
    if field == "phone":
        return str(value).removeprefix("+91")
    return value.isoformat() if isinstance(value, date) else value or ""


def _unchanged(uow: UnitOfWork, customer: Customer, field: str, command: EditField) -> None:
    """Who sees the field compares what they saw; who does not can only go by the version."""
    try:
        same_version(command.version, customer.version)
    except Conflict:
        now = _as_typed(uow, customer, field)
        is_hidden = field in _CONTACTS and not may_contact(uow.actor)
        if is_hidden or now != command.seen:
            raise FieldChanged(field=field, now=now, version=customer.version) from None


def archive(uow: UnitOfWork, customer_id: Any) -> SavedCustomer:
    """Out of lists and searches; visits and history stay."""
    uow.require(Permission.CUSTOMERS_EDIT)
    customer = _ours(uow, customer_id)
    return _save(uow, customer, {"archived_at": customer.archived_at or uow.now}, "archive")


def restore(uow: UnitOfWork, customer_id: Any) -> SavedCustomer:
    """Back from the archive."""
    uow.require(Permission.CUSTOMERS_EDIT)
    return _save(uow, _ours(uow, customer_id), {"archived_at": None}, "restore")


def _read(uow: UnitOfWork, command: CustomerDetails, raw_notes: Any = "") -> tuple[_Person, str]:
    reader = Reader()
    name = reader.text("name", command.name, "Name", limit=NAME_LIMIT)
    if name and not search_key(name):
        reader.refuse("name", "Type the name with letters.")
    person = _Person(
        name=name,
        phone=reader.by("phone", parse_phone, command.phone, required=False, instead=""),
        email=reader.by("email", parse_email, command.email, required=False, instead=""),
        address=reader.note("address", command.address, "Address", limit=ADDRESS_LIMIT),
        birthday=reader.optional_day(
            "birthday", command.birthday, "Birthday", latest=to_wall(uow.now, zone_of(uow.actor.zone))[0]
        ),
        tags=reader.by("tags", _parse_tags, command.tags, instead=[]),
        is_family=reader.flag("is_family", command.is_family, "Family member"),
    )
    notes = reader.note("notes", raw_notes, "Notes")
    reader.done()
    return person, notes


def _parse_tags(raw: Any) -> list[str]:
    """Each tag once, whatever its capitals."""
    words = raw.split(",", MOST_TAGS + 50) if isinstance(raw, str) else raw
    if words is not None and (not isinstance(words, list | tuple) or len(words) > MOST_TAGS + 50):
        raise Invalid(f"Give at most {MOST_TAGS} tags, with commas between.")
    tags = [tag for word in words or () if (tag := parse_text(word, "A tag", limit=TAG_LIMIT))]
    kept = list({tag.casefold(): tag for tag in reversed(tags)}.values())[::-1]
    if len(kept) > MOST_TAGS:
        raise Invalid(f"Give at most {MOST_TAGS} tags.")
    return kept


def _insert(uow: UnitOfWork, row: dict[str, Any], *, is_sharing: bool) -> int | None:
    """The new id, or ``None`` when somebody else has the phone; waits for a rival who is just storing it."""
    statement = (
        insert(Customer)
        .values(**row, is_sharing_phone=is_sharing)
        .on_conflict_do_nothing(index_elements=["business_id", "phone"], index_where=_ONE_PER_PHONE)
        .returning(Customer.id)
    )
    return uow.session.connection().execute(statement).scalar()


def _ours(uow: UnitOfWork, raw_id: Any) -> Customer:
    reader = Reader()
    customer_id = reader.id("customer_id", raw_id, "Customer")
    query = select(Customer).where(
        Customer.business_id == uow.business_id, Customer.id == customer_id, visible_customers(uow.actor)
    )
    customer = None if reader.errors else uow.session.scalars(query.with_for_update(of=Customer)).first()
    if customer is None:
        raise NotFound
    return customer


def _save(uow: UnitOfWork, customer: Customer, values: dict[str, Any], action: str) -> SavedCustomer:
    """Keys first, so that the row is written once."""
    now = {name: values.get(name, getattr(customer, name)) for name in ("name", "phone", "email")}
    try:
        with uow.session.begin_nested():
            for column, key in keys_of(**now).items():
                setattr(customer, column, key)
            undo = amend(uow, "customer", customer, values, _LABELS[action].format(now["name"]), action=action)
            write_words(uow.session, uow.business_id, customer.id or 0, now["name"], customer.tags)
    except IntegrityError:
        raise _phone_taken(uow, now["phone"]) from None
    return SavedCustomer(customer.id or 0, customer.name, undo)


def _is_taken(uow: UnitOfWork, phone: str, by_other_than: int | None) -> bool:
    query = select(Customer.id).where(
        Customer.business_id == uow.business_id,
        Customer.phone == phone,
        Customer.phone != "",
        ~Customer.is_sharing_phone,
        Customer.id != by_other_than,
    )
    return uow.session.scalars(query).first() is not None


def _phone_taken(uow: UnitOfWork, phone: str) -> PhoneTaken:
    """The error names the other customer only to those who may see that customer."""
    if not uow.may(Permission.CUSTOMERS_VIEW):
        return PhoneTaken()
    query = select(Customer.id, Customer.name, Customer.archived_at).where(
        Customer.business_id == uow.business_id,
        Customer.phone == phone,
        ~Customer.is_sharing_phone,
        visible_customers(uow.actor),
    )
    found = uow.session.execute(query).first()
    return PhoneTaken(found.id, found.name, is_archived=found.archived_at is not None) if found else PhoneTaken()
