"""What looks personal: patterns of values, and words of a column's name. Audit and import ask the same lists."""

import itertools
import re
from typing import Literal

Sign = Literal[
    "e-mail",
    "phone",
    "IP address",
    "card number",
    "coordinates",
    "person",
    "place",
    "birth or age",
    "number of a person",
    "belief, health or origin",
]

PATTERNS: dict[Sign, str] = {
    "e-mail": r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}",
    "IP address": r"((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)|([0-9a-fA-F]{1,4}:){3,7}(:?[0-9a-fA-F]{1,4}){1,4}",
    "phone": r"(\+\d{1,3}[ .\-/]?|\(0\d+\)[ ]?|0)(\(?\d{1,4}\)?[ .\-/]?){2,5}\d{2,}|\(?\d{3}\)?[ .\-]\d{3}[ .\-]\d{4}",
    "coordinates": r"[+\-]?\d{1,2}\.\d{3,}\s*[,;]\s*[+\-]?\d{1,3}\.\d{3,}",
    "card number": r"(\d[ \-]?){12,18}\d",
}
"""What the whole of a value has to match; of card numbers, Luhn's check digit too."""

NAMES: dict[Sign, frozenset[str]] = {
    "e-mail": frozenset({"email", "mail"}),
    "phone": frozenset({"phone", "telephone", "mobile", "fax"}),
    "IP address": frozenset({"ip", "ipaddress"}),
    "card number": frozenset({"card", "iban", "creditcard"}),
    "coordinates": frozenset({"lat", "latitude", "lon", "lng", "longitude", "gps", "coordinates"}),
    "person": frozenset(
        [
            "surname",
            "lastname",
            "firstname",
            "forename",
            "fullname",
            "person",
            "patient",
            "customer",
            "employee",
            "author",
            "designer",
            "photographer",
            "annotator",
            "owner",
            "user",
            "username",
            "observer",
            "collector",
            "reporter",
            "driver",
        ]
    ),
    "place": frozenset({"address", "street", "zip", "zipcode", "postcode", "postal"}),
    "birth or age": frozenset({"birth", "birthday", "birthdate", "dob", "age", "gender", "sex"}),
    "number of a person": frozenset({"ssn", "passport", "insurance"}),
    "belief, health or origin": frozenset(
        {
            "race",
            "ethnicity",
            "ethnic",
            "religion",
            "religious",
            "politics",
            "political",
            "health",
            "diagnosis",
            "disability",
            "nationality",
        }
    ),
}
"""Words of a column's name. ``first name`` and the like are two words, so pairs are looked up too."""


def is_card_number(text: str) -> bool:
    """13 to 19 digits, perhaps in groups, whose last one is Luhn's check digit (ISO/IEC 7812-1)."""
    digits = [int(character) for character in text if character.isdecimal()]
    if not re.fullmatch(PATTERNS["card number"], text) or not any(digits):
        return False
    doubled = [
        digit if place % 2 == 0 else (2 * digit - 9 if digit > 4 else 2 * digit) for place, digit in enumerate(digits[::-1])
    ]
    return sum(doubled) % 10 == 0


def sign_of_name(column: str) -> Sign | None:
    """What a column's name says it holds: ``home_address`` is a place, ``FirstName`` a person, ``image`` nothing."""
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).replace("_", " ").replace("-", " ").lower().split()
    joined = {*parts, *("".join(pair) for pair in itertools.pairwise(parts))}
    return next((sign for sign, known in NAMES.items() if joined & known), None)
