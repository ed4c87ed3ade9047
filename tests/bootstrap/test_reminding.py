"""No promised day is silent: staff hear by mail what comes due and what is late, once each, and read nobody's data in it."""

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.connectors.running import running
from troth.bootstrap import init_folder, read_settings
from troth.kernel import InvalidInput, SettableClock

DAY = timedelta(days=1)
PERSON = "zq-canary-7c1f@example.com"


@pytest.fixture
def folder(tmp_path: Path, clock: SettableClock) -> Path:
    """A data folder in which the head of the privacy desk has a mailbox."""
    made = tmp_path / "data"
    init_folder(made, clock=clock)
    settings = made / "troth.toml"
    text = settings.read_text(encoding="utf-8")
    assert "mailboxes = []" in text
    named = 'mailboxes = ["staff.privacy.head=head@example.com"]'
    settings.write_text(text.replace("mailboxes = []", named), encoding="utf-8")
    return made


def mails(folder: Path) -> list[EmailMessage]:
    """What was sent to staff, the oldest first."""
    found = sorted((folder / "mail").glob("staff.*.eml"))
    return [message_from_bytes(one.read_bytes(), policy=policy.default) for one in found]


def test_staff_hear_on_days_20_and_27_and_when_it_is_late(folder: Path, clock: SettableClock) -> None:
    """Its people by their address to sign in, else the role's mailbox; once each, also after a stop; no personal data."""
    with running(folder, clock) as office:
        office.troth.roster.add(name="ann@example.com", title="Ann", role="staff.privacy")
        office.troth.roster.add(name="ben.example", title="Ben", role="staff.privacy")
        case = office.write("other", PERSON)
        office.troth.rights.verify(office.staff, case)
        number = office.told(case).matter.number
        ended = office.ask("other", "cleo@example.com")
        office.troth.rights.move(office.staff, ended, "refused", "not ours")
        office.go_on(24 * 19)
        assert mails(folder) == []
    for days, told in ((1, 1), (7, 2), (3, 4), (1, 4)):
        with running(folder, clock) as office:
            office.go_on(24 * days + 1)
            office.go_on()
        assert len(mails(folder)) == told
    subjects = [(str(one["To"]), str(one["Subject"]).partition(", due")[0]) for one in mails(folder)]
    assert subjects == [
        ("ann@example.com", f"Still open: {number}"),
        ("head@example.com", f"Still open: {number}"),
        ("ann@example.com", f"Late: {number}"),
        ("head@example.com", f"Late: {number}"),
    ]
    assert all(f"/console/matters/{number}" in str(one) for one in mails(folder))
    assert not any("zq-canary" in str(one) for one in mails(folder))
    for one in mails(folder):
        text = " ".join(str(one.get_body(("plain",)).get_content()).split())  # type: ignore[union-attr]
        assert "It helps to keep clause III." in text
        assert "We may send it" not in text


def test_what_was_promised_before_a_stop_is_sent_after_it(folder: Path, clock: SettableClock) -> None:
    """The job stands in the unit of work that notes the reminder; one about what has ended meanwhile is not sent."""
    from troth.bootstrap.reminding import teller
    from troth.rights import watch

    with running(folder, clock) as office:
        case, over = office.write("other", PERSON), office.write("other", "ben@example.com")
        for one in (case, over):
            office.troth.rights.verify(office.staff, one)
        clock.advance(27 * DAY + timedelta(hours=1))
        watch(office.troth.database, office.troth.policy(), clock, teller(office.troth))
        office.troth.rights.move(office.staff, over, "refused", "not ours")
    with running(folder, clock) as office:
        assert mails(folder) == []
        number = office.told(case).matter.number
        office.go_on()
        office.go_on()
    assert [str(one["Subject"]).partition(", due")[0] for one in mails(folder)] == [f"Still open: {number}"]


def test_a_mailbox_needs_its_role(folder: Path) -> None:
    """A setting that names no role of staff, or no address, is refused."""
    settings = folder / "troth.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("staff.privacy.head=head", "head"), encoding="utf-8")
    with pytest.raises(InvalidInput, match="mailboxes"):
        read_settings(folder)
