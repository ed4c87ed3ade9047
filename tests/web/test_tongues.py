"""Pages in German and French: every word that is not the company's own is in the reader's language, and what is not is marked."""

import ast
import inspect
import re
from email import message_from_bytes, policy
from io import BytesIO
from typing import Any, get_args

import httpx
import pytest

from tests.support.forms import FormPage
from tests.support.tongues import english_in, texts_in
from tests.web.conftest import Web
from tests.web.forum import HERE, Author
from tests.web.staff import write
from tests.web.test_portal import answered, asked, token
from troth.adapters import FolderMailer
from troth.bootstrap import certificate_link
from troth.bootstrap.packaging import copy_mark, copy_until
from troth.collection import files as files_of_forms
from troth.collection import model
from troth.collection.recognising import recognisers
from troth.flows import LANGUAGES, SOURCE, catalogue, wording
from troth.rights import KINDS
from troth.web.forms.tongues import fault_in_words, mend_in_words
from troth.web.portal.showing import DID
from troth.web.shapes import ActKind, Order

OTHERS = sorted(set(LANGUAGES) - {SOURCE})


def left(html: str, language: str) -> list[str]:
    """What of a page is English: sentences, and messages that the catalogue translates otherwise."""
    known = {message for message, text in catalogue(language).items() if message != text}
    shown = texts_in(html.partition("<body")[2], language)
    return sorted({*english_in(html.partition("<body")[2], language), *(known & set(shown))})


class Reader:
    """Somebody whose browser prefers a language.

    Args:
        web: A served folder.
        language: The language.
        author: Who is signed in; None for nobody.
    """

    def __init__(self, web: Web, language: str, author: Author | None = None) -> None:
        self.web, self.language = web, language
        self.headers = {"Accept-Language": f"{language}, en;q=0.5", "Accept": "text/html"}
        self.headers |= {"Cookie": author.cookie} if author is not None else {}

    def get(self, path: str) -> httpx.Response:
        """A page."""
        return self.web.client.get(path, headers=self.headers, follow_redirects=True)

    def post(self, path: str, **form: Any) -> httpx.Response:
        """A form sent from a page of ours."""
        headers = {**self.headers, **HERE}
        return self.web.client.post(path, data=form, headers=headers, follow_redirects=False)

    def english(self, *pages: str) -> dict[str, list[str]]:
        """What is English on some pages, by their address."""
        found = {}
        for path in pages:
            answer = self.get(path)
            assert answer.status_code in {200, 401, 403, 404, 422}, path
            assert f'<html lang="{self.language}">' in answer.text, path
            found[path] = left(answer.text, self.language)
        return {path: texts for path, texts in found.items() if texts}


@pytest.mark.slow
@pytest.mark.parametrize("language", OTHERS)
def test_pages_about_oneself_are_in_the_readers_language(web: Web, language: str) -> None:
    """Signed in and not, with a request of every kind, its refusal and its reason, and the pages of the account."""
    nobody = Reader(web, language)
    doors = (
        "/my",
        "/my/visits",
        "/my/display",
        "/account/sign-in",
        "/account/sent",
        "/my/requests/none",
        "/nowhere",
    )
    assert nobody.english(*doors) == {}
    ann = Author(web)
    reader = Reader(web, language, ann)
    paths = []
    for kind in KINDS:
        sent = reader.post("/my/ask", csrf=token(ann), request_kind=kind, request_text="Bitte.")
        paths.append(str(sent.headers["location"]))
    for row in (path.partition("?")[0].rpartition("/")[2] for path in paths[:2]):
        web.troth.rights.take(web.keys["privacy"], row)
    answered(web)
    assert reader.english(*paths, f"{paths[0].partition('?')[0]}/dispute") == {}
    ben = Author(web, "ben@example.com", "SN-0002")
    assert Reader(web, language, ben).english(
        "/my", "/my/data", "/my/used", "/my/ask", "/my/ask?kind=erase", "/account", "/account?saved=yes", "/account/close",
        "/account/closed",
    ) == {}  # fmt: skip


