"""Customers are found by how their names sound, by tags, and in spite of a wrong letter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from microcrm.domain.found_by import keys_for
from microcrm.models import walls
from microcrm.models.customers import SPELLINGS

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_AT_ONCE = 2_000


def upgrade() -> None:
    op.create_table(
        "name_spellings",
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("spelling", sa.Text(collation="C"), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_name_spellings_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("business_id", "spelling", "word", name=op.f("pk_name_spellings")),
    )
    for statement in walls.tenant_wall("name_spellings"):
        op.execute(statement)
    op.add_column("customer_words", sa.Column("sound", sa.Text(collation="C"), server_default="", nullable=False))
    for statement in SPELLINGS:
        op.execute(statement)
    _find_those_who_are_there()
    op.create_index("ix_customer_words_sound", "customer_words", ["business_id", "sound", "customer_id"])


def _find_those_who_are_there() -> None:
    connection = op.get_bind()
    connection.execute(sa.text("DELETE FROM customer_words"))
    write = sa.text(
        "INSERT INTO customer_words (business_id, customer_id, word, sound) VALUES (:business, :id, :word, :sound)"
    )
    read = sa.text("SELECT id, business_id, name, tags FROM customers WHERE id > :after ORDER BY id LIMIT :at_once")
    after = 0
    while people := connection.execute(read, {"after": after, "at_once": _AT_ONCE}).all():
        rows = [
            {"business": business, "id": customer, "word": key.word, "sound": key.sound}
            for customer, business, name, tags in people
            for key in keys_for(name, tags)
        ]
        if rows:
            connection.execute(write, rows)
        after = people[-1].id


def downgrade() -> None:
    for statement in (
        "DROP TRIGGER keep_spellings ON customer_words",
        "DROP TRIGGER forget_spellings ON customer_words",
        "DROP FUNCTION keep_spellings()",
        "DROP FUNCTION forget_spellings()",
        "DROP FUNCTION spellings_of(text)",
        "DELETE FROM customer_words WHERE word LIKE '#%'",
    ):
        op.execute(statement)
    op.drop_table("name_spellings")
    op.drop_index("ix_customer_words_sound", table_name="customer_words")
    op.drop_column("customer_words", "sound")
