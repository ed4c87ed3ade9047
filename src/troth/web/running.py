"""Endpoints about the running system: health, metrics, self-test, well-known files, the ledger's files."""

import re
from datetime import timedelta
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from troth.kernel import NotFound, TrothError, from_micros, micros
from troth.ledger import resource, staged_count, tree_head
from troth.storage import Transaction, waiting_jobs
from troth.vault import Drill
from troth.web.api import check_key
from troth.web.asgi import query
from troth.web.evidence import Results
from troth.web.measuring import CONTENT_TYPE
from troth.web.pages import unchanged
from troth.web.shapes import ArchiveAnswer, CheckAnswer, DrillAnswer, HealthAnswer, SelfTestAnswer
from troth.web.site import Site, json_response, site_of

AnyRequest = Request[Any, Any, Any]
_ENCODER = msgspec.json.Encoder()
_TILE = re.compile(r"tile/(?:\d{1,2}|entries)/(?:x\d{3}/)*\d{3}(?:\.p/\d{1,3})?")
_BYTES = "application/octet-stream"
_EXPIRES = timedelta(days=180)
_TEXT = "text/plain"


@get("/health", sync_to_thread=True)
def health(request: AnyRequest) -> Response[bytes]:
    """Whether every part works; 503 when one is down."""
    site = site_of(request)
    parts, facts = parts_health(site)
    down = any(state != "ok" for state in parts.values())
    answer = HealthAnswer(
        status="down" if down else "ok",
        parts=parts,
        policy=str(facts.get("policy", "")),
        ledger={"entries": int(facts.get("entries", 0)), "staged": int(facts.get("staged", 0))},
        jobs={"waiting": sum(facts.get("jobs", {}).values()), "late": int(facts.get("late", 0))},
    )
    return json_response(_ENCODER.encode(answer), 503 if down else 200)


def parts_health(site: Site) -> tuple[dict[str, str], dict[str, Any]]:
    """The state of each part by name, and what was learned on the way."""
    troth, facts = site.troth, dict[str, Any]()

    def database() -> None:
        with troth.database.snapshot() as tx:
            facts["staged"] = staged_count(tx)
            facts["jobs"], facts["late"] = waiting(site, tx)

    def keystore() -> None:
        with troth.keystore.snapshot():
            pass

    def ledger() -> None:
        facts["entries"] = ledger_size(site)
        failure = troth.sequencer.failure
        if failure is not None:
            raise failure

    def policy() -> None:
        facts["policy"] = troth.policy().sha256

    def background() -> None:
        failure = troth.background.failure
        if failure is not None:
            raise failure

    checks = {
        "database": database,
        "keystore": keystore,
        "ledger": ledger,
        "policy": policy,
        "background": background,
    }
    states = {}
    for name, check in checks.items():
        try:
            check()
            states[name] = "ok"
        except TrothError as error:
            states[name] = error.code
    return states, facts


def waiting(site: Site, tx: Transaction) -> tuple[dict[str, int], int]:
    """Waiting jobs by topic, and seconds since the oldest of them fell due."""
    found = waiting_jobs(tx)
    oldest = min((due for _, due in found.values()), default=0)
    late = max(0, micros(site.troth.clock.now()) - oldest) // 1_000_000 if found else 0
    return {topic: count for topic, (count, _) in found.items()}, late


def ledger_size(site: Site) -> int:
    """Entries that the newest checkpoint covers."""
    with site.troth.database.snapshot() as tx:
        try:
            return tree_head(tx).size
        except NotFound:
            return 0


@get("/metrics", sync_to_thread=True)
def metrics(request: AnyRequest) -> Response[bytes]:
    """Counts, times and sizes in the Prometheus text format; no personal value."""
    site = site_of(request)
    with site.troth.database.snapshot() as tx:
        staged = staged_count(tx)
        jobs, late = waiting(site, tx)
    text = site.metrics.text(
        entries=ledger_size(site), staged=staged, jobs=jobs, late=late, mails=site.troth.mail_counts.fates()
    )
    return Response(text, media_type=CONTENT_TYPE)


