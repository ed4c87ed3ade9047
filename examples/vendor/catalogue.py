"""What the made-up vendor sells."""

from typing import NamedTuple


class Product(NamedTuple):
    """A product as the shop shows it."""

    name: str
    title: str
    lead: str
    price: str
    points: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The price as people read it."""
        return f"${float(self.price):,.2f}"


PRODUCTS = {
    one.name: one
    for one in (
        Product(
            "sensor",
            "Example Sensor",
            "Watches a network and says what is new on it.",
            "490.00",
            ("Finds devices in minutes", "Runs on two cores", "Reports only after its administrator agreed"),
        ),
        Product(
            "server",
            "Example Server",
            "Gathers what many sensors see and keeps it searchable.",
            "1900.00",
            ("One place for a hundred sensors", "Keeps a year of findings", "Works without a cloud"),
        ),
        Product(
            "cloud",
            "Example Cloud",
            "The hosted service, for teams that would rather not run a server.",
            "90.00",
            ("Ready in an hour", "Your data stays yours", "We look only when you let us"),
        ),
    )
}
