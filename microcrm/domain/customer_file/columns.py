"""What the columns of a list hold: guessed by their headings in English, Hindi and Kannada, else by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from microcrm.domain.customer_file.days import Evidence
from microcrm.domain.customer_file.phones import read_phones
from microcrm.domain.search_key import search_key

_SEARCHED = 20  # rows in which the headings must stand
_SAMPLED = 200


class Holds(StrEnum):
    """``NOTE``: a line in the notes, under the column's heading."""

    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    PHONE = "phone"
    OTHER_PHONE = "other_phone"
    EMAIL = "email"
    BIRTHDAY = "birthday"
    TAGS = "tags"
    NOTES = "notes"
    ADDRESS = "address"
    CITY = "city"
    STATE = "state"
    PIN = "pin"
    GENDER = "gender"
    GSTIN = "gstin"
    AMOUNT = "amount"
    ALLERGY = "allergy"
    NOTE = "note"
    SKIP = "skip"


WORDS: Mapping[Holds, str] = {
    Holds.NAME: "Name",
    Holds.FIRST_NAME: "First name",
    Holds.LAST_NAME: "Last name",
    Holds.PHONE: "Phone",
    Holds.OTHER_PHONE: "Another phone",
    Holds.EMAIL: "E-mail",
    Holds.BIRTHDAY: "Birthday",
    Holds.TAGS: "Tags",
    Holds.NOTES: "Notes",
    Holds.ADDRESS: "Address",
    Holds.CITY: "Town",
    Holds.STATE: "State",
    Holds.PIN: "PIN code",
    Holds.GENDER: "Gender (into the notes)",
    Holds.GSTIN: "GSTIN (into the notes)",
    Holds.AMOUNT: "Amount in rupees (into the notes)",
    Holds.ALLERGY: "Allergy (sealed)",
    Holds.NOTE: "Into the notes",
    Holds.SKIP: "Leave out",
}
# Only one column can be each of these.
_SINGLE = frozenset(
    {Holds.NAME, Holds.FIRST_NAME, Holds.LAST_NAME, Holds.PHONE, Holds.EMAIL, Holds.BIRTHDAY, Holds.CITY, Holds.STATE, Holds.PIN,
     Holds.GENDER, Holds.GSTIN, Holds.ALLERGY}
)  # fmt: skip
_HEADS: Mapping[Holds, str] = {
    Holds.NAME: "name|full name|customer|customer name|client|client name|member name|patient|patient name|"
    "student name|contact name|display name|guest name|नाम|ग्राहक|ग्राहक का नाम|पूरा नाम|ಹೆಸರು|ಗ್ರಾಹಕ|"
    "ಗ್ರಾಹಕರ ಹೆಸರು|ಪೂರ್ಣ ಹೆಸರು",
    Holds.FIRST_NAME: "first name|firstname|given name|fname|पहला नाम|ಮೊದಲ ಹೆಸರು",
    Holds.LAST_NAME: "last name|lastname|surname|family name|lname|उपनाम|कुलनाम|ಕೊನೆಯ ಹೆಸರು|ಉಪನಾಮ",
    Holds.PHONE: "phone|phone number|phone no|mobile|mobile number|mobile no|mobile phone|cell|contact|contact number|"
    "contact no|telephone|tel|whatsapp|whatsapp number|whatsapp no|mob|mob no|ph|ph no|primary phone|"
    "phone 1 value|मोबाइल|मोबाइल नंबर|फोन|फ़ोन|फोन नंबर|दूरभाष|संपर्क|ಫೋನ್|ಮೊಬೈಲ್|ಫೋನ್ ಸಂಖ್ಯೆ|"
    "ಮೊಬೈಲ್ ಸಂಖ್ಯೆ|ದೂರವಾಣಿ|ಸಂಪರ್ಕ",
    Holds.OTHER_PHONE: "phone 2|phone2|mobile 2|mobile2|alternate phone|alternate number|alternate mobile|alternate contact|"
    "other phone|home phone|work phone|landline|secondary phone|phone 2 value|emergency contact|दूसरा फोन|"
    "ಇನ್ನೊಂದು ಫೋನ್",
    Holds.EMAIL: "email|e mail|email id|email address|mail|mail id|e mail address|e mail 1 value|ईमेल|ई मेल|ಇಮೇಲ್|"
    "ಇ ಮೇಲ್",
    Holds.BIRTHDAY: "birthday|date of birth|dob|birth date|birthdate|d o b|जन्मदिन|जन्म तिथि|जन्मतिथि|जन्म दिनांक|ಜನ್ಮದಿನ|"
    "ಹುಟ್ಟಿದ ದಿನ|ಜನ್ಮ ದಿನಾಂಕ|ಹುಟ್ಟಿದ ದಿನಾಂಕ",
    Holds.TAGS: "tags|tag|labels|label|group|groups|category|categories|customer type|client type|group membership|टैग|"
    "वर्ग|ಗುಂಪು|ಟ್ಯಾಗ್",
    Holds.NOTES: "notes|note|comments|comment|remarks|remark|description|टिप्पणी|नोट|ಟಿಪ್ಪಣಿ",
    Holds.ADDRESS: "address|address line 1|address line 2|address 1|address 2|street|area|locality|home address|"
    "full address|address 1 formatted|पता|ವಿಳಾಸ",
    Holds.CITY: "city|town|village|district|शहर|नगर|ನಗರ|ಊರು",
    Holds.STATE: "state|province|राज्य|ರಾಜ್ಯ",
    Holds.PIN: "pin|pin code|pincode|postal code|zip|zip code|postcode|पिन|पिन कोड|ಪಿನ್|ಪಿನ್ ಕೋಡ್",
    Holds.GENDER: "gender|sex|लिंग|ಲಿಂಗ",
    Holds.GSTIN: "gstin|gst|gst no|gst number|gst in|जीएसटी|ಜಿಎಸ್ಟಿ",
    Holds.AMOUNT: "amount|total spent|total spend|spent|spend|revenue|total sales|sales|lifetime value|total amount|"
    "total revenue|कुल खर्च|राशि|ಮೊತ್ತ|ಒಟ್ಟು ಖರ್ಚು",
    Holds.ALLERGY: "allergy|allergies|allergic to|एलर्जी|ಅಲರ್ಜಿ",
    Holds.NOTE: "company|organization|organisation|organization name|referred by|source|occupation|anniversary|"
    "membership|age|blood group|balance|outstanding",
    Holds.SKIP: "id|sl no|s no|sr no|serial no|no|customer id|client id|added|last visit|next visit|visits|billed|due|created|"
    "created at|updated at|last updated|क्रमांक|क्र सं|ಕ್ರಮ ಸಂಖ್ಯೆ",
}  # fmt: skip
_BY_HEAD: Mapping[str, Holds] = {
    search_key(head): holds for holds, heads in _HEADS.items() for head in heads.split("|")
}
_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}")
_PIN = re.compile(r"[1-9]\d{2}\s?\d{3}", re.ASCII)
_GSTIN = re.compile(r"\d{2}[A-Z]{5}\d{4}[A-Z]\w{3}", re.ASCII)
_GENDER = frozenset({"m", "f", "male", "female", "पुरुष", "महिला", "स्त्री", "ಪುರುಷ", "ಮಹಿಳೆ", "other"})
_LETTERS = re.compile(r"[^\W\d_]{2,}")


