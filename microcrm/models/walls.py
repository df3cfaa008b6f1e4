"""The third wall, as SQL: forced row-level security on every table, and the narrow functions that may look past it.

The app role (``microcrm_app``) owns nothing and cannot bypass policies. A transaction says whose rows it may see with three
settings that ``unit_of_work`` writes: ``app.business_id``, ``app.user_id`` and ``app.realm``. Missing settings match no row.
The role that migrates gets a policy of its own, so that FORCE ROW LEVEL SECURITY can stay on for it as well.
"""

from __future__ import annotations

from collections.abc import Iterable

CURRENT_BUSINESS = "nullif(current_setting('app.business_id', true), '')::bigint"
CURRENT_USER = "nullif(current_setting('app.user_id', true), '')::bigint"
REALM = "coalesce(current_setting('app.realm', true), '')"

_KEEP = "SELECT, INSERT, UPDATE, DELETE"
_VERBS = {
    "advance_uses": "SELECT, INSERT",
    "audit_events": "SELECT, INSERT, UPDATE (place, previous, hash)",
    "bank_statements": "SELECT, INSERT",
    "businesses": "SELECT, INSERT, UPDATE",
    "booking_events": "SELECT, INSERT",
    "consent_notices": "SELECT, INSERT",
    "consents": "SELECT, INSERT",
    "contact_reveals": "SELECT, INSERT",
    "form_versions": "SELECT, INSERT",
    "file_openings": "SELECT, INSERT",
    "ledger_entries": "SELECT, INSERT",
    "message_events": "SELECT, INSERT",
    "record_openings": "SELECT, INSERT",
    "sealed_versions": "SELECT, INSERT, UPDATE (sealed, generation)",
    "stock_movements": "SELECT, INSERT",
    "till_closings": "SELECT, INSERT",
}
_ACCOUNT_OWNER = {"users": "id", "throttles": "", "sign_ups": ""}

# A hosted database gives one role that connects, migrates and, by membership, may step down to the app role. Where the two
# roles were made beforehand (the embedded server), the membership is neither needed nor ours to grant.
ROLE = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'microcrm_app') THEN
    CREATE ROLE microcrm_app NOLOGIN NOBYPASSRLS;
  END IF;
  GRANT USAGE ON SCHEMA public TO microcrm_app;
  BEGIN
    EXECUTE format('GRANT microcrm_app TO %I', current_user);
  EXCEPTION WHEN insufficient_privilege THEN NULL;
  END;
END $$
"""


def _forced(table: str) -> list[str]:
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY migrating_role ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)",
    ]


def tenant_wall(table: str) -> list[str]:
    """A row belongs to one business and is seen and written only in a transaction of that business."""
    column = "id" if table == "businesses" else "business_id"
    own = f"{column} = {CURRENT_BUSINESS}"
    return [
        *_forced(table),
        f"CREATE POLICY tenant ON {table} TO microcrm_app USING ({own}) WITH CHECK ({own})",
        f"GRANT {_VERBS.get(table, _KEEP)} ON {table} TO microcrm_app",
    ]


def account_wall(table: str) -> list[str]:
    """Accounts work sees these; anybody else only their own rows, and only to read."""
    column = _ACCOUNT_OWNER.get(table, "user_id")
    statements = [
        *_forced(table),
        f"CREATE POLICY accounts ON {table} TO microcrm_app USING ({REALM} = 'accounts') WITH CHECK ({REALM} = 'accounts')",
        f"GRANT {_KEEP} ON {table} TO microcrm_app",
    ]
    if column:
        statements.append(f"CREATE POLICY own ON {table} FOR SELECT TO microcrm_app USING ({column} = {CURRENT_USER})")
    return statements


def other_walls() -> list[str]:
    """The outbox is written by a business or by accounts work and read by the worker; the rest is the worker's."""
    outbox = f"business_id = {CURRENT_BUSINESS} OR (business_id IS NULL AND {REALM} = 'accounts') OR {REALM} = 'worker'"
    return [
        *_forced("outbox"),
        f"CREATE POLICY sender ON outbox TO microcrm_app USING ({outbox}) WITH CHECK ({outbox})",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO microcrm_app",
        *_forced("mailbox"),
        f"CREATE POLICY worker ON mailbox TO microcrm_app USING ({REALM} = 'worker') WITH CHECK ({REALM} = 'worker')",
        "GRANT SELECT, INSERT, DELETE ON mailbox TO microcrm_app",
        *_forced("heartbeats"),
        "CREATE POLICY anyone ON heartbeats FOR SELECT TO microcrm_app USING (true)",
        f"CREATE POLICY worker ON heartbeats TO microcrm_app USING ({REALM} = 'worker') WITH CHECK ({REALM} = 'worker')",
        "GRANT SELECT, INSERT, UPDATE ON heartbeats TO microcrm_app",
    ]


