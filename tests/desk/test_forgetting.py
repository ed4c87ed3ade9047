"""What finds a ticket by the person's own mails goes with the person, on both engines."""

from email.message import EmailMessage

from sqlalchemy import select

from tests.web.conftest import Web, engine_web  # noqa: F401  the fixture
from troth.desk.tables import desk_mail
from troth.storage import Statement

RIGHTS = "essential.service.rights_request"
OWN = "<zq-own.1@mail.example.org>"
_MAILS = Statement(select(desk_mail.c.case_id, desk_mail.c.record))


def _writes(web: Web, sender: str, mark: str) -> str:
    """Somebody writes to support by mail; gives the case."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        sender,
        "support@example.com",
        "Help",
        mark,
    )
    mail.set_content("It hums.")
    before = {one.case for one in web.troth.desk.cases(web.keys["support"], "ticket", "open")}
    web.troth.inbox.keep(sender, ["support@example.com"], mail.as_bytes())
    web.troth.background.run_due()
    (case,) = {one.case for one in web.troth.desk.cases(web.keys["support"], "ticket", "open")} - before
    return case


def _theirs(web: Web) -> set[str]:
    """Cases that some mail of the person finds."""
    with web.troth.database.snapshot() as tx:
        return {str(case) for case, record in tx.rows(_MAILS) if record}


def test_erasing_a_person_forgets_which_mails_they_wrote(engine_web: Web) -> None:  # noqa: F811  the fixture
    """Only theirs: the next mail of the same conversation finds nothing, that of somebody else still finds its ticket."""
    web = engine_web
    gone, stays = (
        _writes(web, "ann@example.com", OWN),
        _writes(web, "bob@example.com", "<zq-own.2@mail.example.org>"),
    )
    assert _theirs(web) == {gone, stays}
    privacy = web.troth.issue_key(name="privacy", role="staff.privacy", purposes=[RIGHTS], cases=["request"])[
        0
    ]
    body = {"type": "request", "purpose": RIGHTS, "identify": {"email": "ann@example.com"}}
    opened = web.post("/v1/cases", body, privacy).json()
    erasing = {"act": "erase", "purpose": RIGHTS, "person": opened["person"], "case": opened["case"]}
    erased = web.post("/v1/acts", erasing, privacy)
    assert erased.is_success, erased.text
    web.troth.background.run_due()
    assert _theirs(web) == {stays}
