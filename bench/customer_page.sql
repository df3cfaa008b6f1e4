-- What the customer of ``customer-page`` has. %(b)s the shop, %(c)s the customer, %(m)s a member, %(s)s a service.
INSERT INTO bookings (business_id, customer_id, status, starts_at, ends_at, source, note, cancel_reason, created_at,
  created_by_member_id, version)
SELECT %(b)s, %(c)s, CASE WHEN n %% 20 = 0 THEN 'no_show' WHEN n %% 30 = 7 THEN 'late_cancelled' ELSE 'finished' END,
  at, at + interval '45 min', 'staff', '', '', at - interval '3 days', %(m)s, 1
FROM generate_series(1, 600) n, LATERAL (SELECT now() - n * interval '6 days' AS at) t;

INSERT INTO booking_items (business_id, booking_id, service_id, member_id, starts_at, ends_at, duration_min, price_paise, is_live)
SELECT business_id, id, %(s)s, %(m)s, starts_at, ends_at, 45, 60000, status = 'finished'
FROM bookings WHERE business_id = %(b)s AND customer_id = %(c)s;

INSERT INTO booking_events (business_id, booking_id, customer_id, at, member_id, kind, from_status, to_status, reason)
SELECT business_id, id, customer_id, created_at + k * interval '1 hour', %(m)s, e.kind, 'booked', 'booked', ''
FROM bookings, unnest(ARRAY['booked', 'moved', 'finished']) WITH ORDINALITY AS e (kind, k)
WHERE business_id = %(b)s AND customer_id = %(c)s;

INSERT INTO documents (business_id, kind, state, number, began, running, issued_on, issued_at, due_on, customer_id, seller, buyer,
  buyer_gstin, place_state, heads, reason, taxable_paise, total_paise, paid_paise, note, cancel_reason, created_at,
  created_by_member_id, version)
SELECT %(b)s, 'plain_bill', CASE WHEN n %% 50 = 1 THEN 'issued' ELSE 'paid' END, 'BENCH' || n, 1990, n, at::date, at, at::date,
  %(c)s, '{}', '{}', '', '', 'none', '', 60000, 60000, CASE WHEN n %% 50 = 1 THEN 0 ELSE 60000 END, '', '', at, %(m)s, 1
FROM generate_series(1, 250) n, LATERAL (SELECT now() - n * interval '14 days' AS at) t;

INSERT INTO payments (business_id, customer_id, mode, amount_paise, evidence, proof, received_at, member_id, void_reason)
SELECT %(b)s, %(c)s, 'upi', 60000, 'claimed', n::text, now() - n * interval '14 days', %(m)s, '' FROM generate_series(1, 250) n;

INSERT INTO allocations (business_id, payment_id, document_id, amount_paise)
SELECT %(b)s, p.id, d.id, 60000
FROM payments p JOIN documents d ON d.business_id = p.business_id AND d.number = 'BENCH' || p.proof AND d.began = 1990
WHERE p.business_id = %(b)s AND p.customer_id = %(c)s;

INSERT INTO customer_notes (business_id, customer_id, words, is_pinned, at, member_id, version)
SELECT %(b)s, %(c)s, 'Likes the window chair and filter coffee', n < 4, now() - n * interval '30 days', %(m)s, 1
FROM generate_series(1, 100) n;

INSERT INTO customer_tasks (business_id, customer_id, title, due_on, member_id, created_at, created_by_member_id, done_at,
  done_by_member_id, version)
SELECT %(b)s, %(c)s, 'Call', at::date, %(m)s, at, %(m)s, CASE WHEN n > 5 THEN at END, CASE WHEN n > 5 THEN %(m)s END, 1
FROM generate_series(1, 50) n, LATERAL (SELECT now() - n * interval '60 days' AS at) t;

WITH form AS (
  INSERT INTO forms (business_id, code, name, readers, writers, issued, created_at)
  VALUES (%(b)s, 'own', 'Colour formula', '{owner}', '{owner}', 1, now()) RETURNING id
)
INSERT INTO sealed_records (business_id, customer_id, form_id, kind, happened_on, member_id, version, created_at)
SELECT %(b)s, %(c)s, form.id, 'own', at::date, %(m)s, 1, at
FROM form, generate_series(1, 50) n, LATERAL (SELECT now() - n * interval '70 days' AS at) t;

INSERT INTO audit_events (business_id, at, member_id, is_viewing_as, action, subject, subject_id, facts)
SELECT %(b)s, now() - n * interval '35 days', %(m)s, false, 'change', 'customer', %(c)s, '{"fields": ["phone"]}'
FROM generate_series(1, 100) n