def test_everything_in_the_journal_has_words() -> None:
    """Every act and every order is called something that people say, so that none stands in the journal by its own name."""
    named = {*get_args(ActKind), *get_args(Order)} - {""}
    assert sorted(named - DID.keys()) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", OTHERS)
def test_forms_are_in_the_readers_language(web: Web, language: str) -> None:
    """Every form, empty, with everything wrong, looked through, and its thanks; the fragment too."""
    web.client.follow_redirects = False
    reader = Reader(web, language)
    points = [
        point.name
        for point in web.troth.policy().points.values()
        if point.public and point.form and "web" in point.channels
    ]
    found = reader.english(*(f"/forms/{name}" for name in points), "/forms/none")
    for name in points:
        found[f"{name} age"] = left(reader.post(f"/forms/{name}/age").text, language)
        reader.post(f"/forms/{name}/age", **{"troth-birth-year": "1970", "troth-birth-month": "4"})
        page = reader.get(f"/forms/{name}")
        fragment = reader.get(f"/forms/{name}/fragment").text
        assert f'lang="{language}"' in fragment
        found[f"{name} fragment"] = left(f"<body lang='{language}'>{fragment}", language)
        names = [one for one in FormPage(page.text).controls if not one.startswith("troth-")]
        for sent in (
            {},
            dict.fromkeys(names, "\x07"),
            dict.fromkeys(names, "x" * 30000),
            {"troth-look": "1"},
        ):
            answer = reader.post(f"/forms/{name}", **{**sent, "troth-notice": notice_of(page.text)})
            found[f"{name} {sorted(sent)}"] = left(answer.text, language)
    assert {name: texts for name, texts in found.items() if texts} == {}
    number = write(web, "other", "cy@example.com")
    row = web.troth.rights.row(number)
    entry = "0" * 32
    assert (
        reader.english(f"/forms/privacy-request/thanks?entry={entry}&stored=request_text&case={row.case}")
        == {}
    )


