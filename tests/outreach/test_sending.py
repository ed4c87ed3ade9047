"""A promised mail is decided at the moment of sending, recorded, and only then goes out."""

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.folders import made_folder
from tests.support.policies import any_serial_file
from troth.bootstrap import Troth, open_troth
from troth.gate import Ask, stage_mail
from troth.kernel import InvalidInput, SettableClock, micros
from troth.ledger import Entry, decode_entry
from troth.outreach import deliverable
from troth.storage import Statement, job_records
from troth.vault import record_stance

NOTIFY = "essential.service.notifications.email"
REGISTER = "essential.service.product_registration"
CANARY = "zq-canary-3b9e"
CASE = "0" * 31 + "7"


class Desk:
    """A company with one registered person.

    Args:
        troth: Its folder, open.
        clock: Its clock.
    """

    def __init__(self, troth: Troth, clock: SettableClock) -> None:
        self.troth, self.clock = troth, clock
        self.person = self.register(f"{CANARY}@example.com")

    def register(self, address: str) -> str:
        """Somebody registers a product; gives the handle."""
        point = self.troth.policy().points["product-registration"]
        values = {"name": "Ann Example", "email": address, "product": "sensor", "serial": f"SN-{address[:4]}"}
        (outcome,) = self.troth.perform(
            [
                Ask(
                    act="collect",
                    purpose=REGISTER,
                    key=self.key("service.collection"),
                    values=values,
                    channel="web",
                    point=point.name,
                    notice=str(point.notice),
                    age_passed=True,
                )
            ]
        )
        assert outcome.permitted, outcome
        return outcome.person

    def key(self, role: str) -> str:
        """A key of a role for every purpose."""
        return self.troth.issue_key(name=role, role=role, purposes=["*"], cases=["*"])[0]

    def promise(self, template: str = "case-news", **more: str) -> str:
        """Promise a mail to the person; gives the job."""
        with self.troth.database.transaction() as tx:
            return stage_mail(
                tx, template, person=self.person, now=micros(self.clock.now()), **{"case": CASE, **more}
            )

    def mails(self) -> list[EmailMessage]:
        """What lies in the mail folder."""
        found = sorted((self.troth.folder / "mail").glob("*.eml"))
        return [email.message_from_bytes(one.read_bytes(), policy=email.policy.default) for one in found]

    def ends(self) -> list[str]:
        """How each finished job ended."""
        with self.troth.database.snapshot() as tx:
            return [one.last_error for one in job_records(tx, done=True, most=100)]

    def entries(self) -> list[Entry]:
        """Entries of sending in the ledger, oldest first."""
        from sqlalchemy import select

        from troth.ledger.tables import ledger_staged

        every = Statement(select(ledger_staged.c.body).order_by(ledger_staged.c.entry_id))
        with self.troth.database.snapshot() as tx:
            found = [decode_entry(bytes(row[0])) for row in tx.rows(every)]
        return [entry for entry in found if entry.act == "send"]


@pytest.fixture
def desk(tmp_path: Path, clock: SettableClock) -> Iterator[Desk]:
    """A company whose mail goes into its folder."""
    made_folder(tmp_path / "data", clock, any_serial_file(tmp_path))
    with open_troth(tmp_path / "data", clock=clock, sequencer=False) as running:
        yield Desk(running, clock)


def test_a_promised_mail_goes_out(desk: Desk) -> None:
    """It goes to the person's address, says who writes and why, under which clause, and is on record."""
    job = desk.promise()
    assert desk.mails() == []
    assert desk.troth.background.run_due().jobs == 1
    (mail,) = desk.mails()
    assert mail["To"] == f"{CANARY}@example.com"
    assert mail["Message-ID"] == f"<{job}@example.com>"
    assert CASE in mail["Subject"]
    (entry,) = desk.entries()
    assert (entry.effect, entry.purpose, entry.recipient, entry.channel) == (
        "permit",
        NOTIFY,
        "email-provider",
        "email",
    )
    text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    for body in (text.get_content(), html.get_content()):
        shown = " ".join(body.split())
        assert "Example Security, Inc., 100 Example Way, San Mateo, CA 94403" in shown
        assert "You get this message because you have an open matter with us" in shown
        assert f"clause {entry.clauses[0]}" in shown


