"""Bulletins, wired: in whose name owners are looked for and written to, what a copy says, and who takes the next step."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from datetime import timedelta
from typing import TYPE_CHECKING

from troth.bootstrap.mailing import handovers_of, left_copies_of
from troth.bulletins import (
    SPOKEN,
    Bulletin,
    Bulletins,
    Delivering,
    bulletin_case,
    joined,
    ordered,
    purpose_of,
)
from troth.gate import Outcome
from troth.outreach import (
    Batch,
    BatchSending,
    Composed,
    Composer,
    LetterText,
    Marks,
    Row,
    Template,
    address_field,
    greeting,
    marked,
)
from troth.policy import CrucialReason, Policy, Product
from troth.storage import Task

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

_TEMPLATE = "bulletin"
_KEY_FILE = "bulletins.key"
_NAMED = "name"
_OFTEN = timedelta(minutes=10)
_REASON: Mapping[str, str] = {
    "en": "our records show that you own {product}",
    "de": "nach unseren Unterlagen gehört Ihnen {product}",
    "fr": "selon nos données, vous possédez {product}",
}
_EVERY: Mapping[str, str] = {"en": "all versions", "de": "alle Versionen", "fr": "toutes les versions"}


def bulletins_of(troth: "Troth") -> Bulletins:
    """The bulletins of a folder."""
    return Bulletins(
        database=troth.database,
        perform=troth.perform_along,
        actor=troth.gate.actor,
        policy=troth.policy,
        clock=troth.clock,
    )


def delivering_of(troth: "Troth") -> Delivering:
    """What takes running bulletins to their end."""
    settings = troth.settings

    def sending() -> AbstractContextManager[BatchSending]:
        return closing(
            BatchSending(
                perform=troth.perform_along,
                policy=troth.policy,
                key=lambda: bulletin_key(troth),
                database=troth.database,
                outbox=troth.outbox,
                mailer=troth.mailer,
                clock=troth.clock,
                handovers=handovers_of(troth),
                sender=settings.mail.sender,
                recipient=settings.mail.recipient,
                stops=lambda _: 0,  # whoever stopped announcements is told all the same
            )
        )

    return Delivering(
        database=troth.database,
        perform=troth.perform_along,
        policy=troth.policy,
        clock=troth.clock,
        key=lambda: bulletin_key(troth),
        outbox=troth.outbox,
        sending=sending,
        batch=lambda one: bulletin_batch(troth, one),
        left=left_copies_of(troth),
    )


def bulletin_task(troth: "Troth") -> Task:
    """The periodic task that takes up what waits."""
    return Task("bulletins", _OFTEN, troth.delivering.resume, "Take bulletins on until every owner was told.")


def bulletin_key(troth: "Troth") -> str:
    """The key in whose name owners are looked for and written to."""
    declared = bulletin_case(troth.policy())
    role = troth.settings.mail.role
    return troth.service_keys.key(
        _KEY_FILE,
        name="crucial notices",
        role=role,
        purposes=(purpose_of(declared),),
        cases=(declared.name,),
    )


def bulletin_batch(troth: "Troth", one: Bulletin) -> Batch:
    """What is sent of a bulletin: every language in one mail, to the address and with the name that the gate gives."""
    policy = troth.policy()
    purpose = purpose_of(bulletin_case(policy))
    named = next((name for name, field in policy.fields.items() if field.type == _NAMED), "")
    composer = bulletin_composer(one, purpose)

    def write(_: Row, outcome: Outcome, __: Marks) -> Composed:
        name = str(outcome.values.get(named, "")) if named else ""
        clause = outcome.clauses[0] if outcome.clauses else ""
        return compose_bulletin(troth, policy, one, composer, name, clause)

    fields = (address_field(policy), *((named,) if named else ()))

    def marks(row: Row, _: str) -> Marks:
        return Marks("", "", troth.envelopes.bounce(row.id), "")

    return Batch(one.case, purpose, fields, write, marks)


def bulletin_letter(troth: "Troth", case: str) -> LetterText | None:
    """What a letter or a call under a bulletin says: its approved texts, one after the other; None for another case.

    Raises:
        Refused: Nothing may go out of it.
    """
    one = troth.delivering.going_on(case)
    if one is None:
        return None
    texts, policy = ordered(one.texts), troth.policy()
    declared, subjects, bodies = bulletin_case(policy), [], []
    for language, text in texts:
        given = _of_product(troth, policy, one, declared.clause)
        given["versions"] = _EVERY[language] if one.versions == "*" else one.versions
        if language != texts[0][0]:
            given["greeting"] = greeting(language, "")
        subjects.append(_filled(text.subject, given))
        bodies.append(_filled(text.body.strip(), {name: _safe(name, value) for name, value in given.items()}))
    first, given = texts[0][0], _of_product(troth, policy, one, declared.clause)
    return LetterText(
        " / ".join(subjects), _filled(_REASON[first], given), "\n\n---\n\n".join(bodies) + "\n", first
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    """A text with some of its variables filled in; the others wait for whom it goes to."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _safe(name: str, value: str) -> str:
    return value if name.endswith("link") else marked(value)


def _of_product(troth: "Troth", policy: Policy, one: Bulletin, clause: str) -> dict[str, str]:
    """What is the same in every copy of a bulletin, whoever gets it."""
    base = troth.settings.web.public_url.rstrip("/")
    product = next((p.called for p in policy.of(Product) if p.name == one.product), one.product)
    why = next((r.title or r.name for r in policy.of(CrucialReason) if r.name == one.reason), one.reason)
    return {"product": product, "why": why, "policy_link": f"{base}/policy#{clause}"}


def preview_bulletin(troth: "Troth", one: Bulletin) -> tuple[str, str]:
    """Subject and text of a mail of a bulletin, as somebody gets it whose name is not known."""
    declared = bulletin_case(troth.policy())
    composer = bulletin_composer(one, purpose_of(declared))
    composed = compose_bulletin(troth, troth.policy(), one, composer, "", declared.clause)
    return composed.subject, composed.text


def bulletin_composer(one: Bulletin, purpose: str) -> Composer:
    """Makes mails of a bulletin's texts."""
    first = ordered(one.texts)[0][0]
    languages = [language for language, _ in ordered(one.texts)]
    per = [f"{name}_{language}" for name in SPOKEN for language in languages]
    template = Template(_TEMPLATE, purpose, variables=("product", "why", *per))
    return Composer([template], {_TEMPLATE: {first: joined(one.texts, _REASON)}})


def compose_bulletin(
    troth: "Troth", policy: Policy, one: Bulletin, composer: Composer, name: str, clause: str
) -> Composed:
    """A copy of a bulletin for somebody, whose name may be empty."""
    front = policy.front
    variables = {
        **_of_product(troth, policy, one, clause),
        "company": front.controller.name,
        "address": front.controller.address,
        "support": front.contact.support,
        "contact_link": front.contact.page,
        "clause": clause,
    }
    for language, _ in ordered(one.texts):
        variables[f"greeting_{language}"] = greeting(language, name)
        variables[f"versions_{language}"] = _EVERY[language] if one.versions == "*" else one.versions
    return composer.compose(_TEMPLATE, variables, ordered(one.texts)[0][0])
