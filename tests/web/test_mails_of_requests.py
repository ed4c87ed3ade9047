"""Mails about requests: one for each thing that happens, and none while somebody waits untold."""

from email import message_from_bytes, policy

import pytest

from tests.web.conftest import Web
from tests.web.forum import HERE, Author
from tests.web.test_portal import answered, asked, token
from troth.bootstrap.mailing import mail_templates


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


def texts(web: Web, number: str) -> dict[str, str]:
    """The plain text of each mail that names a request, by its subject."""
    found = {}
    for one in (web.troth.folder / "mail").glob("*.eml"):
        mail = message_from_bytes(one.read_bytes(), policy=policy.default)
        if number in str(mail["Subject"]):
            found[str(mail["Subject"])] = str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    return found


@pytest.mark.parametrize(
    ("spoken", "subjects_of", "says"),
    [
        ("de-AT, en;q=0.5", ("Wir haben Ihre Nachricht {} erhalten", "Neues zu {}"), ("Guten Tag", "jemand arbeitet daran.", "4. Februar 2026, 09:00 UTC")),
        ("fr", ("Nous avons reçu votre message {}", "Des nouvelles de {}"), ("Bonjour", "y travaille.", "4 février 2026, 09:00 UTC")),
        ("pt-BR", ("We have received your message {}", "News about {}"), ("Hello", "somebody is at work on it.", "4 February 2026, 09:00 UTC")),
    ],
)  # fmt: skip
def test_a_request_is_answered_in_the_language_of_its_page(
    web: Web, spoken: str, subjects_of: tuple[str, str], says: tuple[str, str, str]
) -> None:
    """Every mail about it, with its days and its foot; in the policy's language where there is no other text."""
    ann = Author(web)
    form = {"csrf": token(ann), "request_kind": "other", "request_text": "Please."}
    headers = {"Cookie": ann.cookie, **HERE, "Accept-Language": spoken}
    answer = web.client.post("/my/ask", data=form, headers=headers, follow_redirects=False)
    number = str(answer.headers["location"]).partition("?")[0].rpartition("/")[2]
    web.troth.rights.take(web.keys["privacy"], number)
    answered(web)
    told = texts(web, number)
    assert set(told) == {one.format(number) for one in subjects_of}
    assert all(text.startswith(says[0]) and says[2] in text for text in told.values())
    assert says[1] in told[subjects_of[1].format(number)]


def test_a_mail_about_a_correction_says_where_an_address_is_changed(web: Web) -> None:
    """And no other does."""
    ann = Author(web)
    for kind, there in (("correct", True), ("other", False)):
        number = asked(ann, kind).rpartition("/")[2]
        answered(web)
        text = texts(web, number)[f"We have received your message {number}"]
        assert ("You change it in your account:" in text) is there
        assert "\n\n\n" not in text.partition("--------")[0].rstrip()


def test_more_time_and_the_last_mail_are_told_in_the_same_language(web: Web) -> None:
    """The mail about a law's longer time, and what the last mail of an erasure is filled in with."""
    for kind, email, serial in (
        ("other", "uli@example.com", "SN-0002"),
        ("erase", "eva@example.com", "SN-0003"),
    ):
        author = Author(web, email, serial)
        form = {"csrf": token(author), "request_kind": kind, "request_text": "Bitte."}
        headers = {"Cookie": author.cookie, **HERE, "Accept-Language": "de"}
        answer = web.client.post("/my/ask", data=form, headers=headers, follow_redirects=False)
        number = str(answer.headers["location"]).partition("?")[0].rpartition("/")[2]
        row = web.troth.rights.row(number)
        if kind == "other":
            web.troth.rights.extend(web.keys["privacy"], number, "gdpr-answer", "viele Systeme")
            answered(web)
            text = texts(web, number)[f"Wir brauchen mehr Zeit für {number}"]
            assert "die Frist ist jetzt 7. April 2026" in text
            assert "Warum: viele Systeme" in text
        else:
            closing = next(one for one in mail_templates(web.troth) if one.name == "erasure-closing")
            assert closing.fresh is not None
            assert closing.language is not None
            assert closing.fresh(row.person, {"case": row.case})["ends"] == "5. April 2026"
            assert closing.language(row.person, {"case": row.case}) == "de"
