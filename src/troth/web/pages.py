"""The pages that people read: policy, its history, security, ledger, exceptions, problems."""

from typing import Any
from urllib.parse import urlsplit

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.bootstrap import Troth
from troth.choice import notice_html
from troth.flows import SOURCE, wording
from troth.forum import forum_of
from troth.gate import Version
from troth.kernel import NotFound, TrothError
from troth.ledger import TreeHead, staged_count, tree_head
from troth.policy import Notice, Policy, telemetry_schema
from troth.storage import Transaction
from troth.web.enforcement import marks_of, table_stamp
from troth.web.problems import KINDS, ProblemKind
from troth.web.published import (
    counts_in_order,
    exceptions_view,
    long_date,
    parts_view,
    posted_version,
    posted_versions,
    scopes_view,
)
from troth.web.rendering import HTML, own_language
from troth.web.site import Site, site_of
from troth.web.visiting import cookie_that_remembers

AnyRequest = Request[Any, Any, Any]
MARKDOWN = "text/markdown"
ATOM = "application/atom+xml; charset=utf-8"
_DAY = "public, max-age=86400"
_ABOUT = (
    ("/policy", "Policy"),
    ("/policy/versions", "History"),
    ("/exceptions", "Exceptions"),
    ("/security", "Security"),
    ("/ledger", "Ledger"),
)


@get("/", sync_to_thread=True)
def landing(request: AnyRequest) -> Response[bytes]:
    """What this is, and where to go."""
    site = site_of(request)
    policy = site.troth.policy()
    marks = marks_of(policy, site.troth.folder).values()
    with site.troth.database.snapshot() as tx:
        head = _head(tx)
    return page(
        site,
        "landing.html",
        place="page.home",
        updated=long_date(policy.front.last_updated),
        clauses=len(policy.clauses),
        enforced=sum(mark.state == "enforced" for mark in marks),
        entries=head.size if head else 0,
    )


@get("/policy", sync_to_thread=True)
def policy_page(request: AnyRequest) -> Response[bytes]:
    """The policy in force, with its evidence."""
    site = site_of(request)
    return _policy(site, site.troth.policy().sha256)


@get("/policy/versions", sync_to_thread=True)
def history(request: AnyRequest) -> Response[bytes]:
    """Every posted version, newest first."""
    site = site_of(request)
    return page(
        site,
        "versions.html",
        place="page.history",
        versions=posted_versions(site.troth),
        force=site.troth.policy().sha256,
    )


