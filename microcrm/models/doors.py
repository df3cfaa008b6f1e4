"""What strangers' pages ask before a tenant is known, and how a change makes itself heard.

Like the functions in ``walls``: each answers one narrow question for whoever holds a public address or a secret link, and
the rest of the work then runs inside that one business, behind the same policies as everything else.
"""

from __future__ import annotations

CHANNEL = "microcrm_changes"

_LINK_BEHIND = """
CREATE FUNCTION link_behind(wanted bytea) RETURNS TABLE (link_id bigint, business_id bigint, zone text, {answers})
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT l.id, l.business_id, b.zone, {columns}
  FROM public_links l JOIN businesses b ON b.id = l.business_id
  WHERE l.token_hash = wanted AND l.revoked_at IS NULL AND (l.expires_at IS NULL OR l.expires_at > now())
$$
"""


def _link_behind(*subjects: str) -> str:
    return _LINK_BEHIND.format(
        answers=", ".join(f"{one} bigint" for one in subjects), columns=", ".join(f"l.{one}" for one in subjects)
    )


LINK_BEHIND_BEFORE = _link_behind("booking_id", "feed_member_id", "offer_id", "ticket_id")
# Since entries of the waiting list have links of their own.
LINK_BEHIND = _link_behind("booking_id", "feed_member_id", "offer_id", "ticket_id", "entry_id")

FUNCTIONS = [
    """
CREATE FUNCTION public_shop(wanted text) RETURNS TABLE (business_id bigint, zone text, is_online boolean, is_queue_on boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT b.id, b.zone, coalesce(p.is_online, true), coalesce(p.is_queue_on, false)
  FROM businesses b LEFT JOIN booking_policies p ON p.business_id = b.id WHERE b.slug = wanted
$$
""",
    LINK_BEHIND_BEFORE,
    """
CREATE FUNCTION businesses_with_lapsed_holds() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT business_id FROM bookings WHERE expires_at <= now()
  UNION SELECT business_id FROM waitlist_offers WHERE state = 'open' AND expires_at <= now()
$$
""",
]
FUNCTION_NAMES = ("public_shop(text)", "link_behind(bytea)", "businesses_with_lapsed_holds()")

# The first of them as it is now: it also says what else a shop has set up, so that nothing is asked of those that have not.
PUBLIC_SHOP = """
CREATE FUNCTION public_shop(wanted text) RETURNS TABLE (
  business_id bigint, zone text, is_online boolean, is_queue_on boolean, is_code_needed boolean, takes_payments boolean,
  has_own_messages boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT b.id, b.zone, coalesce(p.is_online, true), coalesce(p.is_queue_on, false), coalesce(p.is_code_needed, false),
    EXISTS (SELECT FROM gateway_accounts a WHERE a.business_id = b.id),
    EXISTS (SELECT FROM message_plans m WHERE m.business_id = b.id)
      OR EXISTS (SELECT FROM message_steps s WHERE s.business_id = b.id)
  FROM businesses b LEFT JOIN booking_policies p ON p.business_id = b.id WHERE b.slug = wanted
$$
"""
# Made by a later migration than the ones above.
PUBLIC_SHOPS = """
CREATE FUNCTION public_shops() RETURNS TABLE (slug text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  WITH open_shops AS (
    SELECT b.id, b.slug, b.is_demo FROM businesses b LEFT JOIN booking_policies p ON p.business_id = b.id
    WHERE coalesce(p.is_online, true)
      AND EXISTS (SELECT FROM services s WHERE s.business_id = b.id AND s.is_active AND s.is_online)
  )
  SELECT o.slug FROM open_shops o
  WHERE NOT o.is_demo OR NOT EXISTS (SELECT FROM open_shops WHERE NOT is_demo)
  ORDER BY o.id LIMIT 50000
$$
"""
BILL_BEHIND = """
CREATE FUNCTION bill_behind(wanted bytea) RETURNS TABLE (business_id bigint, zone text, document_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT l.business_id, b.zone, l.document_id FROM public_links l JOIN businesses b ON b.id = l.business_id
  WHERE l.token_hash = wanted AND l.document_id IS NOT NULL AND l.revoked_at IS NULL
    AND (l.expires_at IS NULL OR l.expires_at > now())
$$
"""
# Since then both are asked by the clock of the transaction that asks, like every other rule about time.
LINK_BEHIND_AT = LINK_BEHIND.replace("wanted bytea", "wanted bytea, at timestamptz").replace("now()", "at")
BILL_BEHIND_AT = BILL_BEHIND.replace("wanted bytea", "wanted bytea, at timestamptz").replace("now()", "at")
REPLACED_NAMES = frozenset({"link_behind(bytea)"})
LATER_FUNCTION_NAMES = (
    "public_shops()",
    "bill_behind(bytea, timestamp with time zone)",
    "link_behind(bytea, timestamp with time zone)",
)

# Open screens hear "business kind id" after the commit. No more is said: the listener asks for what it may see.
TELL_CHANGE = f"""
CREATE FUNCTION tell_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('{CHANNEL}', concat_ws(' ', coalesce(NEW.business_id, OLD.business_id), TG_ARGV[0],
                                           coalesce(NEW.id, OLD.id)));
  RETURN NULL;
END $$
"""
TOLD = {
    "bookings": "booking",
    "class_sessions": "class",
    "waitlist_entries": "waitlist",
    "queue_tickets": "queue",
    "leaves": "hours",
    "dated_hours": "hours",
    "weekly_hours": "hours",
}


def build() -> list[str]:
    """Every statement, in order."""
    statements = [*FUNCTIONS, TELL_CHANGE]
    for name in FUNCTION_NAMES:
        statements += [
            f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {name} TO microcrm_app",
        ]
    for table, kind in TOLD.items():
        statements.append(
            f"CREATE TRIGGER tell_change AFTER INSERT OR UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION tell_change('{kind}')"
        )
    return statements


def raze() -> list[str]:
    """The way back."""
    return [
        *(f"DROP TRIGGER tell_change ON {table}" for table in TOLD),
        "DROP FUNCTION tell_change()",
        *(f"DROP FUNCTION {name}" for name in FUNCTION_NAMES),
    ]
