"""`troth mail dkim` and what the doctor says of signatures; receivers verify what the folder sends."""

import email
import json
import stat
from collections.abc import Callable
from pathlib import Path

import dkim
import pytest

import troth
from tests.cli.conftest import Program
from tests.support.folders import made_folder
from tests.support.policies import any_serial_file
from troth.bootstrap import dkim_records, dkim_state, new_dkim_keys
from troth.gate import stage_mail
from troth.kernel import Conflict, InvalidInput, NotFound, SettableClock, micros

SIGNED = '[mail.dkim]\ndomain = "example.com"\nselector = "one"\ned25519 = "two"\n'


def with_settings(folder: Path, text: str) -> None:
    """Put a section in the place of the one with the same name."""
    place = folder / "troth.toml"
    head = text.partition("\n")[0]
    before, _, after = place.read_text().partition(head)
    place.write_text(before + text + "\n" + "[" + after.partition("\n[")[2] if after else before + text)


@pytest.fixture
def folder(tmp_path: Path, clock: SettableClock) -> Path:
    """A folder whose mail is to be signed; its keys are not made yet."""
    made_folder(tmp_path / "data", clock, Path(any_serial_file(tmp_path)))
    with_settings(tmp_path / "data", SIGNED)
    return tmp_path / "data"


def asked(folder: Path, clock: SettableClock) -> troth.Troth:
    """The folder, opened."""
    return troth.open(folder, clock=clock, sequencer=False)


def test_a_command_makes_keys_and_never_shows_them(program: Program) -> None:
    """`new` makes what is missing once, for its owner alone; `show` has the same records; without a domain both say what to set."""
    assert program.run("mail", "dkim", "show", "--json").error["field"] == "mail.dkim.domain"
    with_settings(program.folder, SIGNED)
    assert "troth mail dkim new" in program.run("mail", "dkim", "show", "--json").error["mend"]
    made = program.run("mail", "dkim", "new", "--json")
    records = made.document["records"]
    assert [one["name"] for one in records] == ["one._domainkey.example.com", "two._domainkey.example.com"]
    assert program.ok("mail", "dkim", "show")["records"] == records
    assert program.run("mail", "dkim", "new", "--json").code != 0
    for selector in ("one", "two"):
        file = program.folder / "keys" / f"dkim-{selector}.pem"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        secret = "".join(file.read_text().splitlines()[1:-1])
        assert secret[:40] not in made.out
        assert "PRIVATE" not in made.out
    plain = program.run("mail", "dkim", "show").out
    assert all(len(part) <= 255 for part in plain.split('"')[1::2])
    assert "".join(plain.partition("\n")[0].split('"')[1::2]) == records[0]["text"]


def test_what_a_folder_sends_is_signed(folder: Path, clock: SettableClock) -> None:
    """A mail that was promised lies in the folder with two signatures that dkimpy verifies by the records."""
    with asked(folder, clock) as opened:
        records = {f"{one.name}.".encode(): one.text.encode() for one in new_dkim_keys(opened)}
        point = opened.policy().points["product-registration"]
        key, _ = opened.issue_key(name="site", role="service.collection", purposes=["essential"])
        (registered,) = opened.perform(
            [
                troth.Ask(
                    act="collect",
                    purpose="essential.service.product_registration",
                    key=key,
                    values={"name": "Ann", "email": "ann@example.com", "product": "sensor", "serial": "SN-1"},
                    channel="web",
                    point=point.name,
                    notice=str(point.notice),
                    age_passed=True,
                )
            ]
        )
        with opened.database.transaction() as tx:
            stage_mail(
                tx, "case-news", person=registered.person, now=micros(clock.now()), case="0" * 31 + "7"
            )
        opened.background.run_due()
        assert opened.mail_counts.fates() == {"sent": 1}
    (file,) = (folder / "mail").glob("*.eml")
    content = file.read_bytes()
    assert email.message_from_bytes(content)["To"] == "ann@example.com"

    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        return records.get(name)

    found = [dkim.DKIM(content).verify(place, dnsfunc=look_up) for place in (0, 1)]
    assert found == [True, True]


def test_a_missing_or_open_key_stops_what_would_send(folder: Path, clock: SettableClock) -> None:
    """Nothing goes out unsigned because a key is not there; the message names the file and the mend."""
    with asked(folder, clock) as opened, pytest.raises(InvalidInput) as caught:
        _ = opened.background
    assert "dkim-one.pem" in caught.value.what
    with asked(folder, clock) as opened:
        new_dkim_keys(opened)
    one, two = (folder / "keys" / f"dkim-{name}.pem" for name in ("one", "two"))
    one.chmod(0o640)
    with asked(folder, clock) as opened, pytest.raises(InvalidInput, match="chmod 600"):
        _ = opened.mailer
    one.chmod(0o600)
    one.write_bytes(two.read_bytes())
    with asked(folder, clock) as opened, pytest.raises(InvalidInput, match="another kind"):
        _ = opened.mailer


def changed(text: str) -> Callable[[str], str | None]:
    """A DNS in which every record has another key."""
    return lambda _: text


def test_the_doctor_compares_with_the_dns(folder: Path, clock: SettableClock) -> None:
    """The record as it must be, in whatever strings it comes, is fine; none or another key is told; another domain too."""
    with asked(folder, clock) as opened:
        new_dkim_keys(opened)
        records = {one.name: one.text for one in dkim_records(opened)}
        assert "not looked into" in dkim_state(opened)
        spaced = {name: text.replace("p=", "p = ").replace("MII", "M II") for name, text in records.items()}
        assert "as the DNS says" in dkim_state(opened, spaced.get)
        with pytest.raises(Conflict, match="holds no record"):
            dkim_state(opened, lambda _: None)
        with pytest.raises(Conflict, match="another key"):
            dkim_state(opened, changed("v=DKIM1; k=rsa; p="))
    with_settings(folder, SIGNED.replace("example.com", "other.example"))
    with asked(folder, clock) as opened, pytest.raises(Conflict, match="count that as not signed"):
        dkim_state(opened)
    with_settings(folder, "[mail.dkim]\n")
    with asked(folder, clock) as opened:
        assert "not signed" in dkim_state(opened)
        with pytest.raises(NotFound):
            dkim_records(opened)


@pytest.mark.parametrize(
    "text", ['domain = "example"', 'domain = "ex ample.com"', 'selector = "../key"', 'selector = "a.b"']
)
def test_what_is_no_name_is_refused(program: Program, text: str) -> None:
    """A domain or selector that could name another file or record is refused with its setting."""
    with_settings(program.folder, f"[mail.dkim]\n{text}\n")
    assert "mail.dkim" in json.dumps(program.run("mail", "dkim", "show", "--json").error)


def test_limits_of_the_settings_hold(folder: Path, clock: SettableClock) -> None:
    """A slip in a limit stops the start and names the setting; a good one is kept to."""
    with asked(folder, clock) as opened:
        new_dkim_keys(opened)
    for text, field in (
        ('domains = ["big.example"]', "mail.limits.domains"),
        ('others = "many"', "mail.limits.others"),
        ('at_once = ["big.example=0"]', "mail.limits.at_once"),
    ):
        with_settings(folder, f"[mail.limits]\n{text}\n")
        with asked(folder, clock) as opened, pytest.raises(InvalidInput) as caught:
            _ = opened.mailer
        assert caught.value.field == field
