"""Collection: the declared places where personal data comes in, and what each of them takes."""

from troth.collection.age import Birth, TooYoung, age_missing, read_birth, surely_reached
from troth.collection.cards import card_numbers
from troth.collection.codes import COUNTRY_NAMES
from troth.collection.errors import Fault, InvalidSubmission
from troth.collection.files import DEFAULT_MEDIA, MAX_BYTES, UnfitFile, kept_file
from troth.collection.forms import (
    ORDER_ROWS,
    PURPOSE,
    Control,
    Form,
    Option,
    Told,
    age_question,
    control_of,
    form_of,
    row_of,
)
from troth.collection.importing import Imported, Importer
from troth.collection.recognising import Finding, Recogniser, found_in, kinds_in, recognisers
from troth.collection.sent import Sent, Upload, read_sent
from troth.collection.service import Collection, refuse_cards

__all__ = [
    "COUNTRY_NAMES",
    "DEFAULT_MEDIA",
    "MAX_BYTES",
    "ORDER_ROWS",
    "PURPOSE",
    "Birth",
    "Collection",
    "Control",
    "Fault",
    "Finding",
    "Form",
    "Imported",
    "Importer",
    "InvalidSubmission",
    "Option",
    "Recogniser",
    "Sent",
    "Told",
    "TooYoung",
    "UnfitFile",
    "Upload",
    "age_missing",
    "age_question",
    "card_numbers",
    "control_of",
    "form_of",
    "found_in",
    "kept_file",
    "kinds_in",
    "read_birth",
    "read_sent",
    "recognisers",
    "refuse_cards",
    "row_of",
    "surely_reached",
]
