"""Checks of products: each is known by its own names, what is crucial about it is declared, and what shows an owner was verified."""

from collections.abc import Iterator

from troth.policy.checks.registry import Check
from troth.policy.draft import Draft, label
from troth.policy.model import Finding
from troth.policy.products import CrucialReason, Product
from troth.policy.things import Point


def _unreasoned(draft: Draft) -> Iterator[Finding]:
    declared = {one.name for one in draft.of(CrucialReason)}
    for product in draft.of(Product):
        for reason in product.crucial:
            if reason not in declared:
                yield draft.find(
                    product,
                    "crucial-undeclared",
                    f"{label(product)} lists the reason {reason!r}, which is not declared",
                    "add declare: crucial-reason with its owner and the day of its review",
                )


def _ambiguous(draft: Draft) -> Iterator[Finding]:
    taken: dict[str, str] = {}
    for product in draft.of(Product):
        for name in sorted(product.names):
            other = taken.setdefault(name, product.name)
            if other != product.name:
                yield draft.find(
                    product,
                    "product-name",
                    f"{label(product)} is known as {name!r}, and so is product {other!r}",
                    "let each name stand for one product",
                )


def _unowned(draft: Draft) -> Iterator[Finding]:
    for point in draft.of(Point):
        if not point.owns:
            continue
        fault = ""
        if "product" not in point.owns or not set(point.owns.values()) <= set(point.fields):
            fault = "shows no owner of a product by a field that it takes"
        elif point.public and not any(name != other for name, other in point.refers.items()):
            fault = "is open to everybody, and takes nobody's word against something that was issued"
        if fault:
            yield draft.find(
                point,
                "point-owner",
                f"{label(point)} {fault}",
                "write owns: {product: field, version: field}, and on a public point refers: to what was issued",
            )


CHECKS = (
    Check("crucial-undeclared", "a product with a crucial reason that is not declared", _unreasoned),
    Check("product-name", "two products that are known by one name", _ambiguous),
    Check(
        "point-owner",
        "a collection point that shows who owns a product, by no field of it, or on a visitor's word alone",
        _unowned,
    ),
)
