"""Collection: the declared places where personal data comes in, and what each of them takes."""

from troth.collection.cards import card_numbers
from troth.collection.errors import Fault, InvalidSubmission
from troth.collection.service import Collection, refuse_cards

__all__ = ["Collection", "Fault", "InvalidSubmission", "card_numbers", "refuse_cards"]