def find_headings(rows: Sequence[Sequence[str]]) -> int | None:
    """Which of the first rows has the headings: the one with most words that we know. ``None`` when no row has any. One word is
    enough only when the row says nothing else that it could be a customer by."""
    best, most = None, 0
    for place, row in enumerate(rows[:_SEARCHED]):
        known = sum(search_key(cell) in _BY_HEAD for cell in row if cell)
        has_data = any(_EMAIL.fullmatch(cell) or read_phones(cell).first for cell in row if cell)
        if known > most and not has_data:
            best, most = place, known
    return best


def guess(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[Holds, ...]:
    """For each column. ``rows``: the first of what stands below the headings."""
    found = [_by_head(heading) for heading in headings]
    columns = [[row[at] for row in rows[:_SAMPLED] if at < len(row) and row[at]] for at in range(len(headings))]
    taken: set[Holds] = {holds for holds in found if holds is not None and holds in _SINGLE}
    if taken & {Holds.FIRST_NAME, Holds.LAST_NAME}:
        taken.add(Holds.NAME)
    for at, cells in enumerate(columns):
        if found[at] is None:
            found[at] = holds = _by_content(cells, taken, is_named=bool(headings[at]))
            taken |= {holds} & _SINGLE
    return _each_once([holds or Holds.SKIP for holds in found], columns)


def _by_head(heading: str) -> Holds | None:
    key = search_key(heading)
    if not key:
        return None
    if key in _BY_HEAD:
        return _BY_HEAD[key]
    words = set(key.split())
    for holds, needed in (
        (Holds.OTHER_PHONE, ({"alternate"}, {"alt", "phone"}, {"emergency"})),
        (Holds.PHONE, ({"mobile"}, {"phone"}, {"whatsapp"})),
        (Holds.EMAIL, ({"email"},)),
        (Holds.BIRTHDAY, ({"birth"}, {"dob"}, {"birthday"})),
        (Holds.ADDRESS, ({"address"},)),
        (Holds.NOTES, ({"notes"}, {"remarks"})),
    ):
        if any(one <= words for one in needed):
            return holds
    return None


def _by_content(cells: Sequence[str], taken: set[Holds], *, is_named: bool) -> Holds:
    """What most of the cells look like. A column with a heading that nobody knows goes into the notes."""
    if not cells:
        return Holds.SKIP
    most = len(cells) * 0.6

    def are(holds: Holds, count: int) -> bool:
        return count > most and holds not in taken

    evidence = Evidence()
    for cell in cells:
        evidence.note(cell)
    if are(Holds.EMAIL, sum(_EMAIL.fullmatch(cell) is not None for cell in cells)):
        return Holds.EMAIL
    if sum(bool(read_phones(cell).first) for cell in cells) > most:
        return Holds.OTHER_PHONE if Holds.PHONE in taken else Holds.PHONE
    if are(Holds.GSTIN, sum(_GSTIN.fullmatch(cell.upper()) is not None for cell in cells)):
        return Holds.GSTIN
    if are(Holds.BIRTHDAY, sum(evidence.as_facts())) and not is_named:
        return Holds.BIRTHDAY
    if are(Holds.PIN, sum(_PIN.fullmatch(cell) is not None for cell in cells)):
        return Holds.PIN
    if are(Holds.GENDER, sum(cell.lower() in _GENDER for cell in cells)):
        return Holds.GENDER
    if not is_named and are(Holds.NAME, sum(_LETTERS.search(cell) is not None and len(cell) < 60 for cell in cells)):
        return Holds.NAME
    return Holds.NOTE if is_named else Holds.SKIP


def _each_once(found: list[Holds], columns: Sequence[Sequence[str]]) -> tuple[Holds, ...]:
    """Of several columns for one thing the fullest is it; a second phone is another phone, the rest goes into the notes."""
    for holds in _SINGLE:
        places = [at for at, one in enumerate(found) if one is holds]
        if len(places) < 2:
            continue
        kept = max(places, key=lambda at: (len(columns[at]), -at))
        for at in places:
            if at != kept:
                found[at] = Holds.OTHER_PHONE if holds is Holds.PHONE else Holds.NOTE
    if Holds.NAME in found and Holds.FIRST_NAME in found:
        found[found.index(Holds.NAME)] = Holds.SKIP
    return tuple(found)


def mapping_fault(mapping: Sequence[Holds]) -> str:
    """Why a list cannot be read by this mapping; "" when it can."""
    if not {Holds.NAME, Holds.FIRST_NAME, Holds.LAST_NAME} & set(mapping):
        return "Say which column has the name."
    twice = next((holds for holds in mapping if holds in _SINGLE and mapping.count(holds) > 1), None)
    return f"Two columns are “{WORDS[twice]}”. Only one can be." if twice else ""
