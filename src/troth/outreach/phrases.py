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
STOPPING: Mapping[str, str] = {
    "en": "You do not want these messages? <{unsubscribe_link}> ends them in one step, without signing in. What you hear about you choose here: <{preferences_link}>",
    "de": "Sie möchten diese Nachrichten nicht? <{unsubscribe_link}> beendet sie in einem Schritt, ohne Anmeldung. Worüber wir Ihnen schreiben, wählen Sie hier: <{preferences_link}>",
    "fr": "Vous ne voulez plus de ces messages ? <{unsubscribe_link}> les arrête en une étape, sans connexion. Choisissez ici ce que vous recevez : <{preferences_link}>",
}
"""How to stop mail that may be stopped."""
ASKED: Mapping[str, tuple[str, str]] = {
    "en": ("you asked for our announcements on {day}", "you are on our list for it"),
    "de": ("Sie haben am {day} um unsere Ankündigungen gebeten", "Sie stehen dafür auf unserer Liste"),
    "fr": ("vous avez demandé nos annonces le {day}", "vous êtes sur notre liste à ce sujet"),
}
"""Why somebody gets a company's own message: since when they asked for it, or where nobody knows."""
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


def stopping_foot(language: str, *, stoppable: bool) -> str:
    """The last lines of a company's own message, with places for its variables; where it may be stopped, how."""
    words = FEET[language]
    return FRAME.format(words=f"{STOPPING[language]}\n\n{words}" if stoppable else words)


def asked_on(language: str, day: str) -> str:
    """Why somebody gets a company's own message, who asked for it on a day (ISO date); an empty day where nobody knows."""
    known, unknown = ASKED[language]
    return known.format(day=day) if day else unknown
