"""Certificates of erasure at the web's edge: the signed link of the last mail, and for staff with the request."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.adapters import certificate_pdf
from troth.bootstrap import certificate_link_opens
from troth.flows import certificate_in_words, printed_certificate
from troth.kernel import InvalidInput, NotFound, is_id
from troth.rights import Issued, certificate_of, certificate_schema, read_certificate
from troth.web.acts import bearer
from troth.web.api import check_key
from troth.web.asgi import query
from troth.web.matter_api import check_may_see
from troth.web.site import Site, json_response, site_of
from troth.web.speaking import shown, speech_of

AnyRequest = Request[Any, Any, Any]
_FORMS = ("", "json", "pdf")
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@get("/certificates/{case:str}", sync_to_thread=True)
def certificate_page(request: AnyRequest, case: FromPath[str]) -> Response[bytes]:
    """The certificate that a signed link leads to: a page, or with `as` the signed JSON or a PDF."""
    given = query(request.scope, ("until", "sig", "as"))
    site = site_of(request)
    until, signature = given.get("until", ""), given.get("sig", "")
    if not is_id(case) or not certificate_link_opens(site.troth, case, until, signature):
        raise NotFound(
            "This link leads to no certificate, or its time is over.",
            clause="III.2",
            mend="Use the link as it stands in the mail, or write to us with the number of your request.",
        )
    found, form = _found(site, case), _form(given)
    if form:
        return _as_file(request, _there(found), form)
    return _shown(request, case, found, f"/certificates/{case}?until={until}&sig={signature}&as=")


def _shown(request: AnyRequest, case: str, found: Issued | None, link: str) -> Response[bytes]:
    site, words = site_of(request), speech_of(request).words
    certificate = read_certificate(found.body).certificate if found is not None else None
    answer = shown(
        request,
        "certificate.html",
        certificate=certificate,
        tells=certificate_in_words(words, certificate) if certificate is not None else None,
        issued=found,
        row=site.troth.rights.row(case),
        link=link,
        key=site.troth.signer.verifier_key,
    )
    answer.headers.update(_PRIVATE)
    return answer


@get("/v1/requests/{number:str}/certificate", sync_to_thread=True)
def staff_certificate(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
    """The certificate of a request, for whoever may see the request."""
    given = query(request.scope, ("as",))
    site = site_of(request)
    check_key(site, request)
    row = site.troth.rights.row(number)
    check_may_see(site, bearer(request.scope), row)
    return _as_file(request, _there(_found(site, row.case)), _form(given) or "json")


def _form(given: dict[str, str]) -> str:
    form = given.get("as", "")
    if form not in _FORMS:
        raise InvalidInput("There is no such form.", field="as", mend="Use json or pdf.")
    return form


def _found(site: Site, case: str) -> Issued | None:
    with site.troth.database.snapshot() as tx:
        return certificate_of(tx, case)


def _there(found: Issued | None) -> Issued:
    if found is None:
        raise NotFound("There is no certificate yet.", clause="III.2", mend="Look again in a while.")
    return found


def _as_file(request: AnyRequest, issued: Issued, form: str) -> Response[bytes]:
    if form == "json":
        answer = json_response(issued.body.encode())
    else:
        certificate, key = (
            read_certificate(issued.body).certificate,
            site_of(request).troth.signer.verifier_key,
        )
        printed = printed_certificate(speech_of(request).words, certificate, key, issued.digest)
        answer = Response(certificate_pdf(printed), media_type="application/pdf")
    name = f'attachment; filename="certificate-{issued.number}.{form}"'
    answer.headers.update({**_PRIVATE, "Content-Disposition": name})
    return answer


@get("/schemas/certificate.json", sync_to_thread=True)
def schema(request: AnyRequest) -> Response[bytes]:
    """JSON Schema of a certificate's file."""
    query(request.scope, ())
    return json_response(msgspec.json.encode(certificate_schema()))


HANDLERS: list[HTTPRouteHandler] = [certificate_page, staff_certificate, schema]
