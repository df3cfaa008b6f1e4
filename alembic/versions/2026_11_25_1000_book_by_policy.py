"""Book by policy: holds, classes, series, the waiting list and the queue, secret links; changes make themselves heard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import doors, walls

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "booking_policies",
    "series",
    "class_sessions",
    "queue_tickets",
    "waitlist_entries",
    "waitlist_offers",
    "waitlist_preferences",
    "public_links",
)
SOURCES = "source in ('staff', 'online', 'demo', 'waitlist', 'queue', 'series')"


def upgrade() -> None:
    op.create_table(
        "booking_policies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("is_online", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("min_notice_min", sa.Integer(), server_default="60", nullable=False),
        sa.Column("horizon_days", sa.Integer(), server_default="60", nullable=False),
        sa.Column("slot_step_min", sa.Integer(), server_default="15", nullable=False),
        sa.Column("most_per_day", sa.Integer(), nullable=True),
        sa.Column("hold_min", sa.Integer(), server_default="10", nullable=False),
        sa.Column("needs_approval", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("approval_hours", sa.Integer(), server_default="24", nullable=False),
        sa.Column("payment_min", sa.Integer(), server_default="15", nullable=False),
        sa.Column("cancel_cutoff_min", sa.Integer(), server_default="240", nullable=False),
        sa.Column("reschedule_cutoff_min", sa.Integer(), server_default="240", nullable=False),
        sa.Column("fee_ladder", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("no_show_percent", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_override_allowed", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("is_code_needed", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_waitlist_on", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("offer_min", sa.Integer(), server_default="30", nullable=False),
        sa.Column("offer_band", sa.Integer(), server_default="1", nullable=False),
        sa.Column("is_queue_on", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("approval_hours between 1 and 168", name=op.f("ck_booking_policies_approval")),
        sa.CheckConstraint(
            "cancel_cutoff_min >= 0 and reschedule_cutoff_min >= 0", name=op.f("ck_booking_policies_cutoffs")
        ),
        sa.CheckConstraint("hold_min between 2 and 60", name=op.f("ck_booking_policies_hold")),
        sa.CheckConstraint("horizon_days between 1 and 366", name=op.f("ck_booking_policies_horizon")),
        sa.CheckConstraint("min_notice_min between 0 and 43200", name=op.f("ck_booking_policies_min_notice")),
        sa.CheckConstraint("no_show_percent between 0 and 100", name=op.f("ck_booking_policies_no_show")),
        sa.CheckConstraint("offer_band between 1 and 50", name=op.f("ck_booking_policies_band")),
        sa.CheckConstraint("offer_min between 5 and 1440", name=op.f("ck_booking_policies_offer")),
        sa.CheckConstraint("payment_min between 5 and 1440", name=op.f("ck_booking_policies_payment")),
        sa.CheckConstraint("slot_step_min between 5 and 240", name=op.f("ck_booking_policies_slot_step")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_booking_policies_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_policies")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_booking_policies_business_id_id")),
        sa.UniqueConstraint("business_id", name=op.f("uq_booking_policies_business_id")),
    )
    op.create_table(
        "series",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("start_min", sa.Integer(), nullable=False),
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_by_member_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("start_min between 0 and 1439", name=op.f("ck_series_start")),
        sa.ForeignKeyConstraint(
            ["business_id", "created_by_member_id"],
            ["members.business_id", "members.id"],
            name=op.f("fk_series_business_id_created_by_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_series_business_id_customer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_series_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_series_business_id_id")),
    )
    op.create_index("ix_series_customer", "series", ["business_id", "customer_id"], unique=False)
    op.create_table(
        "class_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("cancel_reason", sa.String(), server_default="", nullable=False),
        sa.Column("series_id", sa.BigInteger(), nullable=True),
        sa.Column("series_place", sa.Integer(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "seats between 1 and 500 and taken between 0 and seats", name=op.f("ck_class_sessions_seats")
        ),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_class_sessions_span")),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["members.business_id", "members.id"],
            name=op.f("fk_class_sessions_business_id_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "series_id"],
            ["series.business_id", "series.id"],
            name=op.f("fk_class_sessions_business_id_series_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "service_id"],
            ["services.business_id", "services.id"],
            name=op.f("fk_class_sessions_business_id_service_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_class_sessions_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_sessions")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_class_sessions_business_id_id")),
    )
    op.create_index(
        "ix_class_sessions_service", "class_sessions", ["business_id", "service_id", "starts_at"], unique=False
    )
    op.create_index("ix_class_sessions_starts", "class_sessions", ["business_id", "starts_at"], unique=False)
    op.create_table(
        "queue_tickets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("promised_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("called_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state in ('waiting', 'called', 'serving', 'done', 'left')", name=op.f("ck_queue_tickets_state")
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "booking_id"],
            ["bookings.business_id", "bookings.id"],
            name=op.f("fk_queue_tickets_business_id_booking_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_queue_tickets_business_id_customer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["members.business_id", "members.id"],
            name=op.f("fk_queue_tickets_business_id_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "service_id"],
            ["services.business_id", "services.id"],
            name=op.f("fk_queue_tickets_business_id_service_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_queue_tickets_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_tickets")),
        sa.UniqueConstraint("business_id", "day", "number", name=op.f("uq_queue_tickets_business_id_day_number")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_queue_tickets_business_id_id")),
    )
    op.create_index("ix_queue_tickets_state", "queue_tickets", ["business_id", "day", "state"], unique=False)
    op.create_table(
        "waitlist_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("source in ('staff', 'online')", name=op.f("ck_waitlist_entries_source")),
        sa.CheckConstraint(
            "state in ('waiting', 'offered', 'booked', 'withdrawn', 'expired')", name=op.f("ck_waitlist_entries_state")
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "booking_id"],
            ["bookings.business_id", "bookings.id"],
            name=op.f("fk_waitlist_entries_business_id_booking_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_waitlist_entries_business_id_customer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "service_id"],
            ["services.business_id", "services.id"],
            name=op.f("fk_waitlist_entries_business_id_service_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_waitlist_entries_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_entries")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_waitlist_entries_business_id_id")),
    )
    op.create_index("ix_waitlist_entries_customer", "waitlist_entries", ["business_id", "customer_id"], unique=False)
    op.create_index(
        "ix_waitlist_entries_state", "waitlist_entries", ["business_id", "state", "created_at"], unique=False
    )
    op.create_table(
        "waitlist_offers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("offered_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('open', 'accepted', 'declined', 'expired', 'lost')", name=op.f("ck_waitlist_offers_state")
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "booking_id"],
            ["bookings.business_id", "bookings.id"],
            name=op.f("fk_waitlist_offers_business_id_booking_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "entry_id"],
            ["waitlist_entries.business_id", "waitlist_entries.id"],
            name=op.f("fk_waitlist_offers_business_id_entry_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_waitlist_offers_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_offers")),
        sa.UniqueConstraint(
            "business_id", "entry_id", "booking_id", name=op.f("uq_waitlist_offers_business_id_entry_id_booking_id")
        ),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_waitlist_offers_business_id_id")),
    )
    op.create_index("ix_waitlist_offers_booking", "waitlist_offers", ["business_id", "booking_id"], unique=False)
    op.create_index(
        "ix_waitlist_offers_open",
        "waitlist_offers",
        ["business_id", "expires_at"],
        unique=False,
        postgresql_where="state = 'open'",
    )
    op.create_table(
        "waitlist_preferences",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("start_min", sa.Integer(), nullable=False),
        sa.Column("end_min", sa.Integer(), nullable=False),
        sa.Column("weekdays", sa.Integer(), server_default="127", nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_waitlist_preferences_days")),
        sa.CheckConstraint("place between 1 and 5", name=op.f("ck_waitlist_preferences_place")),
        sa.CheckConstraint(
            "start_min >= 0 and start_min < end_min and end_min <= 1440", name=op.f("ck_waitlist_preferences_window")
        ),
        sa.CheckConstraint("weekdays between 1 and 127", name=op.f("ck_waitlist_preferences_weekdays")),
        sa.ForeignKeyConstraint(
            ["business_id", "entry_id"],
            ["waitlist_entries.business_id", "waitlist_entries.id"],
            name=op.f("fk_waitlist_preferences_business_id_entry_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "member_id"],
            ["members.business_id", "members.id"],
            name=op.f("fk_waitlist_preferences_business_id_member_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_waitlist_preferences_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_preferences")),
        sa.UniqueConstraint(
            "business_id", "entry_id", "place", name=op.f("uq_waitlist_preferences_business_id_entry_id_place")
        ),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_waitlist_preferences_business_id_id")),
    )
    op.create_table(
        "public_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("feed_member_id", sa.BigInteger(), nullable=True),
        sa.Column("offer_id", sa.BigInteger(), nullable=True),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(booking_id, feed_member_id, offer_id, ticket_id) = 1",
            name=op.f("ck_public_links_one_subject"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "booking_id"],
            ["bookings.business_id", "bookings.id"],
            name=op.f("fk_public_links_business_id_booking_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "feed_member_id"],
            ["members.business_id", "members.id"],
            name=op.f("fk_public_links_business_id_feed_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "offer_id"],
            ["waitlist_offers.business_id", "waitlist_offers.id"],
            name=op.f("fk_public_links_business_id_offer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "ticket_id"],
            ["queue_tickets.business_id", "queue_tickets.id"],
            name=op.f("fk_public_links_business_id_ticket_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_public_links_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_links")),
        sa.UniqueConstraint("business_id", "id", name=op.f("uq_public_links_business_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_public_links_token_hash")),
    )
    op.create_index("ix_public_links_booking", "public_links", ["business_id", "booking_id"], unique=False)
    op.create_index("ix_public_links_feed", "public_links", ["business_id", "feed_member_id"], unique=False)
    op.create_index("ix_public_links_offer", "public_links", ["business_id", "offer_id"], unique=False)
    op.create_index("ix_public_links_ticket", "public_links", ["business_id", "ticket_id"], unique=False)
    op.add_column("booking_items", sa.Column("session_id", sa.BigInteger(), nullable=True))
    op.add_column("booking_items", sa.Column("seats", sa.Integer(), server_default="1", nullable=False))
    op.create_index(
        "ix_booking_items_session",
        "booking_items",
        ["business_id", "session_id"],
        unique=False,
        postgresql_where="session_id is not null",
    )
    op.create_foreign_key(
        op.f("fk_booking_items_business_id_session_id"),
        "booking_items",
        "class_sessions",
        ["business_id", "session_id"],
        ["business_id", "id"],
        ondelete="RESTRICT",
    )
    op.add_column("bookings", sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("bookings", sa.Column("guest_name", sa.String(), server_default="", nullable=False))
    op.add_column("bookings", sa.Column("language", sa.String(), server_default="", nullable=False))
    op.add_column("bookings", sa.Column("request_key", sa.String(), nullable=True))
    op.add_column("bookings", sa.Column("cancel_fee_paise", sa.Integer(), server_default="0", nullable=False))
    op.add_column("bookings", sa.Column("fee_waiver", sa.String(), server_default="", nullable=False))
    op.add_column("bookings", sa.Column("series_id", sa.BigInteger(), nullable=True))
    op.add_column("bookings", sa.Column("series_place", sa.Integer(), nullable=True))
    op.add_column("bookings", sa.Column("is_moved_from_series", sa.Boolean(), server_default="false", nullable=False))
    op.create_index(
        "ix_bookings_expiry",
        "bookings",
        ["business_id", "expires_at"],
        unique=False,
        postgresql_where="expires_at is not null",
    )
    op.create_index(
        "ix_bookings_series",
        "bookings",
        ["business_id", "series_id", "series_place"],
        unique=False,
        postgresql_where="series_id is not null",
    )
    op.create_unique_constraint(op.f("uq_bookings_business_id_request_key"), "bookings", ["business_id", "request_key"])
    op.create_foreign_key(
        op.f("fk_bookings_business_id_series_id"),
        "bookings",
        "series",
        ["business_id", "series_id"],
        ["business_id", "id"],
        ondelete="RESTRICT",
    )
    op.add_column("members", sa.Column("most_per_day", sa.Integer(), nullable=True))
    op.add_column("occupancies", sa.Column("session_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "occupancies",
        sa.Column(
            "keeper_id",
            sa.BigInteger(),
            sa.Computed("coalesce(member_id, -resource_id)", persisted=True),
            nullable=True,
        ),
    )
    op.add_column(
        "occupancies",
        sa.Column(
            "from_min",
            sa.Integer(),
            sa.Computed("floor(extract(epoch from lower(span) at time zone 'UTC') / 60)::int", persisted=True),
            nullable=True,
        ),
    )
    op.add_column(
        "occupancies",
        sa.Column(
            "until_min",
            sa.Integer(),
            sa.Computed("ceil(extract(epoch from upper(span) at time zone 'UTC') / 60)::int", persisted=True),
            nullable=True,
        ),
    )
    op.add_column("occupancies", sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True))
    op.alter_column("occupancies", "booking_item_id", existing_type=sa.BIGINT(), nullable=True)
    op.create_index(
        "ix_occupancies_busy",
        "occupancies",
        ["business_id", "keeper_id", "from_min"],
        unique=False,
        postgresql_include=["until_min", "expires_at"],
        postgresql_where="is_live",
    )
    op.create_index(
        "ix_occupancies_session",
        "occupancies",
        ["business_id", "session_id"],
        unique=False,
        postgresql_where="session_id is not null",
    )
    op.create_foreign_key(
        op.f("fk_occupancies_business_id_session_id"),
        "occupancies",
        "class_sessions",
        ["business_id", "session_id"],
        ["business_id", "id"],
        ondelete="CASCADE",
    )
    op.add_column("services", sa.Column("seats", sa.Integer(), server_default="1", nullable=False))
    op.add_column("services", sa.Column("min_notice_min", sa.Integer(), nullable=True))
    op.add_column("services", sa.Column("horizon_days", sa.Integer(), nullable=True))
    op.add_column("services", sa.Column("slot_step_min", sa.Integer(), nullable=True))
    op.add_column("services", sa.Column("most_per_day", sa.Integer(), nullable=True))
    op.add_column("services", sa.Column("needs_approval", sa.Boolean(), nullable=True))
    op.drop_constraint(op.f("ck_bookings_source"), "bookings", type_="check")
    for table, name, condition in (
        ("bookings", "source", SOURCES),
        ("bookings", "cancel_fee", "cancel_fee_paise >= 0"),
        ("booking_items", "seats", "seats between 1 and 500"),
        ("services", "seats", "seats between 1 and 500"),
        ("services", "slot_step", "slot_step_min between 5 and 240"),
        ("occupancies", "one_cause", "(booking_item_id is null) <> (session_id is null)"),
    ):
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    statements = [statement for table in TENANT_TABLES for statement in walls.tenant_wall(table)]
    for statement in [*statements, *doors.build(), "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app"]:
        op.execute(statement)


def downgrade() -> None:
    for statement in doors.raze():
        op.execute(statement)
    for table, name in (
        ("services", "slot_step"),
        ("services", "seats"),
        ("booking_items", "seats"),
        ("bookings", "cancel_fee"),
        ("bookings", "source"),
        ("occupancies", "one_cause"),
    ):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f("ck_bookings_source"), "bookings", "source in ('staff', 'online', 'demo')")
    op.drop_column("services", "needs_approval")
    op.drop_column("services", "most_per_day")
    op.drop_column("services", "slot_step_min")
    op.drop_column("services", "horizon_days")
    op.drop_column("services", "min_notice_min")
    op.drop_column("services", "seats")
    op.drop_constraint(op.f("fk_occupancies_business_id_session_id"), "occupancies", type_="foreignkey")
    op.drop_index("ix_occupancies_session", table_name="occupancies", postgresql_where="session_id is not null")
    op.drop_index(
        "ix_occupancies_busy",
        table_name="occupancies",
        postgresql_include=["until_min", "expires_at"],
        postgresql_where="is_live",
    )
    op.alter_column("occupancies", "booking_item_id", existing_type=sa.BIGINT(), nullable=False)
    op.drop_column("occupancies", "expires_at")
    op.drop_column("occupancies", "until_min")
    op.drop_column("occupancies", "from_min")
    op.drop_column("occupancies", "keeper_id")
    op.drop_column("occupancies", "session_id")
    op.drop_column("members", "most_per_day")
    op.drop_constraint(op.f("fk_bookings_business_id_series_id"), "bookings", type_="foreignkey")
    op.drop_constraint(op.f("uq_bookings_business_id_request_key"), "bookings", type_="unique")
    op.drop_index("ix_bookings_series", table_name="bookings", postgresql_where="series_id is not null")
    op.drop_index("ix_bookings_expiry", table_name="bookings", postgresql_where="expires_at is not null")
    op.drop_column("bookings", "is_moved_from_series")
    op.drop_column("bookings", "series_place")
    op.drop_column("bookings", "series_id")
    op.drop_column("bookings", "fee_waiver")
    op.drop_column("bookings", "cancel_fee_paise")
    op.drop_column("bookings", "request_key")
    op.drop_column("bookings", "language")
    op.drop_column("bookings", "guest_name")
    op.drop_column("bookings", "expires_at")
    op.drop_constraint(op.f("fk_booking_items_business_id_session_id"), "booking_items", type_="foreignkey")
    op.drop_index("ix_booking_items_session", table_name="booking_items", postgresql_where="session_id is not null")
    op.drop_column("booking_items", "seats")
    op.drop_column("booking_items", "session_id")
    op.drop_index("ix_public_links_ticket", table_name="public_links")
    op.drop_index("ix_public_links_offer", table_name="public_links")
    op.drop_index("ix_public_links_feed", table_name="public_links")
    op.drop_index("ix_public_links_booking", table_name="public_links")
    op.drop_table("public_links")
    op.drop_table("waitlist_preferences")
    op.drop_index("ix_waitlist_offers_open", table_name="waitlist_offers", postgresql_where="state = 'open'")
    op.drop_index("ix_waitlist_offers_booking", table_name="waitlist_offers")
    op.drop_table("waitlist_offers")
    op.drop_index("ix_waitlist_entries_state", table_name="waitlist_entries")
    op.drop_index("ix_waitlist_entries_customer", table_name="waitlist_entries")
    op.drop_table("waitlist_entries")
    op.drop_index("ix_queue_tickets_state", table_name="queue_tickets")
    op.drop_table("queue_tickets")
    op.drop_index("ix_class_sessions_starts", table_name="class_sessions")
    op.drop_index("ix_class_sessions_service", table_name="class_sessions")
    op.drop_table("class_sessions")
    op.drop_index("ix_series_customer", table_name="series")
    op.drop_table("series")
    op.drop_table("booking_policies")
