"""Collection: the declared places where personal data comes in, and what each of them takes."""

from troth.collection.age import Birth, TooYoung, age_missing, read_birth, surely_reached
from troth.collection.cards import card_numbers
from troth.collection.errors import Fault, InvalidSubmission
from troth.collection.importing import Imported, Importer
from troth.collection.recognising import RECOGNISERS, Finding, Recogniser, found_in
from troth.collection.service import Collection, refuse_cards

__all__ = [
    "RECOGNISERS",
    "Birth",
    "Collection",
    "Fault",
    "Finding",
    "Imported",
    "Importer",
    "InvalidSubmission",
    "Recogniser",
    "TooYoung",
    "age_missing",
    "card_numbers",
    "found_in",
    "read_birth",
    "refuse_cards",
    "surely_reached",
]