@get("/security.json", sync_to_thread=True)
def security_data(request: AnyRequest) -> Response[bytes]:
    """The self-test as data."""
    return json_response(_ENCODER.encode(_answer(site_of(request).self_test.results())))


def _answer(results: Results) -> SelfTestAnswer:
    checks = tuple(CheckAnswer(**check._asdict()) for check in results.checks)
    holding = tuple(
        ArchiveAnswer(
            archive=one.archive,
            made=from_micros(one.made_at).isoformat(),
            until=from_micros(one.until).isoformat(),
        )
        for one in results.archives
    )
    return SelfTestAnswer(
        passed=results.passed,
        checked=results.at.isoformat(),
        checks=checks,
        archives=holding,
        drill=_drill(results.drill),
    )


def _drill(done: Drill | None) -> DrillAnswer | None:
    if done is None:
        return None
    return DrillAnswer(
        drill=done.drill,
        ended=from_micros(done.ended_at).isoformat(),
        passed=done.passed,
        archives=done.archives,
        people=done.people,
        fields=done.fields,
        opened=done.opened,
        controls=done.controls,
    )


@get("/.well-known/gpc.json", sync_to_thread=True)
def gpc(request: AnyRequest) -> Response[bytes]:
    """That Global Privacy Control is known here (GPC specification, section 4)."""
    updated = site_of(request).troth.policy().front.last_updated
    return json_response(_ENCODER.encode({"gpc": True, "lastUpdate": updated}))


@get("/.well-known/security.txt", sync_to_thread=True)
def security_txt(request: AnyRequest) -> Response[bytes]:
    """Where to report a weakness (RFC 9116)."""
    site = site_of(request)
    front = site.troth.policy().front
    base = site.troth.settings.web.public_url.rstrip("/")
    expires = (site.troth.clock.now() + _EXPIRES).replace(microsecond=0).isoformat()
    lines = [
        f"Contact: mailto:{front.contact.support}",
        f"Expires: {expires.replace('+00:00', 'Z')}",
        f"Preferred-Languages: {', '.join(front.languages)}",
    ]
    if base.startswith("https://"):
        lines += [f"Canonical: {base}/.well-known/security.txt", f"Policy: {base}/security"]
    return Response("".join(f"{line}\n" for line in lines).encode(), media_type=_TEXT)


@get("/ledger/checkpoint", sync_to_thread=True)
def checkpoint(request: AnyRequest) -> Response[bytes]:
    """The newest signed checkpoint (C2SP tlog-checkpoint)."""
    query(request.scope, ())
    with site_of(request).troth.database.snapshot() as tx:
        return Response(resource(tx, "checkpoint"), media_type=_TEXT)


@get("/ledger/key", sync_to_thread=True)
def verifier_key(request: AnyRequest) -> Response[bytes]:
    """The key that verifies checkpoints (C2SP signed-note)."""
    return Response(f"{site_of(request).troth.signer.verifier_key}\n".encode(), media_type=_TEXT)


@get("/ledger/tile/{path:path}", sync_to_thread=True)
def tile(request: AnyRequest, path: FromPath[str]) -> Response[bytes]:
    """A tile of hashes or a bundle of entries (C2SP tlog-tiles); entries concern people and need an API key."""
    site, name = site_of(request), f"tile/{path.removeprefix('/')}"
    query(request.scope, ())
    private = name.startswith("tile/entries/")
    if private:
        check_key(site, request)
    if not _TILE.fullmatch(name):
        raise NotFound("The ledger has no such tile.", mend="See /ledger for the layout.")
    keep = "private, no-store" if private else "public, max-age=31536000, immutable"
    headers = {"ETag": f'"{name}"', "Cache-Control": keep}
    with site.troth.database.snapshot() as tx:
        body = resource(tx, name)
    if not private and unchanged(request, headers["ETag"]):
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type=_BYTES, headers=headers)


HANDLERS: list[HTTPRouteHandler] = [
    health,
    metrics,
    security_data,
    gpc,
    security_txt,
    checkpoint,
    verifier_key,
    tile,
]
