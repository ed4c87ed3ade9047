"""What stands around every mail, by language: how it begins, and why somebody gets it."""

from collections.abc import Mapping

SOURCE = "en"
"""Language of the texts whose file names none."""
GREETINGS: Mapping[str, tuple[str, str]] = {
    "en": ("Hello {name},", "Hello,"),
    "de": ("Guten Tag {name},", "Guten Tag,"),
    "fr": ("Bonjour {name},", "Bonjour,"),
}
"""With a name, and without."""
FEET: Mapping[str, str] = {
    "en": "You get this message because {reason}. We may send it under clause {clause} of our privacy policy: <{policy_link}>",
    "de": "Der Grund dieser Nachricht: {reason}. Wir dürfen sie nach Abschnitt {clause} unserer Datenschutzerklärung senden: <{policy_link}>",
    "fr": "La raison de ce message : {reason}. Notre politique le permet, clause {clause} : <{policy_link}>",
}
STAFF_FOOT = "You get this message because {reason}. It helps to keep clause {clause} of the privacy policy: <{policy_link}>"
FRAME = """
--------

{words}

{{company}}, {{address}}
"""


def greeting(language: str, name: str) -> str:
    """The first line of a mail to somebody, whose name may be unknown."""
    named, nameless = GREETINGS[language]
    return named.format(name=name) if name else nameless


def foot(language: str, *, staff: bool) -> str:
    """The last lines of a mail, with places for its variables."""
    return FRAME.format(words=STAFF_FOOT if staff else FEET[language])
