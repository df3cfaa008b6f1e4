"""Place in the series: each document's running number, for the list of documents issued (GSTR-1 table 13); returns by the
quarter, and e-invoices by registration."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None

# Series have no gap and give their numbers in the order of issuing, so the place among their documents is the number.
COUNT = """
UPDATE documents d SET running = counted.place FROM (
  SELECT id, row_number() OVER (PARTITION BY business_id, kind, began ORDER BY issued_at, length(number), number) AS place
  FROM documents WHERE number IS NOT NULL
) counted WHERE counted.id = d.id
"""


def upgrade() -> None:
    op.add_column("documents", sa.Column("running", sa.Integer(), nullable=True))
    op.execute("ALTER TABLE documents DISABLE TRIGGER issued_stays")
    op.execute(COUNT)
    op.execute("ALTER TABLE documents ENABLE TRIGGER issued_stays")
    op.create_unique_constraint(
        "uq_documents_business_id_kind_began_running", "documents", ["business_id", "kind", "began", "running"]
    )
    op.add_column("billing_profiles", sa.Column("is_quarterly", sa.Boolean(), server_default="false", nullable=False))
    op.add_column(
        "billing_profiles",
        sa.Column("e_invoice_gstins", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
    )


def downgrade() -> None:
    op.drop_column("billing_profiles", "e_invoice_gstins")
    op.drop_column("billing_profiles", "is_quarterly")
    op.drop_constraint("uq_documents_business_id_kind_began_running", "documents")
    op.drop_column("documents", "running")
