"""What stands on every letter around its text, by language: why somebody gets it, and how to get no more of them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from troth.outreach.phrases import SOURCE

_LABELS: Mapping[str, Mapping[str, str]] = {
    "en": {"page": "Page", "date": "Date", "sign": "Our reference"},
    "de": {"page": "Seite", "date": "Datum", "sign": "Unser Zeichen"},
    "fr": {"page": "Page", "date": "Date", "sign": "Notre référence"},
}
_REASONS: Mapping[str, str] = {
    "en": "You get this letter because {reason}. We may send it under clause {clause} of our privacy policy: {policy}. {house} prints and posts it for us, and was given your name and this postal address for that and nothing else.",
    "de": "Der Grund dieses Briefes: {reason}. Wir dürfen ihn nach Abschnitt {clause} unserer Datenschutzerklärung senden: {policy}. {house} druckt und versendet ihn für uns und hat dafür Ihren Namen und diese Anschrift erhalten, sonst nichts.",
    "fr": "La raison de cette lettre : {reason}. Notre politique de confidentialité le permet, clause {clause} : {policy}. {house} l'imprime et la poste pour nous et n'a reçu pour cela que votre nom et cette adresse postale.",
}
_STOPS: Mapping[str, str] = {
    "en": "No more letters like this one? Write “{word}” on it and send it back, write to {privacy} with the subject “{word}”, or say so at {page}. You need no reason, and we ask for no proof.",
    "de": "Keine solchen Briefe mehr? Schreiben Sie „{word}“ darauf und senden Sie ihn zurück, schreiben Sie mit dem Betreff „{word}“ an {privacy}, oder sagen Sie es uns auf {page}. Sie müssen nichts begründen und nichts nachweisen.",
    "fr": "Plus de lettres comme celle-ci ? Écrivez « {word} » dessus et renvoyez-la, écrivez à {privacy} avec l'objet « {word} », ou dites-le sur {page}. Aucun motif ni justificatif n'est demandé.",
}
LANGUAGES = tuple(_LABELS)


class Around(NamedTuple):
    """What a letter's frame tells.

    Args:
        reason: Completes "You get this letter because".
        clause: Id of the clause that permits it.
        policy: Address of the policy.
        house: Who prints and posts it.
        word: What to write in order to get no more; empty where it announces nothing.
        privacy: Address to write to.
        page: Page on which to say so.
    """

    reason: str
    clause: str
    policy: str
    house: str
    word: str
    privacy: str
    page: str


def labels(language: str) -> Mapping[str, str]:
    """Short words of a letter's frame."""
    return _LABELS.get(language, _LABELS[SOURCE])


def foot(language: str, around: Around) -> list[str]:
    """The last lines of a letter."""
    known = language if language in _LABELS else SOURCE
    given: dict[str, Any] = around._asdict()
    lines = [_REASONS[known].format(**given)]
    return [*lines, _STOPS[known].format(**given)] if around.word else lines
