"""The forms that a shop of each trade begins with. They become its own rows, and from then on the owner's to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from microcrm.domain.form_fields import Condition, FieldRule, FormText
from microcrm.domain.permissions import Role
from microcrm.domain.sealed_records import RecordKind
from microcrm.domain.trades import Trade


@dataclass(frozen=True, slots=True)
class StartingForm:
    """``readers`` and ``writers`` narrow the two permissions of sealed records and never widen them."""

    code: RecordKind
    title: str
    day_label: str
    fields: tuple[FieldRule, ...]
    readers: frozenset[Role]
    writers: frozenset[Role]

    @property
    def text(self) -> FormText:
        return FormText(self.title, self.day_label, self.fields)


_F = FieldRule
_LEADS = frozenset({Role.OWNER, Role.MANAGER})
_CARE = _LEADS | {Role.STAFF}  # who works on the customer, and who leads them
_DESK = _CARE | {Role.FRONT_DESK}
_DOCTORS = frozenset({Role.OWNER, Role.STAFF})  # a clinic's manager and reception treat nobody

_ALLERGY_FIELDS = (
    _F("substance", "Allergic to", required=True, hint="As PPD in hair colour, latex, penicillin"),
    _F(
        "severity", "How badly", "choice",
        options=(("mild", "Mild"), ("moderate", "Moderate"), ("severe", "Severe: needs a doctor")),
    ),
    _F("reaction", "What happens", "note"),
    _F(
        "source", "How it is known", "choice",
        options=(("told", "The customer said so"), ("report", "A doctor’s report"), ("seen", "Seen here")),
    ),
)  # fmt: skip

_SALON = (
    StartingForm(
        RecordKind.COLOUR, "Colour formula", "Coloured on",
        (
            _F("formula", "Formula", "note", required=True, hint="Shades and grams, as 6.1 30 g + 7.0 10 g"),
            _F("developer", "Developer", "choice", options=tuple((n, f"{n} %") for n in ("1.9", "3", "6", "9", "12"))),
            _F("minutes", "Timing", "number", unit="min", low=1, high=240),
            _F("grey", "Grey hair", "number", unit="%", low=0, high=100),
            _F("result", "Result, and next time", "note"),
        ),
        _CARE, _CARE,
    ),
    StartingForm(
        RecordKind.PATCH_TEST, "Patch test", "Tested on",
        (
            _F("product", "Product", required=True, hint="Brand and shade that was tested"),
            _F("place", "Where", "choice", options=(("ear", "Behind the ear"), ("elbow", "Inside of the elbow"))),
            _F(
                "result", "Result", "choice", required=True,
                options=(("waiting", "Not read yet"), ("clear", "No reaction"), ("slight", "Slight reaction"),
                         ("reaction", "Reaction: do not use")),
            ),
            _F("read_on", "Read on", "day", hint="48 hours after the test"),
            _F("notes", "Notes", "note"),
        ),
        _DESK, _DESK,
    ),
    StartingForm(RecordKind.ALLERGY, "Allergy", "Noted on", _ALLERGY_FIELDS, _DESK, _DESK),
    StartingForm(
        RecordKind.HEALTH, "Skin or scalp note", "Noted on",
        (_F("note", "Note", "note", required=True), _F("advice", "What to do differently", "note")),
        _CARE, _CARE,
    ),
    StartingForm(
        RecordKind.CONSENT, "Consent to a chemical treatment", "Signed on",
        (
            _F("reacted", "Have you ever reacted to a hair colour or a skin product?", "yes_no", required=True),
            _F("reaction", "What happened?", "note", required=True, only_if=Condition("reacted", "yes")),
            _F(
                "conditions", "Do any of these apply to you?", "choices",
                options=(("sensitive", "Sensitive skin"), ("eczema", "Eczema or psoriasis"), ("wounds", "Broken skin on the scalp"),
                         ("pregnant", "Pregnant or nursing")),
            ),
            _F(
                "agreed", "I have answered truthfully and agree to the treatment", "signature", required=True,
                hint="It can be withdrawn at any time before the treatment",
            ),
        ),
        _DESK, _DESK,
    ),
)  # fmt: skip
_CLINIC = (
    StartingForm(
        RecordKind.HEALTH, "Medical note", "Seen on",
        (
            _F("complaint", "Complaint", "note", required=True),
            _F("findings", "Findings", "note"),
            _F("diagnosis", "Diagnosis"),
            _F("plan", "Treatment and advice", "note"),
        ),
        _DOCTORS, _DOCTORS,
    ),
    StartingForm(RecordKind.ALLERGY, "Allergy", "Noted on", _ALLERGY_FIELDS, _DESK, _DESK),
    StartingForm(
        RecordKind.MEASUREMENT, "Measurements", "Measured on",
        (
            _F("weight", "Weight", "number", unit="kg", low=1, high=400),
            _F("systolic", "Blood pressure, upper", "number", unit="mmHg", low=40, high=300),
            _F("diastolic", "Blood pressure, lower", "number", unit="mmHg", low=20, high=200),
            _F("pulse", "Pulse", "number", unit="a minute", low=20, high=250),
            _F("sugar", "Blood sugar", "number", unit="mg/dL", low=20, high=800),
        ),
        _DOCTORS, _DOCTORS,
    ),
    StartingForm(
        RecordKind.CONSENT, "Consent to treatment", "Signed on",
        (
            _F("explained", "The treatment, its risks and other ways were explained to me", "yes_no", required=True),
            _F("questions", "What I still want to know", "note"),
            _F(
                "signer", "I sign for", "choice", required=True,
                options=(("self", "Myself"), ("child", "My child"), ("other", "Somebody I care for")),
            ),
            _F("patient", "Their name, and how you are related", required=True, only_if=Condition("signer", "child")),
            _F("agreed", "I agree to the treatment", "signature", required=True),
        ),
        _DESK, _DESK,
    ),
)  # fmt: skip
_GYM = (
    StartingForm(
        RecordKind.GOAL, "Goal", "Set on",
        (
            _F("goal", "Goal", required=True, hint="In the member’s own words"),
            _F("target", "Measured by", hint="As 68 kg, or ten pull-ups"),
            _F("until", "Until", "day"),
            _F("notes", "Notes", "note"),
        ),
        _CARE, _CARE,
    ),
    StartingForm(
        RecordKind.MEASUREMENT, "Measurements", "Measured on",
        (
            _F("weight", "Weight", "number", unit="kg", low=20, high=400),
            _F("fat", "Body fat", "number", unit="%", low=2, high=70),
            _F("waist", "Waist", "number", unit="cm", low=30, high=250),
            _F("chest", "Chest", "number", unit="cm", low=40, high=250),
            _F("hips", "Hips", "number", unit="cm", low=40, high=250),
        ),
        _CARE, _CARE,
    ),
    StartingForm(
        RecordKind.HEALTH, "Injury or condition", "Noted on",
        (_F("note", "What it is", "note", required=True), _F("advice", "What to leave out", "note")),
        _CARE, _CARE,
    ),
    StartingForm(
        RecordKind.CONSENT, "Health questions before training", "Signed on",
        (
            _F("heart", "Has a doctor ever said that you have a heart condition?", "yes_no", required=True),
            _F("pain", "Do you feel pain in your chest when you are active?", "yes_no", required=True),
            _F("medicine", "Do you take medicine regularly?", "yes_no", required=True),
            _F("which", "Which, and what for?", "note", required=True, only_if=Condition("medicine", "yes")),
            _F("fitness", "How fit do you feel?", "scale", low=1, high=10, ends=("Not at all", "Very fit"), is_sensitive=False),
            _F("agreed", "I have answered truthfully and train at my own risk", "signature", required=True),
        ),
        _CARE, _CARE,
    ),
)  # fmt: skip
_TUTOR = (
    StartingForm(
        RecordKind.GUARDIAN, "Guardian", "Noted on",
        (
            _F("name", "Name", required=True),
            _F(
                "relation", "Relation", "choice", required=True,
                options=(("mother", "Mother"), ("father", "Father"), ("guardian", "Guardian by law"), ("other", "Other")),
            ),
            _F("phone", "Phone", "phone"),
            # DPDP Act 2023, s.9(1): consent for somebody under 18 is a parent's or guardian's, and verifiable.
            _F(
                "proof", "How the consent was verified", "choice",
                options=(("none", "Not yet"), ("paper", "Signed on paper, ID seen"), ("digilocker", "DigiLocker token")),
            ),
            _F("notes", "Who may collect the child, and other notes", "note"),
        ),
        _DESK, _LEADS | {Role.FRONT_DESK},
    ),
    StartingForm(
        RecordKind.LEVEL, "Level", "Assessed on",
        (
            _F("subject", "Subject", required=True),
            _F("level", "Level", required=True),
            _F("strengths", "Strengths", "note"),
            _F("next", "To work on", "note"),
        ),
        _CARE, _CARE,
    ),
    StartingForm(
        RecordKind.CONSENT, "Guardian’s consent", "Signed on",
        (
            _F(
                "relation", "I am the student’s", "choice", required=True,
                options=(("mother", "Mother"), ("father", "Father"), ("guardian", "Guardian by law")),
            ),
            _F(
                "alone", "May the student go home alone?", "yes_no", required=True, is_sensitive=False,
            ),
            _F("collects", "Who else may collect the student?", only_if=Condition("alone", "no"), is_sensitive=False),
            # DPDP Act 2023, s.9(1): a child's data are processed with the consent of a parent or guardian.
            _F("agreed", "I agree to the lessons and to the records kept about them", "signature", required=True),
        ),
        _DESK, _LEADS | {Role.FRONT_DESK},
    ),
)  # fmt: skip
STARTING_FORMS: Mapping[Trade, tuple[StartingForm, ...]] = MappingProxyType(
    {Trade.SALON: _SALON, Trade.CLINIC: _CLINIC, Trade.GYM: _GYM, Trade.TUTOR: _TUTOR}
)