@get("/policy/versions/{name:str}", sync_to_thread=True)
def version_page(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """A posted version as a page, or as its bytes when the name ends in .md."""
    site = site_of(request)
    if not name.endswith(".md"):
        return _policy(site, name)
    sha256 = name.removesuffix(".md")
    posted_version(posted_versions(site.troth), sha256)
    headers = {"ETag": f'"{sha256}"', "Cache-Control": "public, max-age=31536000, immutable"}
    if unchanged(request, headers["ETag"]):
        return Response(b"", status_code=304, headers=headers)
    return Response(site.troth.policy_text(sha256), media_type=MARKDOWN, headers=headers)


@get("/policy/feed.atom", sync_to_thread=True)
def feed(request: AnyRequest) -> Response[bytes]:
    """The posted versions as an Atom feed (RFC 4287)."""
    site = site_of(request)
    policy = site.troth.policy()
    text = site.renderer.text(
        "feed.atom",
        base=site.troth.settings.web.public_url.rstrip("/"),
        title=policy.title,
        author=policy.front.controller.name,
        versions=posted_versions(site.troth),
    )
    return Response(text.encode(), media_type=ATOM, headers={"Cache-Control": "public, max-age=300"})


@get("/exceptions", sync_to_thread=True)
def exceptions_page(request: AnyRequest) -> Response[bytes]:
    """Every exception, and every rule that permits or forbids (clause IV.3)."""
    site = site_of(request)
    policy = site.troth.policy()
    notices = notices_at(site, "page.exceptions")
    return site.kept(
        "exceptions",
        (policy.sha256, site.troth.exits.key_id),
        lambda: _made_exceptions(site, policy, notices),
    )


@get("/security", sync_to_thread=True)
def security_page(request: AnyRequest) -> Response[bytes]:
    """The self-test (clause IV.1), run as the page is asked for."""
    site = site_of(request)
    return page(site, "security.html", place="page.security", results=site.self_test.results())


@get("/ledger", sync_to_thread=True)
def ledger_page(request: AnyRequest) -> Response[bytes]:
    """What the ledger is, its newest checkpoint, and how to verify a receipt."""
    site = site_of(request)
    with site.troth.database.snapshot() as tx:
        head, staged = _head(tx), staged_count(tx)
    counts = counts_in_order(site.troth.policy(), site.troth.clause_counts())
    key = site.troth.signer.verifier_key
    return page(site, "ledger.html", head=head, staged=staged, verifier=key, counts=counts)


@get("/problems")
async def problems_page(request: AnyRequest) -> Response[bytes]:
    """Every kind of problem that the API answers with."""
    return _problems(request, KINDS)


@get("/problems/{code:str}")
async def problem_page(request: AnyRequest, code: FromPath[str]) -> Response[bytes]:
    """One kind of problem; the address is the `type` of its problem details."""
    kinds = tuple(kind for kind in KINDS if kind.code == code)
    if not kinds:
        raise NotFound(
            "No kind of problem has this code.", field="code", mend="See /problems for those there are."
        )
    return _problems(request, kinds)


@get("/static/{name:str}")
async def static_file(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """A static file of the pages."""
    found = site_of(request).renderer.static.get(name)
    if found is None:
        raise NotFound("There is no such file.")
    # A company's own pages, on other hosts, load the style sheet of forms.
    headers = {"ETag": found.etag, "Cache-Control": _DAY, "Cross-Origin-Resource-Policy": "cross-origin"}
    if unchanged(request, found.etag):
        return Response(b"", status_code=304, headers=headers)
    return Response(found.body, media_type=found.media, headers=headers)


def unchanged(request: AnyRequest, etag: str) -> bool:
    """Whether the asker has these very bytes already (RFC 9110, If-None-Match)."""
    asked = [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]
    return etag in asked or "*" in asked


def _policy(site: Site, sha256: str) -> Response[bytes]:
    version = posted_version(posted_versions(site.troth), sha256)
    force = site.troth.policy()
    with site.troth.database.snapshot() as tx:
        head = _head(tx)
    # The counts grow with the tree, in the same transaction.
    state = (force.sha256, head.size if head else 0, table_stamp(site.troth.folder), site.troth.exits.key_id)
    notices = notices_at(site, "page.policy" if sha256 == force.sha256 else "page.history")
    return site.kept(f"policy {sha256}", state, lambda: _made_policy(site, version, force, notices))


def _made_policy(site: Site, version: Version, force: Policy, notices: tuple[Notice, ...]) -> Response[bytes]:
    in_force = version.sha256 == force.sha256
    policy = force if in_force else site.compiled(version.sha256)
    return made_page(
        site,
        "policy.html",
        notices=notices,
        policy=policy,
        parts=parts_view(policy, site.troth.clause_counts(), site.troth.folder),
        version=version,
        in_force=in_force,
        updated=long_date(policy.front.last_updated),
        captured=long_date(policy.front.source.captured),
    )


def _made_exceptions(site: Site, policy: Policy, notices: tuple[Notice, ...]) -> Response[bytes]:
    return made_page(
        site,
        "exceptions.html",
        notices=notices,
        exceptions=exceptions_view(policy),
        scopes=scopes_view(policy),
        titles={clause.id: clause.title for clause in policy.clauses},
    )


def _problems(request: AnyRequest, kinds: tuple[ProblemKind, ...]) -> Response[bytes]:
    return page(site_of(request), "problems.html", kinds=kinds, all=len(kinds) > 1)


def page(site: Site, template: str, *, place: str = "", **values: Any) -> Response[bytes]:
    """A page from a template, headed by the company of the policy in force.

    Args:
        site: The site.
        template: Name of the template.
        place: The declared place that the page is, such as `page.home`: its notices are shown on it, and counted as shown.
        values: For the template.
    """
    return made_page(site, template, notices=notices_at(site, place), **values)


def made_page(
    site: Site,
    template: str,
    *,
    notices: tuple[Notice, ...] = (),
    leaving: bool = False,
    **values: Any,
) -> Response[bytes]:
    """A page from a template with these notices, counted by whoever shows it.

    Links to other sites lead over the exit page, save on that page itself (`leaving`).
    """
    policy = policy_in_force(site.troth)
    shown = [(notice, notice_html(policy, notice)) for notice in notices] if policy else []
    if policy is not None and "own" not in values:
        values["own"] = own_language(policy, values.get("t") or wording(SOURCE))
    text = site.renderer.text(template, **site.renderer.heading(), notices=shown, **values)
    if policy is not None and not leaving:
        here = urlsplit(site.troth.settings.web.public_url).hostname or ""
        text = site.troth.exits.rewritten(policy, text, here)
    return Response(text.encode(), media_type=HTML)


def heading(troth: Troth) -> dict[str, Any]:
    """What stands at the head of each page: the company, the pages about the policy, and what it lets people do here."""
    policy = policy_in_force(troth)
    if policy is None:
        return {"company": "Troth", "menu": _ABOUT, "telemetry": ""}
    forum = (("/forum", "Forum"),) if forum_of(policy) else ()
    account = (("/account", "Account"),) if cookie_that_remembers(policy, "session") else ()
    own = (("/my", "My data"),) if account else ()
    return {
        "company": policy.front.controller.name,
        "menu": (*_ABOUT, *forum, *own, *account),
        "telemetry": _telemetry(troth, policy),
    }


def _telemetry(troth: Troth, policy: Policy) -> str:
    """Where telemetry is explained; empty where the policy declares none."""
    if telemetry_schema(policy) is None:
        return ""
    web = troth.settings.web
    return (
        f"{urlsplit(web.public_url).scheme}://{web.telemetry_host}/telemetry"
        if web.telemetry_host
        else "/telemetry"
    )


def policy_in_force(troth: Troth) -> Policy | None:
    """The policy in force; None where there is none yet."""
    try:
        return troth.policy()
    except TrothError:
        return None


def notices_at(site: Site, place: str) -> tuple[Notice, ...]:
    """The notices of a place in the policy in force, counted as shown there once more."""
    return site.shown.at(site.troth.policy(), place) if place else ()


def _head(tx: Transaction) -> TreeHead | None:
    try:
        return tree_head(tx)
    except NotFound:
        return None


HANDLERS: list[HTTPRouteHandler] = [
    landing,
    policy_page,
    history,
    version_page,
    feed,
    exceptions_page,
    security_page,
    ledger_page,
    problems_page,
    problem_page,
    static_file,
]
