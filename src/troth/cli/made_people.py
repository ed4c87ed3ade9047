"""Made people: the same ones each time, with names that nobody was asked for and addresses at example.com."""

from typing import Any

_GIVEN = (
    "Ann", "Ben", "Chloe", "Daniel", "Eve", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Keiko", "Liam", "Maya", "Noor",
    "Olga", "Pedro", "Quinn", "Rosa", "Sami", "Tessa", "Uma", "Victor", "Wendy", "Xenia", "Yusuf", "Zoe",
)  # fmt: skip
_FAMILY = (
    "Abel", "Brook", "Castle", "Dale", "Elm", "Field", "Grove", "Hill", "Isle", "Jasper", "Kestrel", "Lake", "Marsh",
    "North", "Oak", "Pond", "Quarry", "River", "Stone", "Thorn", "Upton", "Vale", "Wood",
)  # fmt: skip
_PRODUCTS = ("Example Sensor", "Example Console", "Example Archive")
_COUNTRIES = ("US", "DE", "FR", "ES", "JP", "BR", "IN", "GB")


def email_of(number: int) -> str:
    """The address of a made person."""
    given, family = _name_of(number)
    return f"{given}.{family}.{number}@example.com".lower()


def registration(number: int, notice: str) -> dict[str, Any]:
    """What a earlier system has of a made person.

    Args:
        number: Which person, from 1.
        notice: Name of the notice that was shown.
    """
    given, family = _name_of(number)
    return {
        "channel": "import",
        "purpose": "essential.service.product_registration",
        "notice": notice,
        "values": {
            "name": f"{given} {family}",
            "email": email_of(number),
            "product": _PRODUCTS[number % len(_PRODUCTS)],
            "serial": f"EX-{2015 + number % 10}-{number:06d}",
            "country": _COUNTRIES[number % len(_COUNTRIES)],
            "product_version": f"{5 + number % 3}.{number % 10}",
        },
    }


def _name_of(number: int) -> tuple[str, str]:
    return _GIVEN[number % len(_GIVEN)], _FAMILY[number // len(_GIVEN) % len(_FAMILY)]
