"""A list of products read in from CSV, with a verdict on each row; and the list as it stands, in the same columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, func, or_, select

from microcrm.domain.errors import DomainError, Invalid
from microcrm.domain.fields import Reader
from microcrm.domain.goods import UNITS, format_quantity, parse_quantity, quantity_for_input
from microcrm.domain.goods_list import COLUMNS, ListedProduct, read_list, tax_class_of
from microcrm.domain.money import rupees_for_input
from microcrm.domain.permissions import Permission
from microcrm.models.products import Product, StockMovement
from microcrm.operations.parts.terms import read_price
from microcrm.operations.products import SaveProduct, save_product
from microcrm.operations.stock import MOST_HELD, open_stock
from microcrm.operations.unit_of_work import UnitOfWork

OPENING = "From a list"


class Outcome(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``row``: of the file, as spreadsheets count. ``words``: why it was refused, or what became of its stock."""

    row: int
    name: str
    outcome: Outcome
    words: str = ""


def take_list(uow: UnitOfWork, data: bytes) -> tuple[Verdict, ...]:
    """Each good row is a new product or changes the one with its SKU, else with its name; a column that the file does not have
    changes nothing. A bad row changes nothing and stops no other. The same file again changes nothing. Raises ``BadList``."""
    uow.require(Permission.CATALOGUE_EDIT)
    seen: dict[str, int] = {}
    verdicts = []
    for listed in read_list(data):
        try:
            with uow.session.begin_nested():
                verdicts.append(_take(uow, listed, seen))
        except DomainError as refusal:
            words = " ".join(dict.fromkeys(refusal.fields.values())) or refusal.message
            verdicts.append(Verdict(listed.row, listed.cells.get("name", ""), Outcome.REFUSED, words))
    counts = {one.value: sum(verdict.outcome is one for verdict in verdicts) for one in Outcome}
    uow.audit("products.read", "product_list", None, **counts)
    return tuple(verdicts)


def rows_of_list(uow: UnitOfWork) -> Iterator[tuple[str | int | None, ...]]:
    """Products on sale in the columns that ``take_list`` reads, for a CSV file."""
    uow.require(Permission.CATALOGUE_EDIT)
    query = select(Product).where(Product.business_id == uow.business_id, Product.is_active)
    return (
        (
            row.name, row.barcode, rupees_for_input(row.price_paise), row.tax_class, quantity_for_input(row.stock), row.hsn,
            row.unit, quantity_for_input(row.low_at), rupees_for_input(row.cost_paise or 0) if row.cost_paise is not None else "",
        )
        for row in uow.session.scalars(query.order_by(func.lower(Product.name), Product.id))
    )  # fmt: skip


def headings_of_list() -> tuple[str, ...]:
    return tuple(
        known[0].upper() if known[0] in ("sku", "hsn") else known[0].capitalize() for known in COLUMNS.values()
    )


def _take(uow: UnitOfWork, listed: ListedProduct, seen: dict[str, int]) -> Verdict:
    cells = listed.cells
    _refuse_twice(listed, seen)
    known = _known(uow, cells)
    stock, cost = _stock_of(cells)
    product_id, token = save_product(uow, _command(cells, known))
    row = uow.session.get_one(Product, product_id)
    words, is_opened = _open(uow, row, stock, cost)
    outcome = Outcome.ADDED if known is None else Outcome.CHANGED if token or is_opened else Outcome.SAME
    return Verdict(listed.row, row.name, outcome, words)


def _refuse_twice(listed: ListedProduct, seen: dict[str, int]) -> None:
    for column in ("name", "barcode"):
        words = listed.cells.get(column, "")
        key = f"{column} {words.lower()}"
        if words and key in seen:
            label = "SKU" if column == "barcode" else "name"
            raise Invalid(f"Row {seen[key]} has the same {label}.")
        seen[key] = listed.row


def _known(uow: UnitOfWork, cells: Mapping[str, str]) -> Product | None:
    """By its SKU, else by its name; archived ones count, as their names do."""
    barcode, name = cells.get("barcode", ""), cells.get("name", "")
    same = [Product.name == name, *([Product.barcode == barcode] if barcode else [])]
    query = select(Product).where(Product.business_id == uow.business_id, or_(*same))
    return uow.session.scalars(query.order_by(Product.barcode != barcode, Product.id).limit(1)).first()


def _command(cells: Mapping[str, str], known: Product | None) -> SaveProduct:
    """As typed; of a product that is there, what the file has no column for stays."""
    kept: dict[str, Any] = {
        "barcode": "",
        "hsn": "",
        "unit": "NOS",
        "tax_class": "goods",
        "low": "",
        "is_price_with_tax": True,
    }
    if known is not None:
        kept = {
            "barcode": known.barcode, "hsn": known.hsn, "unit": known.unit, "tax_class": known.tax_class,
            "low": quantity_for_input(known.low_at), "is_price_with_tax": known.is_price_with_tax,
            "product_id": known.id, "version": known.version,
        }  # fmt: skip
    typed = {name: cells[name] for name in ("barcode", "hsn", "low") if name in cells}
    if cells.get("unit"):
        typed["unit"] = _unit_of(cells["unit"])
    if cells.get("tax_class"):
        typed["tax_class"] = tax_class_of(cells["tax_class"])
    return SaveProduct(name=cells.get("name", ""), price=cells.get("price", ""), **(kept | typed))


def _unit_of(raw: str) -> str:
    """A code of the portal, or its word."""
    return next((code for code, words in UNITS.items() if raw.lower() in (code.lower(), words.lower())), raw)


def _stock_of(cells: Mapping[str, str]) -> tuple[int | None, int | None]:
    reader = Reader()
    nothing: int | None = None
    stock = reader.by("stock", parse_quantity, cells.get("stock", ""), "Stock", least=0, instead=nothing)
    cost = read_price(reader, "cost", cells.get("cost", ""))
    reader.done()
    return stock, cost


def _open(uow: UnitOfWork, row: Product, stock: int | None, cost: int | None) -> tuple[str, bool]:
    """What was said of the stock, and whether it was taken: only where nothing has moved yet."""
    if stock is None or stock == row.stock:
        return "", False
    moved = exists().where(StockMovement.business_id == uow.business_id, StockMovement.product_id == row.id)
    if uow.session.execute(select(moved)).scalar():
        return f"Its stock stays {format_quantity(row.stock)}: note a count to change it.", False
    if stock > MOST_HELD:
        raise Invalid("That is more than any shop can hold.")
    open_stock(uow, row, stock, cost, OPENING)
    return f"{format_quantity(stock)} in stock.", True
