"""The mailbox page of the demonstration: which mail is the newest."""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from examples.vendor.mailbox import newest
from troth.adapters.mail.folder import FolderMailer
from troth.kernel import new_id
from troth.outreach import Mail

SECOND = datetime(2015, 5, 1, 9, 0, 0, tzinfo=UTC)


def test_mails_of_the_same_second_stand_as_they_came(tmp_path: Path) -> None:
    """A mail's date knows whole seconds; of those with the same date the one that was promised last stands first."""
    mailer = FolderMailer(tmp_path)
    ids = [new_id() for _ in range(6)]
    for number in (3, 1, 4, 0, 5, 2):
        message = EmailMessage()
        message["To"], message["Subject"], message["Date"] = "ann@example.org", str(number), SECOND
        message.set_content("Hello.")
        mailer.send(Mail(ids[number], new_id(), "info@example.com", "ann@example.org", message))
    assert [mail.subject for mail in newest(tmp_path)] == ["5", "4", "3", "2", "1", "0"]
