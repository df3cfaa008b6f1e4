"""How stock changes: the product's row is locked, its count and one movement are written together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from microcrm.domain.goods import Move
from microcrm.models.products import Product, StockMovement
from microcrm.operations.unit_of_work import UnitOfWork


def lock_products(uow: UnitOfWork, product_ids: Sequence[int]) -> dict[int, Product]:
    """Those of this business, by id. Always in the order of their ids: two bills with the same goods wait for each other and
    never for ever."""
    query = select(Product).where(Product.business_id == uow.business_id, Product.id.in_(product_ids))
    rows = uow.session.scalars(
        query.order_by(Product.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    return {row.id or 0: row for row in rows}


def move_stock_of(
    uow: UnitOfWork,
    product: Product,
    kind: Move,
    quantity: int,
    *,
    cost_paise: int | None = None,
    note: str = "",
    document_id: int | None = None,
) -> StockMovement:
    """``product`` is locked. Below zero is fine: what stands on the counter is sold, whatever was counted."""
    product.stock += quantity
    if cost_paise is not None:
        product.cost_paise = cost_paise
    movement = StockMovement(
        business_id=uow.business_id,
        product_id=product.id or 0,
        kind=kind,
        quantity=quantity,
        stock_after=product.stock,
        at=uow.now,
        member_id=uow.actor.member_id,
        document_id=document_id,
        cost_paise=cost_paise,
        note=note,
    )
    uow.session.add_all([product, movement])
    return movement


def move_goods(uow: UnitOfWork, document_id: int, changes: Mapping[int, int]) -> None:
    """What a bill or note does to the stock of each product: less is sold, more came back. Four statements."""
    products = lock_products(uow, sorted(changes))
    for product_id, product in products.items():
        quantity = changes[product_id]
        kind = Move.SOLD if quantity < 0 else Move.RETURNED
        move_stock_of(uow, product, kind, quantity, document_id=document_id)
    uow.session.flush()
