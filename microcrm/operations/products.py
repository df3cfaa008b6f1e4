"""Goods that the shop sells: reading, saving, archiving. How many there are is the business of ``stock.py``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Numeric, and_, cast, func, or_, select

from microcrm.domain.errors import Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.goods import ONE, UNITS, Move, parse_barcode, parse_hsn, parse_quantity
from microcrm.domain.permissions import Permission
from microcrm.domain.taxbook import GOODS
from microcrm.models.billing import Document
from microcrm.models.business import Business, Member
from microcrm.models.products import Product, StockMovement
from microcrm.operations.parts.rows import amend, create, find, same_version
from microcrm.operations.parts.terms import read_price
from microcrm.operations.unit_of_work import UnitOfWork

PAGE = 50
MOST = 5_000  # products, the archived ones too
STORY = 30  # movements that the card shows
SHELVES = ("sale", "low", "archive")


@dataclass(frozen=True, slots=True)
class ProductView:
    """Paise and thousandths. ``cost_paise`` is empty for those who may not know it."""

    id: int
    name: str
    barcode: str
    hsn: str
    unit: str
    tax_class: str
    price_paise: int
    is_price_with_tax: bool
    low_at: int | None
    stock: int
    cost_paise: int | None
    is_active: bool
    version: int


@dataclass(frozen=True, slots=True)
class ProductPage:
    """``low``: how many of those on sale are running low. ``worth_paise``: of all stock at its last cost, None for those who
    may not know it; ``without_cost``: how many with stock have none."""

    rows: tuple[ProductView, ...]
    total: int
    page: int
    low: int
    worth_paise: int | None
    without_cost: int


@dataclass(frozen=True, slots=True)
class MovementView:
    kind: Move
    quantity: int
    stock_after: int
    at: datetime
    who: str
    note: str
    document_id: int | None
    number: str
    cost_paise: int | None


@dataclass(frozen=True, slots=True)
class ProductCard:
    """``story``: the latest movements first. ``needs_hsn``: the shop has a GSTIN, so its bills name the code."""

    product: ProductView | None
    story: tuple[MovementView, ...]
    needs_hsn: bool


@dataclass(frozen=True, slots=True)
class SaveProduct:
    """As typed. ``low`` empty: never said to be low. Empty ``product_id``: a new one."""

    name: Any
    price: Any
    tax_class: Any
    product_id: Any = None
    version: Any = None
    barcode: Any = ""
    hsn: Any = ""
    unit: Any = "NOS"
    is_price_with_tax: Any = True
    low: Any = ""


def list_products(uow: UnitOfWork, query: Any = "", page: Any = 1, shelf: Any = "sale") -> ProductPage:
    """Fifty at a time by name. ``query`` looks into names and barcodes; ``shelf``: on sale, running low, or archived."""
    uow.require(Permission.CATALOGUE_VIEW)
    fields = Reader()
    words = fields.text("query", query, "Search", limit=60, required=False)
    number = fields.whole_number("page", page, "Page", low=1, high=MOST, default=1)
    which = fields.choice("shelf", shelf, "List", SHELVES, default="sale")
    fields.done()
    mine = [Product.business_id == uow.business_id, Product.is_active == (which != "archive")]
    if which == "low":
        mine.append(runs_low())
    if words:
        mine.append(found_by(words))
    query_rows = select(Product).where(*mine).order_by(func.lower(Product.name), Product.id)
    rows = uow.session.scalars(query_rows.limit(PAGE).offset((number - 1) * PAGE)).all()
    total = uow.session.execute(select(func.count()).select_from(Product).where(*mine)).scalar_one()
    low, worth, without = _sums(uow)
    knows = knows_costs(uow)
    return ProductPage(
        tuple(_view(uow, row) for row in rows), total, number, low, worth if knows else None, without if knows else 0
    )


def open_product(uow: UnitOfWork, product_id: Any = None) -> ProductCard:
    """One product with its latest movements; without an id, an empty card for a new one."""
    uow.require(Permission.CATALOGUE_VIEW)
    gstin = uow.session.execute(select(Business.gstin).where(Business.id == uow.business_id)).scalar_one()
    if product_id in (None, ""):
        return ProductCard(None, (), bool(gstin))
    row = find(uow, Product, product_id, is_locked=False)
    return ProductCard(_view(uow, row), _story(uow, row.id or 0), bool(gstin))


def save_product(uow: UnitOfWork, command: SaveProduct) -> tuple[int, str]:
    """A new product, or changes to one. Returns its id and the undo token ("" when nothing was different)."""
    uow.require(Permission.CATALOGUE_EDIT)
    fields = Reader()
    values = _read(uow, fields, command)
    fields.done()
    row = None if command.product_id in (None, "") else find(uow, Product, command.product_id)
    if row is not None:
        same_version(command.version, row.version)
    _refuse_twins(uow, values, int(row.id or 0) if row else 0)
    if row is not None:
        return int(row.id or 0), amend(uow, "product", row, values, values["name"])
    count = select(func.count()).select_from(Product).where(Product.business_id == uow.business_id)
    if uow.session.execute(count).scalar_one() >= MOST:
        raise Invalid(fields={"form": f"A shop can have {MOST:,} products."})
    row = Product(business_id=uow.business_id, **values)
    token = create(uow, "product", row, values["name"])
    return int(row.id or 0), token


def archive_product(uow: UnitOfWork, product_id: Any) -> str:
    """Off sale; its bills and its stock stay. Returns the undo token."""
    uow.require(Permission.CATALOGUE_EDIT)
    row = find(uow, Product, product_id)
    return amend(uow, "product", row, {"is_active": False}, f"{row.name} archived", action="archive")


def restore_product(uow: UnitOfWork, product_id: Any) -> str:
    uow.require(Permission.CATALOGUE_EDIT)
    row = find(uow, Product, product_id)
    return amend(uow, "product", row, {"is_active": True}, f"{row.name} on sale again", action="restore")


def runs_low() -> Any:
    """As ``domain.goods.is_low``."""
    return or_(Product.stock < 0, Product.stock <= Product.low_at)


def running_low(uow: UnitOfWork) -> tuple[tuple[str, ...], int]:
    """The names of the first three products on sale that run low, the emptiest first, and how many there are."""
    rows = uow.session.execute(
        select(Product.name, func.count().over())
        .where(Product.business_id == uow.business_id, Product.is_active, runs_low())
        .order_by(Product.stock, Product.id)
        .limit(3)
    ).all()
    return tuple(row[0] for row in rows), int(rows[0][1]) if rows else 0


def found_by(words: str) -> Any:
    """The words are in the name, or are the barcode."""
    return or_(func.lower(Product.name).contains(words.lower(), autoescape=True), Product.barcode == words)


def _sums(uow: UnitOfWork) -> tuple[int, int, int]:
    """How many run low, what all stock cost, and how many with stock have no known cost."""
    there = func.greatest(Product.stock, 0)
    low, worth, without = uow.session.execute(
        select(
            func.count().filter(runs_low()),
            func.coalesce(func.sum(func.div(cast(there, Numeric) * Product.cost_paise, ONE)), 0),
            func.count().filter(and_(Product.stock > 0, Product.cost_paise.is_(None))),
        ).where(Product.business_id == uow.business_id, Product.is_active)
    ).one()
    return int(low), int(worth), int(without)


def _story(uow: UnitOfWork, product_id: int) -> tuple[MovementView, ...]:
    m = StockMovement
    rows = uow.session.execute(
        select(m, Member.name, Document.number)
        .outerjoin(Member, and_(Member.business_id == m.business_id, Member.id == m.member_id))
        .outerjoin(Document, and_(Document.business_id == m.business_id, Document.id == m.document_id))
        .where(m.business_id == uow.business_id, m.product_id == product_id)
        .order_by(m.id.desc())
        .limit(STORY)
    )
    knows = knows_costs(uow)
    return tuple(
        MovementView(
            Move(one.kind), one.quantity, one.stock_after, one.at, who or "", one.note, one.document_id, number or "",
            one.cost_paise if knows else None,
        )
        for one, who, number in rows
    )  # fmt: skip


def _read(uow: UnitOfWork, fields: Reader, command: SaveProduct) -> dict[str, Any]:
    hsn = fields.by("hsn", parse_hsn, command.hsn, instead="")
    gstin = uow.session.execute(select(Business.gstin).where(Business.id == uow.business_id)).scalar_one()
    if gstin and not hsn:
        fields.refuse("hsn", "HSN is needed: it stands on each bill, and the return asks for it.")
    nothing: int | None = None
    return {
        "name": fields.text("name", command.name, "Name", limit=80),
        "barcode": fields.by("barcode", parse_barcode, command.barcode, instead=""),
        "hsn": hsn,
        "unit": fields.choice("unit", command.unit, "Unit", UNITS, default="NOS"),
        "tax_class": fields.choice("tax_class", command.tax_class, "Kind for GST", [one.value for one in GOODS]),
        "price_paise": read_price(fields, "price", command.price, is_needed=True) or 0,
        "is_price_with_tax": fields.flag("is_price_with_tax", command.is_price_with_tax, "Price with GST"),
        "low_at": fields.by("low", parse_quantity, command.low, "Low stock", least=0, instead=nothing),
    }


def _refuse_twins(uow: UnitOfWork, values: dict[str, Any], own_id: int) -> None:
    """Archived ones count, so that a restored one never clashes."""
    same = [Product.name == values["name"]]
    if values["barcode"]:
        same.append(Product.barcode == values["barcode"])
    twins = uow.session.execute(
        select(Product.name, Product.barcode, Product.is_active)
        .where(Product.business_id == uow.business_id, Product.id != own_id, or_(*same))
        .limit(len(same))
    ).all()
    errors = {}
    for name, barcode, is_active in twins:
        where = "" if is_active else " among those archived"
        if name == values["name"]:
            errors["name"] = f"There is a product with this name already{where}."
        if barcode and barcode == values["barcode"]:
            errors["barcode"] = f"{name} has this barcode already{where}."
    if errors:
        raise Invalid(fields=errors)


def knows_costs(uow: UnitOfWork) -> bool:
    """Whoever buys for the shop or keeps its books."""
    return uow.may(Permission.CATALOGUE_EDIT) or uow.may(Permission.RETURNS_VIEW)


def _view(uow: UnitOfWork, row: Product) -> ProductView:
    values = {name: getattr(row, name) for name in ProductView.__slots__ if name not in ("id", "cost_paise")}
    return ProductView(id=row.id or 0, cost_paise=row.cost_paise if knows_costs(uow) else None, **values)
