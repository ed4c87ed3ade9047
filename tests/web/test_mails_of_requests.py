"""Mails about requests: one for each thing that happens, and none while somebody waits untold."""

from email import message_from_bytes, policy

from tests.web.conftest import Web
from tests.web.forum import Author
from tests.web.test_portal import answered, asked


def subjects(web: Web) -> list[str]:
    """Subjects of what was sent."""
    found = (web.troth.folder / "mail").glob("*.eml")
    return sorted(
        str(message_from_bytes(one.read_bytes(), policy=policy.default)["Subject"]) for one in found
    )


def test_one_mail_says_that_a_copy_is_ready(web: Web) -> None:
    """The mail with the link to it also says that the request is done."""
    ann = Author(web)
    number = asked(ann).rpartition("/")[2]
    for _ in range(3):
        answered(web)
    assert web.troth.rights.matter(number).matter.state == "completed"
    about = [one for one in subjects(web) if number in one]
    assert about == [f"We have received your message {number}", f"Your copy is ready ({number})"]
