"""What an audience is: an expression over the attributes that the policy declares for it, and nothing else. Pure.

    product = "sensor" and (country in ("DE", "AT") or not language = "en")

The list of attributes is closed, and no attribute tells of a child or an age (the check `audience-attribute` holds the policy
to that), so that no expression asks for children. Every refusal cites the clause that declares the audience.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, NoReturn

from troth.kernel import InvalidInput
from troth.policy import Audience, Field, Policy

LONGEST = 1_000
"""Most characters of an expression."""
DEEPEST = 20
_TOKEN = re.compile(
    r'\s*(?:(?P<word>[A-Za-z_][A-Za-z0-9_.]*)|"(?P<text>[^"\x00-\x1f]{0,200})"|(?P<sign>!=|=|\(|\)|,))'
)
_WORDS = ("and", "or", "not", "in")
Values = Mapping[str, Mapping[str, Any]]
"""What one person's data holds: by record, the values by field name."""


class Compared(NamedTuple):
    """Whether some record of a person has one of these values in an attribute."""

    attribute: str
    values: frozenset[str]

    def holds(self, person: Values) -> bool:
        """Whether the person is chosen."""
        return any(
            self.attribute in record and plain(record[self.attribute]) in self.values
            for record in person.values()
        )


class Joined(NamedTuple):
    """All of some terms, or any of them."""

    every: bool
    terms: "tuple[Term, ...]"

    def holds(self, person: Values) -> bool:
        """Whether the person is chosen."""
        held = (term.holds(person) for term in self.terms)
        return all(held) if self.every else any(held)


class Denied(NamedTuple):
    """The contrary of a term."""

    term: "Term"

    def holds(self, person: Values) -> bool:
        """Whether the person is chosen."""
        return not self.term.holds(person)


Term = Compared | Joined | Denied


class Expression(NamedTuple):
    """A checked expression.

    Args:
        text: As it was written.
        term: What chooses people.
        attributes: The attributes that it looks at, sorted.
    """

    text: str
    term: Term
    attributes: tuple[str, ...]


def read_expression(text: str, audience: Audience, policy: Policy) -> Expression:
    """Read and check an expression.

    Args:
        text: The expression.
        audience: Declares the attributes.
        policy: Declares their fields.

    Raises:
        InvalidInput: It is malformed, or chooses by anything that is not declared; cites the audience's clause.
    """
    reader = _Reader(text, audience, policy)
    term = reader.whole()
    return Expression(text, term, tuple(sorted(reader.used)))


def plain(value: Any) -> str:
    """A value as it is compared: one case of letters, one space between words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(str(value).split()).casefold()


class _Token(NamedTuple):
    kind: str
    text: str


class _Reader:
    """Reads one expression from left to right: or binds weakest, then and, then not."""

    def __init__(self, text: str, audience: Audience, policy: Policy) -> None:
        self._audience = audience
        self._fields: Mapping[str, Field] = {name: policy.fields[name] for name in audience.attributes}
        self.used: set[str] = set()
        if len(text) > LONGEST:
            self._refuse(f"It is longer than {LONGEST} characters.")
        self._tokens = list(self._split(text))
        self._at = 0

    def whole(self) -> Term:
        term = self._any(0)
        if self._at < len(self._tokens):
            self._refuse("Something follows its end.")
        return term

    def _any(self, depth: int) -> Term:
        terms = [self._all(depth)]
        while self._took("or"):
            terms.append(self._all(depth))
        return terms[0] if len(terms) == 1 else Joined(every=False, terms=tuple(terms))

    def _all(self, depth: int) -> Term:
        terms = [self._one(depth)]
        while self._took("and"):
            terms.append(self._one(depth))
        return terms[0] if len(terms) == 1 else Joined(every=True, terms=tuple(terms))

    def _one(self, depth: int) -> Term:
        if depth > DEEPEST:
            self._refuse("It is nested too deeply.")
        if self._took("not"):
            return Denied(self._one(depth + 1))
        if self._took("("):
            term = self._any(depth + 1)
            self._need(")")
            return term
        return self._comparison()

    def _comparison(self) -> Term:
        token = self._next()
        if token.kind != "word" or token.text in _WORDS:
            self._refuse("An attribute is missing.")
        if token.text not in self._fields:
            self._refuse("It chooses people by what is not declared for this audience.")
        field = self._fields[token.text]
        self.used.add(token.text)
        if self._took("in"):
            self._need("(")
            values = [self._value(field)]
            while self._took(","):
                values.append(self._value(field))
            self._need(")")
            return Compared(token.text, frozenset(values))
        differs = self._took("!=")
        if not differs:
            self._need("=")
        compared = Compared(token.text, frozenset([self._value(field)]))
        return Denied(compared) if differs else compared

    def _value(self, field: Field) -> str:
        token = self._next()
        if token.kind != "text":
            self._refuse("A value in double quotes is missing.")
        value = plain(token.text)
        known: tuple[str, ...] | None = None
        if field.type == "choice":
            known = tuple(plain(one) for one in field.choices)
        elif field.type == "boolean":
            known = ("true", "false")
        if (known is not None and value not in known) or (
            field.type == "country" and not re.fullmatch(r"[a-z]{2}", value)
        ):
            self._refuse(f"{field.name} has no such value.")
        return value

    def _split(self, text: str) -> Iterator[_Token]:
        at, end = 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None:
                self._refuse("It holds a sign that no expression has; values stand in double quotes.")
            kind = found.lastgroup or ""
            yield _Token(kind, found[kind])
            at = found.end()

    def _next(self) -> _Token:
        if self._at >= len(self._tokens):
            self._refuse("It ends too early.")
        self._at += 1
        return self._tokens[self._at - 1]

    def _took(self, text: str) -> bool:
        kind = "word" if text in _WORDS else "sign"
        if self._at < len(self._tokens) and self._tokens[self._at] == (kind, text):
            self._at += 1
            return True
        return False

    def _need(self, text: str) -> None:
        if not self._took(text):
            self._refuse(f"{text!r} is missing.")

    def _refuse(self, why: str) -> NoReturn:
        raise InvalidInput(
            f"This audience cannot be built. {why}",
            clause=self._audience.clause,
            field="expression",
            mend=f"Choose by {', '.join(self._audience.attributes)}, with = != in, and or not, and parentheses.",
        )
