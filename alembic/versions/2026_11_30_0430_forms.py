"""Forms of a business's own, with versions; sealed records become forms that were filled in."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from microcrm.models import walls

revision = "0038"
down_revision = "0042"
branch_labels = None
depends_on = None

_INSTANT = postgresql.TIMESTAMP(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text(), none_as_null=True)
# The forms of each trade as they were on that day: trade, code, readers, writers, text, fingerprint.
_STARTING = r"""[
["salon", "colour", ["manager", "owner", "staff"], ["manager", "owner", "staff"], {"title": "Colour formula", "day_label":
"Coloured on", "fields": [{"name": "formula", "label": "Formula", "shape": "note", "required": true, "hint": "Shades and
grams, as 6.1 30 g + 7.0 10 g"}, {"name": "developer", "label": "Developer", "shape": "choice", "options": [["1.9", "1.9 %"],
["3", "3 %"], ["6", "6 %"], ["9", "9 %"], ["12", "12 %"]]}, {"name": "minutes", "label": "Timing", "shape": "number", "unit":
"min", "low": 1, "high": 240}, {"name": "grey", "label": "Grey hair", "shape": "number", "unit": "%", "high": 100}, {"name":
"result", "label": "Result, and next time", "shape": "note"}]},
"1ad8d7cf07daa6cb8daefb00b9ee2047be95795f42eb3b2bd7663fb8ad302789"],
["salon", "patch_test", ["front_desk", "manager", "owner", "staff"], ["front_desk", "manager", "owner", "staff"], {"title":
"Patch test", "day_label": "Tested on", "fields": [{"name": "product", "label": "Product", "required": true, "hint": "Brand
and shade that was tested"}, {"name": "place", "label": "Where", "shape": "choice", "options": [["ear", "Behind the ear"],
["elbow", "Inside of the elbow"]]}, {"name": "result", "label": "Result", "shape": "choice", "required": true, "options":
[["waiting", "Not read yet"], ["clear", "No reaction"], ["slight", "Slight reaction"], ["reaction", "Reaction: do not use"]]},
{"name": "read_on", "label": "Read on", "shape": "day", "hint": "48 hours after the test"}, {"name": "notes", "label":
"Notes", "shape": "note"}]}, "cfc1e622ab0ebe0567e96bf71fbd3283db6095e4576edddcfd0fa7f8edb69faa"],
["salon", "allergy", ["front_desk", "manager", "owner", "staff"], ["front_desk", "manager", "owner", "staff"], {"title":
"Allergy", "day_label": "Noted on", "fields": [{"name": "substance", "label": "Allergic to", "required": true, "hint": "As PPD
in hair colour, latex, penicillin"}, {"name": "severity", "label": "How badly", "shape": "choice", "options": [["mild",
"Mild"], ["moderate", "Moderate"], ["severe", "Severe: needs a doctor"]]}, {"name": "reaction", "label": "What happens",
"shape": "note"}, {"name": "source", "label": "How it is known", "shape": "choice", "options": [["told", "The customer said
so"], ["report", "A doctor’s report"], ["seen", "Seen here"]]}]},
"21bcd4c695ad80f2b6693ddf6426f3bcd1a76fbe0181b2edff6186dfe3110d77"],
["salon", "health", ["manager", "owner", "staff"], ["manager", "owner", "staff"], {"title": "Skin or scalp note", "day_label":
"Noted on", "fields": [{"name": "note", "label": "Note", "shape": "note", "required": true}, {"name": "advice", "label": "What
to do differently", "shape": "note"}]}, "b6e84d6ffafd8c46f00a10404083489b53668bf524f372da2ea13878b02bffc8"],
["salon", "consent", ["front_desk", "manager", "owner", "staff"], ["front_desk", "manager", "owner", "staff"], {"title":
"Consent to a chemical treatment", "day_label": "Signed on", "fields": [{"name": "reacted", "label": "Have you ever reacted to
a hair colour or a skin product?", "shape": "yes_no", "required": true}, {"name": "reaction", "label": "What happened?",
"shape": "note", "required": true, "only_if": {"name": "reacted", "value": "yes"}}, {"name": "conditions", "label": "Do any of
these apply to you?", "shape": "choices", "options": [["sensitive", "Sensitive skin"], ["eczema", "Eczema or psoriasis"],
["wounds", "Broken skin on the scalp"], ["pregnant", "Pregnant or nursing"]]}, {"name": "agreed", "label": "I have answered
truthfully and agree to the treatment", "shape": "signature", "required": true, "hint": "It can be withdrawn at any time
before the treatment"}]}, "7728bae836c9a3cc2dbe40ff39504daa0a61ed1e20375a8f6b1452d19e76ff9e"],
["clinic", "health", ["owner", "staff"], ["owner", "staff"], {"title": "Medical note", "day_label": "Seen on", "fields":
[{"name": "complaint", "label": "Complaint", "shape": "note", "required": true}, {"name": "findings", "label": "Findings",
"shape": "note"}, {"name": "diagnosis", "label": "Diagnosis"}, {"name": "plan", "label": "Treatment and advice", "shape":
"note"}]}, "c8c484357ce53803d435d5808fc86b25937d1cb77b0eed90fd8d6393c31b5dd7"],
["clinic", "allergy", ["front_desk", "manager", "owner", "staff"], ["front_desk", "manager", "owner", "staff"], {"title":
"Allergy", "day_label": "Noted on", "fields": [{"name": "substance", "label": "Allergic to", "required": true, "hint": "As PPD
in hair colour, latex, penicillin"}, {"name": "severity", "label": "How badly", "shape": "choice", "options": [["mild",
"Mild"], ["moderate", "Moderate"], ["severe", "Severe: needs a doctor"]]}, {"name": "reaction", "label": "What happens",
"shape": "note"}, {"name": "source", "label": "How it is known", "shape": "choice", "options": [["told", "The customer said
so"], ["report", "A doctor’s report"], ["seen", "Seen here"]]}]},
"21bcd4c695ad80f2b6693ddf6426f3bcd1a76fbe0181b2edff6186dfe3110d77"],
["clinic", "measurement", ["owner", "staff"], ["owner", "staff"], {"title": "Measurements", "day_label": "Measured on",
"fields": [{"name": "weight", "label": "Weight", "shape": "number", "unit": "kg", "low": 1, "high": 400}, {"name": "systolic",
"label": "Blood pressure, upper", "shape": "number", "unit": "mmHg", "low": 40, "high": 300}, {"name": "diastolic", "label":
"Blood pressure, lower", "shape": "number", "unit": "mmHg", "low": 20, "high": 200}, {"name": "pulse", "label": "Pulse",
"shape": "number", "unit": "a minute", "low": 20, "high": 250}, {"name": "sugar", "label": "Blood sugar", "shape": "number",
"unit": "mg/dL", "low": 20, "high": 800}]}, "d294a882adf31dd706aaa287310be4b7c346a5dfadb0fe38ab4eac5e35e5a3a9"],
["clinic", "consent", ["front_desk", "manager", "owner", "staff"], ["front_desk", "manager", "owner", "staff"], {"title":
"Consent to treatment", "day_label": "Signed on", "fields": [{"name": "explained", "label": "The treatment, its risks and
other ways were explained to me", "shape": "yes_no", "required": true}, {"name": "questions", "label": "What I still want to
know", "shape": "note"}, {"name": "signer", "label": "I sign for", "shape": "choice", "required": true, "options": [["self",
"Myself"], ["child", "My child"], ["other", "Somebody I care for"]]}, {"name": "patient", "label": "Their name, and how you
are related", "required": true, "only_if": {"name": "signer", "value": "child"}}, {"name": "agreed", "label": "I agree to the
treatment", "shape": "signature", "required": true}]}, "d7ac0a3e283f600126e5f161a03b58ca9e040d28a3f83a0557cf3130aaf840f2"],
["gym", "goal", ["manager", "owner", "staff"], ["manager", "owner", "staff"], {"title": "Goal", "day_label": "Set on",
"fields": [{"name": "goal", "label": "Goal", "required": true, "hint": "In the member’s own words"}, {"name": "target",
"label": "Measured by", "hint": "As 68 kg, or ten pull-ups"}, {"name": "until", "label": "Until", "shape": "day"}, {"name":
"notes", "label": "Notes", "shape": "note"}]}, "ec9a52b570ffe9a5b8213637a4b6c4199f141b330196a59eff7a9c9c3f1db460"],
["gym", "measurement", ["manager", "owner", "staff"], ["manager", "owner", "staff"], {"title": "Measurements", "day_label":
"Measured on", "fields": [{"name": "weight", "label": "Weight", "shape": "number", "unit": "kg", "low": 20, "high": 400},
{"name": "fat", "label": "Body fat", "shape": "number", "unit": "%", "low": 2, "high": 70}, {"name": "waist", "label":
"Waist", "shape": "number", "unit": "cm", "low": 30, "high": 250}, {"name": "chest", "label": "Chest", "shape": "number",
"unit": "cm", "low": 40, "high": 250}, {"name": "hips", "label": "Hips", "shape": "number", "unit": "cm", "low": 40, "high":
250}]}, "0d8bb222feae8cbac86dffd69abeb9f97a1b6794175ea583e820e93489ea0069"],
["gym", "health", ["manager", "owner", "staff"], ["manager", "owner", "staff"], {"title": "Injury or condition", "day_label":
"Noted on", "fields": [{"name": "note", "label": "What it is", "shape": "note", "required": true}, {"name": "advice", "label":
"What to leave out", "shape": "note"}]}, "22e7c4456580960c4ae59173310799312c3e6e14a0fa24482ae91a95243d7210"],
["gym", "consent", ["manager", "owner", "staff"], ["manager", "owner", "staff"], {"title": "Health questions before training",
"day_label": "Signed on", "fields": [{"name": "heart", "label": "Has a doctor ever said that you have a heart condition?",
"shape": "yes_no", "required": true}, {"name": "pain", "label": "Do you feel pain in your chest when you are active?",
"shape": "yes_no", "required": true}, {"name": "medicine", "label": "Do you take medicine regularly?", "shape": "yes_no",
"required": true}, {"name": "which", "label": "Which, and what for?", "shape": "note", "required": true, "only_if": {"name":
"medicine", "value": "yes"}}, {"name": "fitness", "label": "How fit do you feel?", "shape": "scale", "low": 1, "high": 10,
"ends": ["Not at all", "Very fit"], "is_sensitive": false}, {"name": "agreed", "label": "I have answered truthfully and train
at my own risk", "shape": "signature", "required": true}]},
"89ec7612ebc11b2b81d8acfa654b46fdbb75fb3e5233d54a45e7dfcd3961caf7"],
["tutor", "guardian", ["front_desk", "manager", "owner", "staff"], ["front_desk", "manager", "owner"], {"title": "Guardian",
"day_label": "Noted on", "fields": [{"name": "name", "label": "Name", "required": true}, {"name": "relation", "label":
"Relation", "shape": "choice", "required": true, "options": [["mother", "Mother"], ["father", "Father"], ["guardian",
"Guardian by law"], ["other", "Other"]]}, {"name": "phone", "label": "Phone", "shape": "phone"}, {"name": "proof", "label":
"How the consent was verified", "shape": "choice", "options": [["none", "Not yet"], ["paper", "Signed on paper, ID seen"],
["digilocker", "DigiLocker token"]]}, {"name": "notes", "label": "Who may collect the child, and other notes", "shape":
"note"}]}, "95e0631378b81d777e82825070d2fb230b171b7ecd17ec3eccb22184a69c7bc3"],
["tutor", "level", ["manager", "owner", "staff"], ["manager", "owner", "staff"], {"title": "Level", "day_label": "Assessed
on", "fields": [{"name": "subject", "label": "Subject", "required": true}, {"name": "level", "label": "Level", "required":
true}, {"name": "strengths", "label": "Strengths", "shape": "note"}, {"name": "next", "label": "To work on", "shape":
"note"}]}, "ca68a4fb493507e9faf81fe275218912f557063d2522300f9daf838a361672d8"],
["tutor", "consent", ["front_desk", "manager", "owner", "staff"], ["front_desk", "manager", "owner"], {"title": "Guardian’s
consent", "day_label": "Signed on", "fields": [{"name": "relation", "label": "I am the student’s", "shape": "choice",
"required": true, "options": [["mother", "Mother"], ["father", "Father"], ["guardian", "Guardian by law"]]}, {"name": "alone",
"label": "May the student go home alone?", "shape": "yes_no", "required": true, "is_sensitive": false}, {"name": "collects",
"label": "Who else may collect the student?", "is_sensitive": false, "only_if": {"name": "alone", "value": "no"}}, {"name":
"agreed", "label": "I agree to the lessons and to the records kept about them", "shape": "signature", "required": true}]},
"1535102b4bc50b6a27e9f856765345cbdc0be68e9f8bac5e0fc62ffd174a0435"]
]"""


def upgrade() -> None:
    _forms()
    _records()
    for table in ("forms", "form_versions"):
        for statement in walls.tenant_wall(table):
            op.execute(statement)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO microcrm_app")
    op.execute("GRANT UPDATE (plain) ON sealed_versions TO microcrm_app")
    _fill()
    op.alter_column("sealed_records", "form_id", nullable=False)
    op.alter_column("sealed_versions", "form_version_id", nullable=False)


def _forms() -> None:
    op.create_table(
        "forms",
        *_start(),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("readers", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("writers", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("issued", sa.Integer(), server_default="0", nullable=False),
        sa.Column("draft", _JSON, nullable=True),
        sa.Column("fields_made", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retired_at", _INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        *_own("forms"),
        sa.CheckConstraint("issued > 0 or draft is not null", name=op.f("ck_forms_text")),
    )
    op.create_index(
        "uq_forms_code", "forms", ["business_id", "code"], unique=True, postgresql_where=sa.text("code <> 'own'")
    )
    op.create_table(
        "form_versions",
        *_start(),
        sa.Column("form_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("issued_at", _INSTANT, nullable=False),
        *_own("form_versions"),
        _within("form_versions", "form_id", "forms", "CASCADE"),
        _within("form_versions", "member_id", "members"),
        sa.UniqueConstraint(
            "business_id", "form_id", "number", name=op.f("uq_form_versions_business_id_form_id_number")
        ),
    )


def _records() -> None:
    op.add_column("sealed_records", sa.Column("form_id", sa.BigInteger(), nullable=True))
    op.add_column("sealed_records", sa.Column("fill_key", sa.String(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_sealed_records_business_id_fill_key"), "sealed_records", ["business_id", "fill_key"]
    )
    op.create_index("ix_sealed_records_form", "sealed_records", ["business_id", "form_id"])
    _link("sealed_records", "form_id", "forms")
    op.add_column("sealed_versions", sa.Column("form_version_id", sa.BigInteger(), nullable=True))
    plain = sa.Column("plain", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False)
    op.add_column("sealed_versions", plain)
    op.add_column("sealed_versions", sa.Column("signed_at", _INSTANT, nullable=True))
    op.alter_column("sealed_versions", "generation", nullable=True)
    op.alter_column("sealed_versions", "sealed", nullable=True)
    op.create_check_constraint(
        op.f("ck_sealed_versions_sealed"), "sealed_versions", "(sealed is null) = (generation is null)"
    )
    _link("sealed_versions", "form_version_id", "form_versions")


def _fill() -> None:
    """Each business gets the forms of its trade, and those that its records were written with under another."""
    op.execute(
        sa.text(
            """
WITH starting AS (
  SELECT row->>0 AS trade, row->>1 AS code, row->2 AS readers, row->3 AS writers, row->4 AS text, row->>5 AS fingerprint, place
  FROM jsonb_array_elements(CAST(:starting AS jsonb)) WITH ORDINALITY AS s(row, place)
), wanted AS (
  SELECT DISTINCT ON (b.id, s.code) b.id AS business_id, s.*
  FROM businesses b JOIN starting s ON s.trade = b.trade OR s.code IN (
    SELECT kind FROM sealed_records r WHERE r.business_id = b.id)
  ORDER BY b.id, s.code, s.trade = b.trade DESC, s.place
), made AS (
  INSERT INTO forms (business_id, code, name, position, readers, writers, issued, created_at)
  SELECT business_id, code, text->>'title', row_number() OVER (PARTITION BY business_id ORDER BY place),
    ARRAY(SELECT jsonb_array_elements_text(readers)), ARRAY(SELECT jsonb_array_elements_text(writers)), 1, now()
  FROM wanted RETURNING id, business_id, code
), issued AS (
  INSERT INTO form_versions (business_id, form_id, number, text, fingerprint, issued_at)
  SELECT m.business_id, m.id, 1, w.text, w.fingerprint, now()
  FROM made m JOIN wanted w ON w.business_id = m.business_id AND w.code = m.code
)
SELECT count(*) FROM made
"""
        ).bindparams(starting=json.dumps(json.loads(_STARTING.replace("\n", " "))))
    )
    op.execute(
        "UPDATE sealed_records r SET form_id = f.id FROM forms f WHERE f.business_id = r.business_id AND f.code = r.kind"
    )
    op.execute(
        "UPDATE sealed_versions v SET form_version_id = w.id FROM sealed_records r JOIN form_versions w "
        "ON w.business_id = r.business_id AND w.form_id = r.form_id WHERE r.business_id = v.business_id AND r.id = v.record_id"
    )


def _start() -> tuple[sa.Column[int], ...]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("business_id", sa.BigInteger(), nullable=False),
    )


def _own(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f(f"fk_{table}_business_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("business_id", "id", name=op.f(f"uq_{table}_business_id_id")),
    )


def _within(table: str, column: str, other: str, ondelete: str = "RESTRICT") -> sa.Constraint:
    return sa.ForeignKeyConstraint(
        ["business_id", column],
        [f"{other}.business_id", f"{other}.id"],
        name=op.f(f"fk_{table}_business_id_{column}"),
        ondelete=ondelete,
    )


def _link(table: str, column: str, other: str) -> None:
    name = op.f(f"fk_{table}_business_id_{column}")
    op.create_foreign_key(name, table, other, ["business_id", column], ["business_id", "id"], ondelete="RESTRICT")


def downgrade() -> None:
    op.execute("DELETE FROM sealed_versions WHERE sealed IS NULL")
    for column in ("form_version_id", "plain", "signed_at"):
        op.drop_column("sealed_versions", column)
    op.alter_column("sealed_versions", "generation", nullable=False)
    op.alter_column("sealed_versions", "sealed", nullable=False)
    for column in ("form_id", "fill_key"):
        op.drop_column("sealed_records", column)
    op.drop_table("form_versions")
    op.drop_table("forms")