def inbox_wall() -> list[str]:
    """What providers told us is stored and worked off by the worker's realm; a business sees its own."""
    theirs = f"business_id = {CURRENT_BUSINESS} OR {REALM} = 'worker'"
    return [
        *_forced("inbox"),
        f"CREATE POLICY told ON inbox TO microcrm_app USING ({theirs}) WITH CHECK ({REALM} = 'worker')",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON inbox TO microcrm_app",
    ]


AUDIT_IS_APPEND_ONLY = [
    """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.place IS NULL AND NEW.place IS NOT NULL
     AND (to_jsonb(NEW) - 'place' - 'previous' - 'hash') = (to_jsonb(OLD) - 'place' - 'previous' - 'hash') THEN
    RETURN NEW;
  END IF;
  -- Only the erasure of a whole business may remove its log: the cascade runs with the business row already gone.
  IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM businesses WHERE id = OLD.business_id) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'restrict_violation';
END $$
""",
    """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_events
FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()
""",
]

# What must run before the tenant is known. Each function answers one narrow question and nothing else.
FUNCTIONS = [
    """
CREATE FUNCTION session_actor(wanted bytea) RETURNS TABLE (
  session_id bigint, user_id bigint, user_name text, user_email text, is_verified boolean, has_second_step boolean,
  is_pending boolean, business_id bigint, business_name text, business_slug text, zone text, member_id bigint,
  member_name text, role text, granted text[], withheld text[], is_own_calendar_only boolean, is_viewing_as boolean,
  last_seen_at timestamptz
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT s.id, u.id, u.name, u.email, u.email_verified_at IS NOT NULL, u.totp_enabled_at IS NOT NULL,
         s.is_pending_second_step, b.id, b.name, b.slug, b.zone, shown.id, shown.name, shown.role, shown.granted,
         shown.withheld, shown.is_own_calendar_only, shown.id IS DISTINCT FROM own.id, s.last_seen_at
  FROM sessions s
  JOIN users u ON u.id = s.user_id
  LEFT JOIN members own ON own.business_id = s.business_id AND own.user_id = u.id AND own.deactivated_at IS NULL
  LEFT JOIN members shown ON shown.business_id = own.business_id
       AND shown.id = CASE WHEN own.role IN ('owner', 'manager') THEN coalesce(s.viewing_as_member_id, own.id) ELSE own.id END
  LEFT JOIN businesses b ON b.id = shown.business_id
  WHERE s.token_hash = wanted AND s.revoked_at IS NULL AND s.expires_at > now()
$$
""",
    """
CREATE FUNCTION memberships_of(wanted bigint) RETURNS TABLE (business_id bigint, business_name text, member_id bigint, role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT b.id, b.name, m.id, m.role FROM members m JOIN businesses b ON b.id = m.business_id
  WHERE m.user_id = wanted AND m.deactivated_at IS NULL ORDER BY b.name, b.id
$$
""",
    """
CREATE FUNCTION emails_of_members() RETURNS TABLE (member_id bigint, email text, has_second_step boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT m.id, u.email, u.totp_enabled_at IS NOT NULL FROM members m JOIN users u ON u.id = m.user_id
  WHERE m.business_id = nullif(current_setting('app.business_id', true), '')::bigint
$$
""",
    """
CREATE FUNCTION slug_is_taken(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT EXISTS (SELECT FROM businesses WHERE slug = wanted)
$$
""",
    """
CREATE FUNCTION invitation_for(wanted bytea) RETURNS TABLE (
  business_id bigint, business_name text, invitation_id bigint, member_id bigint, email text, name text, role text, invited_by text
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT i.business_id, b.name, i.id, i.member_id, i.email, i.name, i.role, m.name
  FROM invitations i JOIN businesses b ON b.id = i.business_id
  JOIN members m ON m.business_id = i.business_id AND m.id = i.invited_by_member_id
  WHERE i.token_hash = wanted AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()
$$
""",
    """
CREATE FUNCTION businesses_with_unchained_audit() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT DISTINCT business_id FROM audit_events WHERE place IS NULL
$$
""",
    """
CREATE FUNCTION business_ids() RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$ SELECT id FROM businesses ORDER BY id $$
""",
]
FUNCTION_NAMES = (
    "session_actor(bytea)",
    "memberships_of(bigint)",
    "emails_of_members()",
    "slug_is_taken(text)",
    "invitation_for(bytea)",
    "businesses_with_unchained_audit()",
    "business_ids()",
)


def build(tenant_tables: Iterable[str], account_tables: Iterable[str]) -> list[str]:
    """Every statement, in order; the first migration runs them once its tables exist. A later table gets its own
    ``tenant_wall`` in its own migration."""
    statements = [ROLE]
    for table in tenant_tables:
        statements += tenant_wall(table)
    for table in account_tables:
        statements += account_wall(table)
    statements += other_walls() + AUDIT_IS_APPEND_ONLY + FUNCTIONS
    for name in FUNCTION_NAMES:
        statements += [
            f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC",
            f"GRANT EXECUTE ON FUNCTION {name} TO microcrm_app",
        ]
    statements.append("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    return statements
