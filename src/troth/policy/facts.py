"""The closed list of facts that a rule may ask for in `when` and `unless`.

A fact is established by Troth itself at the moment of the act, never asserted by the caller. Each declared case type adds
one fact of its own, `case.<type>`.
"""

from collections.abc import Iterable

SUPPRESSIONS: dict[str, str] = {
    "erased": "the person was erased",
    "child": "it belongs to a child, and no parent has agreed",
    "opted-out": "somebody asked that nothing be announced to it",
    "no-contact": "somebody asked that it be used for no message at all",
    "bounced": "messages to it come back",
}
"""The closed list of reasons for which an identifier stands on the suppression list, with their meaning."""

FACTS: dict[str, str] = {
    "purpose.granted": "the credential of the caller was granted this purpose",
    "case.open": "the case cited is open, covers this person and is assigned to the actor's role",
    "case.assigned": "the case cited is open, covers this person and is assigned to whoever acts",
    "stage.others": "the act brings a case to a stage that its declaration names for other roles only",
    "person.self": "the person acts on their own data",
    "person.consented": "the person has consented to this purpose and not withdrawn",
    "person.objected": "the person has objected to this purpose",
    "person.restricted": "the person has restricted the use of their data for this purpose",
    "person.suppressed": "an identifier of the person stands on the suppression list, for whatever reason",
    "person.confirmed": "the person has confirmed the mailbox or account concerned",
    "person.verified": "the identity of the person was verified for this request",
    "person.counted": "the person is only counted: no name and no value of anybody leaves the count",
    "person.child": "the person is known to be under the age limit of the policy",
    "person.blocked": "the person addressed has blocked or not switched on messages from this sender",
    "signal.opt-out": "the browser sent Global Privacy Control or Do Not Track",
    "point.age-screened": "an age screen stands before the first field of the collection point",
    "age.passed": "the age screen of this point was passed",
    "parent.verified": "a parent has consented, verifiably, and that consent is not over",
    "parent.sharing": "the parent has also consented to sharing with others, which is asked separately",
    "point.declared": "the data arrives through a declared collection point",
    "point.amends": "the collection point puts what arrives in the place of what stands there",
    "fields.classed": "every field of the act is declared and classed",
    "notice.shown": "the notice of the point or page was shown in the version in force",
    "notice.acknowledged": "the person has acknowledged the notice or warning of this act",
    "recipient.declared": "the recipient is declared and its contract is in force",
    "recipient.linked": "the recipient is tied to the product or activity concerned",
    "recipient.undertaken": "the recipient has signed an undertaking to honour this policy",
    "recipient.policy-shown": "the recipient's own policy was shown before the act",
    "relation.current": "the affiliate or acquirer stands in the declared relation on that day",
    "product.owned": "the person has a verified purchase or registration of the product",
    "message.approved": "the message was approved by someone other than its author",
    "message.listed": "the reason of the message stands on the closed list of crucial reasons",
    "topic.declared": "the message names a declared topic, of its purpose and through its channel",
    "topic.stopped": "the person, or whoever has the address, stopped this topic, or any when none is named, on this channel",
    "stop.recent": "within the last 12 months the person, or whoever has the address, stopped something",
    "message.promotional": "the message holds promotional text",
    "card.absent": "no payment card number was found in the values of the act",
    "installation.opted-in": "the administrator of the installation has opted in and not revoked",
    "installation.supported": "the installation runs a version that may report",
    "report.valid": "the report matches its declared schema and holds no other key",
    "cohort.sufficient": "the group counted is as large as the declared minimum",
    "budget.left": "the declared privacy budget of the report is not used up",
    "demand.authentic": "the authority and the legal basis of the demand were checked",
    "approval.two": "two people with the right to do so have approved the act",
    "package.minimal": "the package holds no more than the demand or manifest names",
    "manifest.valid": "the transfer manifest names exactly these people and its hash matches",
    "agreement.signed": "the tenant has a processing agreement in force",
    "dataset.declared": "the tenant has declared purpose, basis and jurisdiction of the data set",
    "tenant.approved": "the tenant has approved this access and the approval has not expired",
    "instruction.valid": "a signed instruction of the tenant, in scope, unexpired and unused, covers the act",
    "instruction.suspended": "the instruction is suspended, with a reason",
    "hold.active": "a legal hold or statutory duty keeps some of the fields that the act names",
    "hold.only": "the person was erased, but for what a legal hold or statutory duty keeps",
    "hold.purpose": "the act serves a data use that a legal hold or statutory duty in force allows",
    "channel.encrypted": "the transmission is encrypted",
    "incident.open": "an incident concerning this data is open",
    **{
        f"suppressed.{name}": f"an identifier stands on the suppression list: {why}"
        for name, why in SUPPRESSIONS.items()
    },
}


def case_facts(case_types: Iterable[str]) -> dict[str, str]:
    """The facts that declared case types add: name to meaning."""
    return {
        f"case.{name}": f"a {name} case is open, covers this person and is assigned to the actor's role"
        for name in case_types
    }


def split_condition(condition: str) -> tuple[str, bool]:
    """The fact of a condition and whether it must hold: "not x" asks that x does not."""
    bare = condition.removeprefix("not ")
    return bare.strip(), bare == condition