def put_together(node: ast.expr) -> str:
    """A text of the code, with something in its places."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "X7" for part in node.values)


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_wrong_with_a_value_is_told_in_the_readers_language(language: str) -> None:
    """Every reason and every way to mend it of every type of value; and every kind of personal data that is found."""
    words, untold = wording(language), []
    for module in (model, files_of_forms):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Malformed", "UnfitFile"}:
                if not isinstance(node.args[0], ast.Constant | ast.JoinedStr):
                    continue  # hands on what another one said
                reason = put_together(node.args[0]) + "."
                untold += [reason] if fault_in_words(words, reason) == reason else []
                if isinstance(node.args[1], ast.Constant | ast.JoinedStr):
                    mend = put_together(node.args[1])
                    untold += [mend] if mend_in_words(words, mend) == mend else []
    assert untold == []
    assert [one.title for one in recognisers().values() if words(one.title) == one.title] == []


@pytest.mark.slow
@pytest.mark.parametrize("language", OTHERS)
def test_what_mailboxes_lead_to_is_in_the_readers_language(web: Web, language: str) -> None:
    """Confirming a subscription, proving a request, and the certificate of an erasure as page and as PDF."""
    reader = Reader(web, language)
    ann = Author(web)
    number = asked(ann, "erase").rpartition("/")[2]
    row = web.troth.rights.row(number)
    certificate = certificate_link(web.troth, row.case).removeprefix(
        web.troth.settings.web.public_url.rstrip("/")
    )
    assert reader.english(certificate) == {}
    for _ in range(4):
        answered(web)
    printed = pdf_text(reader.get(f"{certificate}&as=pdf").content)
    assert certificate_says(language) in printed
    for name, form in (
        ("privacy-request", {"request_kind": "other", "request_text": "Bitte.", "email": "eva@example.com"}),
        ("email-opt-in", {"email": "flo@example.com"}),
    ):
        reader.post(f"/forms/{name}/age", **{"troth-birth-year": "1970", "troth-birth-month": "4"})
        notice = notice_of(reader.get(f"/forms/{name}").text)
        assert reader.post(f"/forms/{name}", **{**form, "troth-notice": notice}).status_code == 303
    ben = Author(web, "ben@example.com", "SN-0002")
    reader.post("/account/sign-in/link", email="ben@example.com")
    assert ben.person
    answered(web)
    links = re.findall(r"https?://[^/\s]+(/(?:requests|account/link|confirm)/[^\s>]+)", mails(web))
    assert {one.split("/")[1] for one in links} == {"requests", "account", "confirm"}
    assert reader.english(*links, certificate) == {}


def notice_of(html: str) -> str:
    """The notice that a form acknowledges."""
    return FormPage(html).controls["troth-notice"].value


def certificate_says(language: str) -> str:
    """The title of a certificate."""
    return catalogue(language)["Certificate of erasure"]


def pdf_text(body: bytes) -> str:
    """What a PDF says."""
    from pypdf import PdfReader

    return "\n".join(one.extract_text() for one in PdfReader(BytesIO(body)).pages)


def mails(web: Web) -> str:
    """The plain text of every mail that was sent."""
    found = []
    for one in sorted((web.troth.folder / "mail").glob("*.eml")):
        mail = message_from_bytes(one.read_bytes(), policy=policy.default)
        found.append(f"{mail['Subject']}\n{mail.get_body(('plain',)).get_content()}")  # type: ignore[union-attr]
    return "\n".join(found)


@pytest.mark.parametrize(
    ("language", "subjects"),
    [
        ("de", {"sign-in-link": "Ihr Link zum Anmelden", "copy-proof": "Ihr Link zu Ihrer Kopie", "confirm-submission": "Bitte bestätigen:", "address-in-use": "Ihre Adresse und ein anderes Konto", "account-closed": "Ihr Konto ist geschlossen"}),
        ("fr", {"sign-in-link": "Votre lien de connexion", "copy-proof": "Votre lien vers votre copie", "confirm-submission": "À confirmer :", "address-in-use": "Votre adresse et un autre compte", "account-closed": "Votre compte est fermé"}),
        ("pt", {"sign-in-link": "Your link to sign in", "copy-proof": "Your link to your copy", "confirm-submission": "Please confirm:", "address-in-use": "Your address and another account", "account-closed": "Your account is closed"}),
    ],
)  # fmt: skip
def test_account_mails_are_in_the_language_of_the_page(
    web: Web, language: str, subjects: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By which they were asked for, whatever the template is that answers; in the policy's where there is no such text."""
    sent: list[str] = []
    monkeypatch.setattr(FolderMailer, "send", lambda _, mail: sent.append(str(mail.message["Subject"])))
    ann, reader = Author(web), Reader(web, language)
    Author(web, "ben@example.com", "SN-0002")
    own = Reader(web, language, ann)
    own.headers["Accept-Language"] = language
    reader.headers["Accept-Language"] = language
    case = web.troth.rights.row(asked(ann, "access").rpartition("/")[2]).case
    for _ in range(3):
        answered(web)
    row = web.troth.rights.row(case)
    reader.post("/account/sign-in/link", email="ben@example.com")
    link = f"/my/copies/{case}/{copy_mark(web.troth, case, copy_until(row))}"
    assert reader.post(link).status_code == 303
    for address in ("ann.new@example.com", "ben@example.com"):
        assert own.post("/account/address", csrf=token(ann), email=address).status_code == 303
    answered(web)
    assert own.post("/account/close", csrf=token(ann)).status_code == 303
    told = [one for one in sent if "REQ" not in one and row.number not in one]
    assert len(told) == len(subjects)
    assert all(any(one.startswith(said) for one in told) for said in subjects.values()), told
