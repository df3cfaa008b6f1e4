"""How web processes hear that what they remember about a session (``operations.sessions.Seat``) is no longer so.

After the commit each process hears "session 12", "user 7" or "business 3": whoever remembers a seat with that id looks it
up anew. Every column counts unless it is known not to, so that a new one cannot be forgotten here.
"""

from __future__ import annotations

CHANNEL = "microcrm_seats"

_SEEN = ("last_seen_at", "expires_at")  # of sessions: a use moves them, and nothing that is shown or allowed
_TELL = f"""
CREATE FUNCTION tell_seat() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) {"".join(f" - '{column}'" for column in _SEEN)} END;
  now jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) {"".join(f" - '{column}'" for column in _SEEN)} END;
  form jsonb;
BEGIN
  IF was IS NOT DISTINCT FROM now THEN RETURN NULL; END IF;
  FOREACH form IN ARRAY ARRAY[was, now] LOOP
    FOR i IN 0 .. TG_NARGS - 1 BY 2 LOOP
      IF form ->> TG_ARGV[i + 1] IS NOT NULL THEN
        PERFORM pg_notify('{CHANNEL}', TG_ARGV[i] || ' ' || (form ->> TG_ARGV[i + 1]));
      END IF;
    END LOOP;
  END LOOP;
  RETURN NULL;
END $$
"""
# Table: when, and pairs of what is said and the column with its id. A new session or user is in nobody's memory yet.
_TOLD = {
    "sessions": ("UPDATE OR DELETE", "'session', 'id'"),
    "users": ("UPDATE OR DELETE", "'user', 'id'"),
    "members": ("INSERT OR UPDATE OR DELETE", "'business', 'business_id', 'user', 'user_id'"),
    "businesses": ("UPDATE OR DELETE", "'business', 'id'"),
}


def build() -> list[str]:
    """Every statement, in order."""
    return [
        _TELL,
        *(
            f"CREATE TRIGGER tell_seat AFTER {when} ON {table} FOR EACH ROW EXECUTE FUNCTION tell_seat({what})"
            for table, (when, what) in _TOLD.items()
        ),
    ]


def raze() -> list[str]:
    """The way back."""
    return [*(f"DROP TRIGGER tell_seat ON {table}" for table in _TOLD), "DROP FUNCTION tell_seat()"]
