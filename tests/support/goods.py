"""A shelf of a test shop: a product with stock, and what lies there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from microcrm.models.products import Product, StockMovement
from microcrm.operations.billing.pricing import LineWish
from microcrm.operations.products import SaveProduct, save_product
from microcrm.operations.stock import NoteStock, note_stock
from microcrm.operations.unit_of_work import UnitOfWork

SERUM = SaveProduct(
    name="Argan hair serum, 100 ml", price="740", tax_class="goods", barcode="2000000000015", hsn="33059090", unit="BTL",
    is_price_with_tax=False, low="2",
)  # fmt: skip


def shelve(uow: UnitOfWork, command: SaveProduct = SERUM, *, stock: str = "6", cost: str = "450") -> int:
    """The product on its shelf; its id."""
    product_id, _ = save_product(uow, command)
    if stock:
        note_stock(uow, NoteStock(product_id, "received", stock, cost, "Beauty Depot"))
    return product_id


def serum(product_id: Any, **changes: Any) -> LineWish:
    values = {"description": "Argan hair serum, 100 ml", "price": "740", "tax_class": "goods", "sac": "33059090"}
    return LineWish(**(values | {"is_with_tax": False, "product_id": product_id} | changes))


def stock_of(uow: UnitOfWork, product_id: int) -> int:
    """Whole pieces, and that the count is the sum of the movements."""
    uow.session.expire_all()
    count = uow.session.execute(select(Product.stock).where(Product.id == product_id)).scalar_one()
    moves = uow.session.scalars(
        select(StockMovement).where(StockMovement.product_id == product_id).order_by(StockMovement.id)
    ).all()
    running = 0
    for one in moves:
        running += one.quantity
        assert one.stock_after == running
    assert running == count
    return count // 1000 if count % 1000 == 0 else count


def moves_of(uow: UnitOfWork, product_id: int) -> list[tuple[str, int]]:
    rows = uow.session.execute(
        select(StockMovement.kind, StockMovement.quantity)
        .where(StockMovement.product_id == product_id)
        .order_by(StockMovement.id)
    )
    return [(kind, quantity // 1000) for kind, quantity in rows]
