"""Stock: what was there at first and what the shop used itself are movements of their own; those of a period are found by time."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_CHECKS = {
    "kind": "kind in ('opening', 'received', 'sold', 'returned', 'counted', 'used', 'damaged', 'undone')",
    "direction": (
        "case when kind in ('opening', 'received', 'returned') then quantity > 0 "
        "when kind in ('sold', 'used', 'damaged') then quantity < 0 else true end"
    ),
    "cost": "cost_paise is null or (kind in ('opening', 'received') and cost_paise >= 0)",
}
_BEFORE = {
    "kind": "kind in ('received', 'sold', 'returned', 'counted', 'damaged', 'undone')",
    "direction": (
        "case kind when 'received' then quantity > 0 when 'returned' then quantity > 0 when 'sold' then quantity < 0 "
        "when 'damaged' then quantity < 0 else true end"
    ),
    "cost": "cost_paise is null or (kind = 'received' and cost_paise >= 0)",
}


def upgrade() -> None:
    _check(_CHECKS)
    op.create_index("ix_stock_movements_at", "stock_movements", ["business_id", "at"])


def _check(checks: dict[str, str]) -> None:
    for name, rule in checks.items():
        op.drop_constraint(op.f(f"ck_stock_movements_{name}"), "stock_movements", type_="check")
        op.create_check_constraint(op.f(f"ck_stock_movements_{name}"), "stock_movements", rule)


def downgrade() -> None:
    op.drop_index("ix_stock_movements_at", "stock_movements")
    _check(_BEFORE)
