"""Goods on bills: which products the lines mean, and how they leave the stock and come back to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from microcrm.domain.errors import Invalid
from microcrm.domain.permissions import Permission
from microcrm.models.billing import Document
from microcrm.models.products import Product, StockMovement
from microcrm.operations.billing.pricing import MOST_LINES, ReadLine
from microcrm.operations.fixed_sql import fixed
from microcrm.operations.parts.stock import move_goods
from microcrm.operations.unit_of_work import UnitOfWork

_GOODS = fixed("""
SELECT product_id, sum(quantity) FROM document_lines
WHERE business_id = :business AND document_id = :document AND product_id IS NOT NULL GROUP BY product_id
""")


@dataclass(frozen=True, slots=True)
class Shelf:
    """What of a product lies there, in thousandths."""

    stock: int
    low_at: int | None


def shelves(uow: UnitOfWork, product_ids: Sequence[Any]) -> dict[int, Shelf]:
    """Of the products on a bill that is being typed. Ids that are not ours are left out."""
    uow.require(Permission.INVOICES_VIEW)
    wanted = [one for one in product_ids if type(one) is int][:MOST_LINES]
    if not wanted:
        return {}
    rows = uow.session.execute(
        select(Product.id, Product.stock, Product.low_at).where(
            Product.business_id == uow.business_id, Product.id.in_(wanted)
        )
    )
    return {product_id: Shelf(stock, low_at) for product_id, stock, low_at in rows}


def with_goods(uow: UnitOfWork, lines: tuple[ReadLine, ...]) -> tuple[ReadLine, ...]:
    """The lines with the units of their products, and with their HSN where none was typed. ``Invalid`` names the line of a
    product that is not this shop's."""
    wanted = {line.product_id for line in lines if line.product_id is not None}
    if not wanted:
        return lines
    rows = uow.session.execute(
        select(Product.id, Product.unit, Product.hsn).where(
            Product.business_id == uow.business_id, Product.id.in_(wanted)
        )
    )
    known = {product_id: (unit, hsn) for product_id, unit, hsn in rows}
    errors = {
        f"lines.{place}.description": "This product is not there any more. Choose it again, or type a line without it."
        for place, line in enumerate(lines)
        if line.product_id is not None and line.product_id not in known
    }
    if errors:
        raise Invalid(fields=errors)
    return tuple(
        line
        if line.product_id is None
        else replace(line, unit=known[line.product_id][0], sac=line.sac or known[line.product_id][1])
        for line in lines
    )


def send_out_goods(uow: UnitOfWork, document: Document) -> None:
    """Of a bill that has just been issued."""
    _move_lines(uow, document, -1)


def bring_back_goods(uow: UnitOfWork, note: Document) -> None:
    """Of a credit note whose customer has brought them back."""
    _move_lines(uow, note, 1)


def call_back_goods(uow: UnitOfWork, document: Document) -> None:
    """It is called off: what it moved moves back."""
    moved = func.sum(StockMovement.quantity)
    rows = uow.session.execute(
        select(StockMovement.product_id, moved)
        .where(StockMovement.business_id == uow.business_id, StockMovement.document_id == document.id)
        .group_by(StockMovement.product_id)
        .having(moved != 0)
    )
    changes = {product_id: -int(quantity) for product_id, quantity in rows}
    if changes:
        move_goods(uow, document.id or 0, changes)


def _move_lines(uow: UnitOfWork, document: Document, direction: int) -> None:
    uow.session.flush()
    rows = uow.session.connection().execute(_GOODS, {"business": uow.business_id, "document": document.id})
    changes = {product_id: direction * int(quantity) for product_id, quantity in rows}
    if changes:
        move_goods(uow, document.id or 0, changes)
