"""What whoever runs this installation may know of all shops together: numbers and ages, nothing of anybody's rows."""

from __future__ import annotations

# Of a lane with more than that due only so many are counted: the number is then "at least".
MOST_COUNTED = 1_000

MESSAGES_IN_ALL = f"""
CREATE FUNCTION messages_in_all(at timestamptz) RETURNS TABLE (
  due bigint, oldest_due timestamptz, overdue_looks bigint, failed_today bigint, unknown bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT coalesce(sum(waiting.many), 0)::bigint, min(waiting.oldest),
    (SELECT count(*) FROM businesses b CROSS JOIN LATERAL (
       SELECT FROM messages m WHERE m.business_id = b.id AND m.look_at < at - interval '5 minutes' LIMIT {MOST_COUNTED}) late),
    (SELECT count(*) FROM messages m WHERE m.state IN ('failed', 'unknown') AND m.state = 'failed'
       AND m.finished_at > at - interval '1 day'),
    (SELECT count(*) FROM messages m WHERE m.state IN ('failed', 'unknown') AND m.state = 'unknown')
  FROM message_lanes(at) l CROSS JOIN LATERAL (
    SELECT count(*) AS many, min(due_at) AS oldest FROM (
      SELECT m.due_at FROM messages m WHERE m.business_id = l.business_id AND m.channel = l.channel AND m.state = 'planned'
      AND m.due_at <= at ORDER BY m.due_at LIMIT {MOST_COUNTED}) first
  ) waiting
$$
"""  # noqa: S608 - a number of ours
MESSAGES_IN_ALL_NAME = "messages_in_all(timestamp with time zone)"
