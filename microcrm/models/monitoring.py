"""What whoever runs this installation may know of all shops together: numbers and ages, nothing of anybody's rows."""

from __future__ import annotations

# Of a lane with more than that due only so many are counted: the number is then "at least".
MOST_COUNTED = 1_000

# A lane that somebody has come by within the last minute is served, at its pace: a long queue there is no fault.
MESSAGES_IN_ALL = f"""
CREATE FUNCTION messages_in_all(at timestamptz) RETURNS TABLE (
  due bigint, oldest_due timestamptz, overdue_looks bigint, failed_today bigint, unknown bigint, broken bigint
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
  SELECT coalesce(sum(waiting.many), 0)::bigint,
    min(waiting.oldest) FILTER (WHERE c.refilled_at IS NULL OR c.refilled_at < at - interval '1 minute'),
    (SELECT count(*) FROM businesses b CROSS JOIN LATERAL (
       SELECT FROM messages m WHERE m.business_id = b.id AND m.look_at < at - interval '5 minutes' LIMIT {MOST_COUNTED}) late),
    (SELECT count(*) FROM messages m WHERE m.state IN ('failed', 'unknown') AND m.state = 'failed'
       AND m.finished_at > at - interval '1 day'),
    (SELECT count(*) FROM messages m WHERE m.state IN ('failed', 'unknown') AND m.state = 'unknown'),
    (SELECT count(*) FROM message_channels b WHERE b.broken <> '')
  FROM message_lanes(at) l LEFT JOIN message_channels c ON (c.business_id, c.channel) = (l.business_id, l.channel) CROSS JOIN LATERAL (
    SELECT count(*) AS many, min(due_at) AS oldest FROM (
      SELECT m.due_at FROM messages m WHERE m.business_id = l.business_id AND m.channel = l.channel AND m.state = 'planned'
      AND m.due_at <= at ORDER BY m.due_at LIMIT {MOST_COUNTED}) first
  ) waiting
$$
"""  # noqa: S608 - a number of ours
MESSAGES_IN_ALL_NAME = "messages_in_all(timestamp with time zone)"
