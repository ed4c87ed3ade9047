"""Consents: the record of one, for whoever gave it to keep (ISO/IEC TS 27560), and taking it back as easily as it was given.

The record is made of the ledger entry and the policy version that decided; nothing more is kept for it. Its words are those of
the Data Privacy Vocabulary (DPV 2), guide for consent records.
"""

import asyncio
from typing import Any, NamedTuple

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.accounts import raised
from troth.choice import remembering
from troth.gate import Ask
from troth.kernel import NotFound, from_micros
from troth.ledger import Entry, decode_entry
from troth.policy import Point, Policy
from troth.web.api import check_id
from troth.web.asgi import query
from troth.web.sessions import SignedIn, check_token, own_form, someone, to
from troth.web.site import Site, site_of

AnyRequest = Request[Any, Any, Any]
CONFORMS = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
MEDIA = "application/ld+json"
_GIVEN = "consented"
_CONTEXT = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
}


class Given(NamedTuple):
    """A consent that holds: the data use, what people call it, and the clause that it rests on."""

    purpose: str
    title: str
    clause: str


@get("/v1/consents/{entry:str}", sync_to_thread=True)
def consent_record(request: AnyRequest, entry: FromPath[str]) -> Response[bytes]:
    """The record of a consent, from the ledger entry that it stands in. Whoever knows the entry's id may have it."""
    query(request.scope, ())
    check_id(entry, "entry")
    site = site_of(request)
    found = decode_entry(site.troth.receipt(entry).body)
    policy = site.compiled(found.policy) if found.policy else None
    point = _consenting(policy, found.purpose) if policy is not None else None
    confirmed = found.act == "collect" and found.detail.get("confirmed") == "mailbox"
    if policy is None or point is None or not confirmed or found.effect != "permit":
        raise NotFound("This entry is no consent.", field="entry", mend="Use the entry of the confirmation.")
    body = msgspec.json.format(msgspec.json.encode(_record(site, policy, point, found)), indent=2)
    return Response(body, media_type=MEDIA)


@post("/account/consents/withdraw")
async def withdraw(request: AnyRequest) -> Response[bytes]:
    """Take a consent back; it is recorded, and the next use is refused."""
    site, form = site_of(request), await own_form(request)

    def take_back() -> Response[bytes]:
        who = someone(site, request)
        check_token(who, form)
        ask = _order(site, who, "withdraw-stance", form.get("about", ""))
        (outcome,) = site.troth.perform([ask])
        if outcome.problem is not None:
            raise raised(outcome.problem)
        return to("/account?saved=yes")

    return await asyncio.to_thread(take_back)


def consents_of(site: Site, who: SignedIn) -> tuple[Given, ...]:
    """The consents of somebody that hold."""
    (outcome,) = site.troth.perform([_order(site, who, "show-stances", "")])
    policy = site.troth.policy()
    found = []
    for purpose, stance in outcome.values.get("stances", ()):
        point = _consenting(policy, purpose)
        if stance == _GIVEN:
            found.append(Given(purpose, point.title if point else purpose, point.clause if point else "I.17"))
    return tuple(found)


def _order(site: Site, who: SignedIn, order: str, about: str) -> Ask:
    """An order on choices in somebody's own name, for the purpose that choices are kept for."""
    cookie = remembering(site.troth.policy())
    return Ask(
        act="instruct",
        purpose=cookie.purposes[0] if cookie is not None else "",
        key=who.key,
        person=who.person,
        order=order,
        about=about,
        stance=_GIVEN if about else "",
    )


def _consenting(policy: Policy, purpose: str) -> Point | None:
    """The point at which confirming is consent to a purpose."""
    return next((one for one in policy.points.values() if one.consent and purpose in one.purposes), None)


def _record(site: Site, policy: Policy, point: Point, entry: Entry) -> dict[str, Any]:
    base = site.troth.settings.web.public_url.rstrip("/")
    notice = policy.notices.get(point.notice or "")
    return {
        "@context": _CONTEXT,
        "@id": f"{base}/v1/consents/{entry.id}",
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": {"@id": CONFORMS},
        "dct:identifier": entry.id,
        "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dct:identifier": entry.person},
        "dpv:hasDataController": _controller(policy),
        "dpv:hasProcess": {
            "@type": "dpv:Process",
            "dct:title": point.title,
            "dpv:hasPurpose": {"@type": "dpv:Purpose", "dct:identifier": entry.purpose},
            "dpv:hasPersonalData": [
                {"@type": "dpv:PersonalData", "dct:identifier": category} for category in entry.data
            ],
            "dpv:hasLegalBasis": {"@id": "eu-gdpr:A6-1-a"},
            "dpv:hasNotice": {
                "@id": f"{base}/policy/versions/{entry.policy}#{point.clause}",
                "@type": "dpv:ConsentNotice",
                "dct:identifier": notice.name if notice else "",
                "dct:description": (notice.text if notice else None) or policy.clause(point.clause).prose,
            },
            "dpv:hasRight": {"@id": "eu-gdpr:A7-3"},
        },
        "dpv:hasConsentStatus": {
            "@type": "dpv:ConsentGiven",
            "dpv:isIndicatedAtTime": from_micros(entry.at).isoformat(),
            "dpv:hasIndicationMethod": "confirmed by a link that was sent to the mailbox",
            "dpv:isIndicatedBy": {"@id": "dpv:DataSubject"},
        },
        "dct:provenance": {"dct:identifier": entry.id, "dct:source": f"{base}/v1/receipts/{entry.id}"},
    }


def _controller(policy: Policy) -> dict[str, str]:
    front = policy.front
    return {
        "@type": "dpv:DataController",
        "dpv:hasName": front.controller.name,
        "dpv:hasAddress": front.controller.address,
        "dpv:hasContact": f"mailto:{front.contact.privacy}",
    }


HANDLERS: list[HTTPRouteHandler] = [consent_record, withdraw]
