"""Products: what they are called, who owns one, which versions a message is about, and what is crucial about them."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NamedTuple

from msgspec import Meta

from troth.kernel import InvalidInput
from troth.policy.bases import Named
from troth.policy.rules import Day, Name

if TYPE_CHECKING:
    from troth.policy.policy import Policy

OwnerPart = Literal["product", "version"]
LONGEST_RANGE = 120
EVERY = "*"
_BOUND = re.compile(r"(?P<sign><=|>=|<|>|=)? *(?P<release>[0-9]{1,9}(\.[0-9]{1,9}){0,4})")
_TOLD = re.compile(r"[vV]? *([0-9]{1,9}(?:\.[0-9]{1,9}){0,4})")
_HOLDS = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    "=": lambda one, other: one == other,
    ">=": lambda one, other: one >= other,
    ">": lambda one, other: one > other,
}
Values = Mapping[str, Mapping[str, Any]]
"""What a person's data says of products: by record (empty for the profile), the values by field name."""


class Product(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="product"
):
    """A product that the company sells or runs."""

    kind: ClassVar[str] = "product"
    reports_from: Annotated[
        str, Meta(max_length=40, description="first version that may send telemetry; empty: none")
    ] = ""
    crucial: Annotated[
        tuple[Name, ...], Meta(description="reasons of crucial messages that may be sent to its buyers")
    ] = ()
    known_as: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...],
        Meta(
            description="how orders and registrations name it, beside its own name, the first being what people read; capitals do not matter"
        ),
    ] = ()

    @property
    def called(self) -> str:
        """What people call it."""
        return next(iter(self.known_as), self.title or self.name)

    @property
    def names(self) -> frozenset[str]:
        """Every name that it goes by, in the form in which names are compared."""
        return frozenset(map(plain_name, (self.name, *self.known_as)))


class CrucialReason(
    Named, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="declare", tag="crucial-reason"
):
    """A reason for which the buyers of a product are written to, whatever they opted out of."""

    kind: ClassVar[str] = "crucial-reason"
    owner: Annotated[str, Meta(min_length=1, max_length=120, description="the team that answers for it")]
    review: Annotated[
        Day, Meta(description="the day on which it is reviewed; after it no message names it any more")
    ]

    def usable(self, day: str) -> bool:
        """Whether a message may name it on a day (ISO 8601)."""
        return day <= self.review


class Versions(NamedTuple):
    """A range of versions.

    Args:
        text: As it was written.
        bounds: All of which hold, as (sign, version); none for every version, known or not.
    """

    text: str
    bounds: tuple[tuple[str, tuple[int, ...]], ...]

    def hold(self, told: object) -> bool:
        """Whether a version as a person told it lies in the range; one that nobody told lies in no range but every."""
        if not self.bounds:
            return True
        release = read_release(told)
        return release is not None and all(_HOLDS[sign](release, bound) for sign, bound in self.bounds)


class Wanted(NamedTuple):
    """Whose ownership is asked for: a declared product and a range of its versions."""

    product: str
    versions: Versions

    def __str__(self) -> str:
        return f"{self.product} {self.versions.text}"


def read_versions(text: str) -> Versions:
    """A range such as `>=5.0, <5.2.1`, one version such as `5.1`, or `*` for all, those that nobody told too.

    Raises:
        InvalidInput: It is no range, or one in which no version lies.
    """
    plain = text.strip()
    if plain == EVERY:
        return Versions(EVERY, ())
    bounds = []
    for part in plain.split(","):
        found = _BOUND.fullmatch(part.strip())
        if found is None or len(plain) > LONGEST_RANGE:
            raise _no_range()
        bounds.append((found["sign"] or "=", _numbers(found["release"])))
    if _empty(bounds):
        raise _no_range()
    written = ", ".join(f"{sign}{'.'.join(map(str, _short(bound)))}" for sign, bound in bounds)
    return Versions(written, tuple(bounds))


def read_release(told: object) -> tuple[int, ...] | None:
    """A version as a person wrote it, as numbers that compare; None where it tells none. What follows the numbers is left out."""
    found = _TOLD.match(told.strip()) if isinstance(told, str) else None
    return _numbers(found[1]) if found is not None else None


def plain_name(name: object) -> str:
    """A product's name in the form in which names are compared."""
    return " ".join(str(name).split()).casefold()


def read_wanted(text: str) -> Wanted:
    """What `str` of a `Wanted` wrote.

    Raises:
        InvalidInput: It is no range of versions.
    """
    product, _, versions = text.partition(" ")
    return Wanted(product, read_versions(versions))


def owner_fields(policy: "Policy") -> tuple[str, ...]:
    """Names of the fields that tell who owns which product, in all points whose submissions show that."""
    return tuple(sorted({name for point in policy.points.values() for name in point.owns.values()}))


def owned(policy: "Policy", wanted: Wanted, values: Values, points: Mapping[str, Iterable[str]]) -> bool:
    """Whether a person's data shows that they own a version of a product.

    Args:
        policy: Says which points' submissions show it, and what the product is called.
        wanted: The product and its versions.
        values: The data.
        points: By record, the points whose submissions may have made it.
    """
    return any(wanted.versions.hold(told) for told in versions_owned(policy, wanted.product, values, points))


def versions_owned(
    policy: "Policy", product: str, values: Values, points: Mapping[str, Iterable[str]]
) -> list[object]:
    """The versions of a product that a person's data shows them to own, as they were told; None where none was."""
    declared = next((one for one in policy.of(Product) if one.name == product), None)
    found: list[object] = []
    for record, held in values.items():
        for name in points.get(record, ()):
            owns = policy.points[name].owns if name in policy.points else {}
            field = owns.get("product", "")
            if declared is not None and field in held and plain_name(held[field]) in declared.names:
                found.append(held.get(owns.get("version", "")))
    return found


def crucial_reason(policy: "Policy", product: str, reason: str, day: str) -> CrucialReason | None:
    """The declared reason for which a product's buyers may be written to on a day (ISO 8601); None where they may not."""
    listed = any(one.name == product and reason in one.crucial for one in policy.of(Product))
    found = next((one for one in policy.of(CrucialReason) if one.name == reason), None)
    return found if listed and found is not None and found.usable(day) else None


def _numbers(release: str) -> tuple[int, ...]:
    return (*(int(part) for part in release.split(".")), 0, 0, 0, 0)[:5]


def _short(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """A version without the zeros behind its second number."""
    while len(numbers) > 2 and not numbers[-1]:  # noqa: PLR2004  "5.0" reads as a version
        numbers = numbers[:-1]
    return numbers


def _empty(bounds: list[tuple[str, tuple[int, ...]]]) -> bool:
    """Whether no version lies in all bounds."""
    lowest = max((bound for sign, bound in bounds if sign[0] in ">="), default=None)
    highest = min((bound for sign, bound in bounds if sign[0] in "<="), default=None)
    if lowest is None or highest is None:
        return False
    edges = {sign for sign, bound in bounds if bound == lowest}
    return lowest > highest or (lowest == highest and not edges.isdisjoint({"<", ">"}))


def _no_range() -> InvalidInput:
    return InvalidInput(
        "This is no range of versions, or none lies in it.",
        clause="II.16",
        field="versions",
        mend='Write it as ">=5.0, <5.2.1", one version as "5.1", or "*" for all.',
    )
