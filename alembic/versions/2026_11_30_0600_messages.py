"""Messages to customers, and what became of each. What waited in the outbox is taken along, or said to be too late."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import merging, messages, walls

revision = "0052"
down_revision = "0053"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)
# A key was "booking:5:1:booked:message" or "offer:7:offer:message".
_CARRY = """
INSERT INTO messages (business_id, customer_id, booking_id, subject, subject_version, step, channel, language, about_at, details,
  state, reason, created_at, due_at, expires_at, finished_at)
SELECT o.business_id, coalesce(e.customer_id, b.customer_id), b.id,
  split_part(o.key, ':', 1) || ':' || split_part(o.key, ':', 2),
  CASE WHEN o.key LIKE 'booking:%' THEN split_part(o.key, ':', 3)::int ELSE 1 END,
  o.payload ->> 'step', CASE o.payload ->> 'channel' WHEN 'email' THEN 'email' ELSE 'whatsapp' END,
  coalesce(o.payload ->> 'language', ''), b.starts_at,
  o.payload - 'step' - 'channel' - 'language' - 'booking_id',
  CASE WHEN late.it_is THEN 'suppressed' ELSE 'planned' END, CASE WHEN late.it_is THEN 'too_late' ELSE '' END,
  o.created_at, o.due_at, greatest(b.starts_at, o.due_at + interval '2 days'), CASE WHEN late.it_is THEN now() END
FROM outbox o
JOIN bookings b ON b.business_id = o.business_id AND b.id = (o.payload ->> 'booking_id')::bigint
LEFT JOIN waitlist_offers f ON f.business_id = o.business_id AND f.id = (o.payload ->> 'offer_id')::bigint
LEFT JOIN waitlist_entries e ON e.business_id = f.business_id AND e.id = f.entry_id
CROSS JOIN LATERAL (SELECT o.due_at < now() - interval '1 day' AS it_is) late
WHERE o.kind = 'booking_notice' AND o.state = 'queued'
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    _make_messages()
    _make_events()
    for table in ("messages", "message_events"):
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    op.execute(merging.route("messages"))
    for function in messages.FUNCTIONS:
        op.execute(function)
    for name in messages.FUNCTION_NAMES:
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO microcrm_app")
    op.execute(_CARRY)
    op.execute("DELETE FROM outbox WHERE kind = 'booking_notice'")


def _make_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        _text("subject"),
        sa.Column("subject_version", sa.Integer(), server_default="1", nullable=False),
        _text("step"),
        _text("channel"),
        _text("language", ""),
        sa.Column("about_at", _INSTANT, nullable=True),
        sa.Column("details", postgresql.JSONB(), server_default="{}", nullable=False),
        _text("state", "planned"),
        _text("reason", ""),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=True),
        sa.Column("called_at", _INSTANT, nullable=True),
        sa.Column("look_at", _INSTANT, nullable=True),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("provider_id", sa.String(), nullable=True),
        _text("text", ""),
        sa.Column("segments", sa.Integer(), server_default="0", nullable=False),
        sa.Column("handed_at", _INSTANT, nullable=True),
        sa.Column("finished_at", _INSTANT, nullable=True),
        sa.CheckConstraint("channel in ('whatsapp', 'sms', 'email')", name=op.f("ck_messages_channel")),
        sa.CheckConstraint(
            "state in ('planned', 'sending', 'handed', 'sent', 'delivered', 'read', 'failed', 'suppressed', 'unknown', "
            "'withdrawn')",
            name=op.f("ck_messages_state"),
        ),
        *_belongs("messages"),
        _within("messages", "customer_id", "customers"),
        _within("messages", "booking_id", "bookings", "CASCADE"),
        sa.UniqueConstraint("business_id", "subject", "subject_version", "step", "channel", name="uq_messages_key"),
    )
    for name, columns, where in (
        ("due", ["channel", "due_at", "id"], "state = 'planned'"),
        ("look", ["look_at"], "look_at is not null"),
        ("trouble", ["id"], "state in ('failed', 'unknown')"),
        ("log", ["due_at", "id"], None),
        ("booking", ["booking_id", "id"], None),
        ("customer", ["customer_id", "due_at", "id"], None),
        ("provider", ["provider_id"], "provider_id is not null"),
    ):
        op.create_index(f"ix_messages_{name}", "messages", ["business_id", *columns], postgresql_where=where)


def _make_events() -> None:
    op.create_table(
        "message_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        _text("what"),
        _text("reason", ""),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        *_belongs("message_events"),
        _within("message_events", "message_id", "messages", "CASCADE"),
        _within("message_events", "member_id", "members"),
    )
    op.create_index("ix_message_events_message", "message_events", ["business_id", "message_id", "id"])


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(), server_default=default, nullable=False)


def _belongs(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f(f"fk_{table}_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("business_id", "id", name=op.f(f"uq_{table}_business_id_id")),
    ]


def _within(table: str, column: str, other: str, ondelete: str = "RESTRICT") -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["business_id", column],
        [f"{other}.business_id", f"{other}.id"],
        name=op.f(f"fk_{table}_business_id_{column}"),
        ondelete=ondelete,
    )


def downgrade() -> None:
    for name in messages.FUNCTION_NAMES:
        op.execute(f"DROP FUNCTION {name}")
    op.drop_table("message_events")
    op.drop_table("messages")