def test_each_file_is_its_owners(desk: Desk) -> None:
    """A mail in the folder can be read by nobody else."""
    desk.promise()
    desk.troth.background.run_due()
    (file,) = (desk.troth.folder / "mail").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_the_address_rests_nowhere_else(desk: Desk) -> None:
    """Neither jobs nor ledger nor stores hold the address in clear; only the mail does."""
    desk.promise()
    desk.troth.background.run_due()
    desk.promise()
    holding = [
        path.relative_to(desk.troth.folder).parts[0]
        for path in desk.troth.folder.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes()
    ]
    assert holding == ["mail"]


def test_a_restricted_person_gets_nothing(desk: Desk) -> None:
    """The policy is asked at the moment of sending: what was promised before a restriction is refused and recorded."""
    desk.promise()
    with desk.troth.database.transaction() as tx:
        record_stance(tx, desk.person, NOTIFY, "restricted", micros(desk.clock.now()))
    assert desk.troth.background.run_due().jobs == 1
    assert desk.mails() == []
    assert desk.ends() == ["refused"]
    (entry,) = desk.entries()
    assert (entry.effect, entry.clauses[0]) == ("deny", "I.5")


def test_what_can_never_be_sent_is_over(desk: Desk) -> None:
    """An unknown template, another purpose and an unknown person end their job; nothing is tried again."""
    desk.promise("no-such-mail")
    desk.promise(purpose="marketing.communications.email")
    desk.person = "f" * 32
    desk.promise()
    assert desk.troth.background.run_due().jobs == 3
    assert sorted(desk.ends()) == ["another-purpose", "unknown-person", "unknown-template"]
    assert desk.mails() == []


def test_an_erased_persons_mails_go_too(desk: Desk) -> None:
    """An erasure removes the person's mails from the folder, and promised ones are not sent; others' stay."""
    gone = desk.person
    desk.promise()
    desk.person = desk.register("bob@example.com")
    desk.promise()
    desk.troth.background.run_due()
    assert len(desk.mails()) == 2
    desk.person = gone
    desk.promise()
    (erased,) = desk.troth.perform(
        [
            Ask(
                act="erase",
                purpose="essential.service.disposal",
                key=desk.key("service.disposal"),
                person=gone,
            )
        ]
    )
    assert erased.permitted, erased
    desk.troth.background.run_due()
    assert [mail["To"] for mail in desk.mails()] == ["bob@example.com"]


def test_old_mails_are_purged(desk: Desk, clock: SettableClock) -> None:
    """After the days that the settings name, the folder keeps a mail no longer."""
    from datetime import timedelta

    desk.promise()
    desk.troth.background.run_due()
    clock.advance(timedelta(days=30))
    desk.troth.background.run_due()
    assert len(desk.mails()) == 1
    clock.advance(timedelta(days=1))
    desk.troth.background.run_due()
    assert desk.mails() == []


def test_a_repeat_is_the_same_mail(desk: Desk) -> None:
    """A job that is run again, as after a crash, gives the same Message-ID, by which a receiver drops it."""
    from troth.bootstrap.mailing import mail_sending, mailer_of
    from troth.storage import Job

    sending = mail_sending(desk.troth, mailer_of(desk.troth))
    job = Job("1" * 32, "mail.send", desk.person, {"template": "case-news", "purpose": "", "case": CASE}, 1)
    sending(job)
    (first,) = desk.mails()
    sending(job._replace(attempts=2))
    (second,) = desk.mails()
    assert first["Message-ID"] == second["Message-ID"]
    assert len(desk.entries()) == 2


_LOCAL = st.text('ab.+_-é "@', min_size=1, max_size=70)
_DOMAIN = st.text("abé.-", min_size=1, max_size=12)


@given(st.builds("{}@{}".format, _LOCAL, _DOMAIN))
@example("ann@xn--bcher-kva.example")
@example("ann@BÜCHER.example")
@example(f"{'a' * 65}@example.com")
@example(f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 63}.com")
def test_an_address_is_what_the_library_makes_of_it(address: str) -> None:
    """Whatever somebody typed: the same address as `email-validator` gives, or refused as there."""
    try:
        wanted = validate_email(address, check_deliverability=False).ascii_email
    except EmailNotValidError:
        wanted = None
    if wanted is None:
        with pytest.raises(InvalidInput):
            deliverable(address)
    else:
        assert deliverable(address) == wanted
