"""Links that carry personal data in their parameters."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from troth.collection.recognising.contact import emails, network_addresses, phones

_LINK = re.compile(r"\bhttps?://[^\s<>\"']{1,2000}", re.IGNORECASE)
_BEHIND = ".,;:!?)]}'"
_MOST_PARAMETERS = 50
_NAMES = frozenset(
    """
    address auth birthday birthdate customer dob email e-mail familyname fbclid firstname gclid givenname lastname
    login mail member mobile msclkid name passwd password phone recipient session sessionid sid ssn surname tel token
    uid user userid username visitor
    """.split()  # noqa: SIM905  a list of quoted words is harder to read
)


def personal_links(text: str) -> Iterator[tuple[int, int]]:
    """Links with a parameter whose name or value is about a person, or with a user name before the host."""
    for match in _LINK.finditer(text):
        link = match[0].rstrip(_BEHIND)
        if personal_parameters(link):
            yield match.start(), match.start() + len(link)


def personal_parameters(link: str) -> list[str]:
    """Names of the parameters of a link that are about a person; "user" for one before the host.

    Args:
        link: An absolute address.
    """
    try:
        parts = urlsplit(link)
        pairs = [
            pair
            for text in (parts.query, parts.fragment)
            for pair in parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
        ]
    except ValueError:  # so many parameters, or such a host, that nobody should follow it
        return ["link"]
    found = ["user"] if parts.username else []
    found += [name for name, value in pairs if _is_personal(name, value)]
    return found


def _is_personal(name: str, value: str) -> bool:
    if not value:
        return False
    plain = re.sub(r"[^a-z-]", "", name.casefold().replace("_", ""))
    if plain in _NAMES or plain.replace("-", "") in _NAMES:
        return True
    return any(True for find in (emails, phones, network_addresses) for _ in find(value))
