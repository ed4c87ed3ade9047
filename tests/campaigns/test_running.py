"""Campaigns: chosen by handle, sent copy by copy, paused and stopped at the very next one, and told of by counts."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.campaigns.company import CANARY, PEOPLE, TEXT, Marketing
from tests.support.folders import made_folder
from tests.support.inside import call
from tests.support.policies import any_serial_file
from troth.adapters import FolderMailer
from troth.bootstrap import compile_texts, open_troth
from troth.campaigns import NEXT, STATES, moved, read_rate
from troth.gate import ERASED
from troth.kernel import Conflict, InvalidInput, Refused, SettableClock, micros
from troth.ledger import staged_count
from troth.outreach import Mail, read_message
from troth.storage import stage_job


@pytest.fixture
def marketing(tmp_path: Path, clock: SettableClock) -> Iterator[Marketing]:
    """A company that sends announcements into its mail folder."""
    made_folder(tmp_path / "data", clock, any_serial_file(tmp_path))
    with open_troth(tmp_path / "data", clock=clock, sequencer=False) as running:
        yield Marketing(running, clock)


def test_a_campaign_goes_to_its_audience_and_says_how_to_stop(marketing: Marketing) -> None:
    """Who is in the audience gets one copy with reason, address and ways out; who said no is counted by reason."""
    marketing.say("objected", marketing.people[0])
    case = marketing.draft().case
    assert marketing.run() == 0, "a draft sends nothing"
    size = marketing.troth.campaigns.count(marketing.key, case)
    assert size.people == PEOPLE - 2
    assert marketing.troth.campaigns.start(marketing.key, case).state == "scheduled"
    marketing.run()
    told = marketing.troth.campaigns.progress(case)
    assert (told.campaign.state, told.left) == ("done", 0)
    assert told.campaign.left_out == {"objected": 1}
    assert marketing.counts(case) == {"sent": PEOPLE - 2}
    mails = marketing.mails()
    assert sorted(str(one["To"]) for one in mails) == sorted(
        f"{CANARY}-{n}@example.com" for n in range(1, PEOPLE - 1)
    )
    for one in mails:
        assert one["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        for kind in ("plain", "html"):
            part = one.get_body((kind,))
            assert part is not None
            shown = " ".join(part.get_content().split())
            assert "100 Example Way, San Mateo, CA 94403" in shown
            assert f"you asked for our announcements on {marketing.clock.now().date()}" in shown
            assert "in one step" in shown
            assert str(one["List-Unsubscribe"]).rpartition("<")[2].strip(">") in shown
    assert marketing.run() == 0
    with pytest.raises(Conflict):
        marketing.troth.campaigns.pause(marketing.key, case)


def test_it_waits_for_its_start_and_ends_at_its_end(marketing: Marketing) -> None:
    """Nothing goes before the start; at the end what is left is skipped, and the case is closed."""
    now = marketing.clock.now()
    case = marketing.draft(starts=now + timedelta(hours=1), ends=now + timedelta(hours=2), per_hour=6).case
    marketing.troth.campaigns.start(marketing.key, case)
    assert marketing.run() == 0
    marketing.clock.advance(timedelta(hours=1))
    marketing.run()
    assert marketing.counts(case) == {"sent": 1, "planned": PEOPLE - 2}, "six an hour"
    marketing.clock.advance(timedelta(minutes=10))
    marketing.run()
    assert marketing.counts(case)["sent"] == 2
    marketing.clock.advance(timedelta(hours=1))
    marketing.run()
    told = marketing.troth.campaigns.progress(case)
    assert told.campaign.state == "done"
    assert told.skipped == {"over": PEOPLE - 3}


def test_paused_and_stopped_campaigns_send_nothing_more(marketing: Marketing) -> None:
    """A pause keeps what is planned, a stop skips it, and only who may open campaigns does either; all is on record."""
    case = marketing.draft(per_hour=3_600).case
    campaigns = marketing.troth.campaigns
    campaigns.start(marketing.key, case)
    marketing.run()
    assert marketing.counts(case)["sent"] == 1
    campaigns.pause(marketing.key, case)
    marketing.clock.advance(timedelta(minutes=5))
    marketing.run()
    assert marketing.counts(case)["sent"] == 1
    other = marketing.troth.issue_key(name="s", role="staff.support", purposes=["*"], cases=["*"])[0]
    with pytest.raises(Refused):
        campaigns.resume(other, case)
    campaigns.resume(marketing.key, case)
    marketing.run()
    assert marketing.counts(case)["sent"] == 2
    campaigns.stop(marketing.key, case)
    marketing.clock.advance(timedelta(minutes=5))
    marketing.run()
    assert marketing.counts(case) == {"sent": 2, "skipped": PEOPLE - 3}


def test_a_stop_in_the_middle_of_a_window_leaves_no_copy_open(
    marketing: Marketing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decided and not handed over when somebody stopped it is skipped as well, and its sum is that of the people chosen."""
    case, campaigns = marketing.draft().case, marketing.troth.campaigns
    really, stopped = FolderMailer.send, list[str]()

    def send(self: FolderMailer, mail: Mail) -> None:
        really(self, mail)
        if not stopped:
            stopped.append(mail.id)
            campaigns.stop(marketing.key, case)

    monkeypatch.setattr(FolderMailer, "send", send)
    campaigns.start(marketing.key, case)
    marketing.run()
    told = campaigns.progress(case)
    assert (told.campaign.state, told.left, told.total) == ("stopped", 0, PEOPLE - 1)
    assert told.skipped == {"stopped": PEOPLE - 1 - told.counts["sent"]}
    assert len(marketing.mails()) == told.counts["sent"] < PEOPLE - 1
    assert list((marketing.troth.folder / "handovers").iterdir()) == []


def test_a_campaign_that_waits_tells_why_since_when_and_what_to_do(marketing: Marketing) -> None:
    """Denied as a whole, it waits, told from its first moment on; tried again ever less often, and at once when somebody resumes it."""
    troth, campaigns, clock = marketing.troth, marketing.troth.campaigns, marketing.clock
    was = troth.policy_text(troth.policy().sha256)
    nobody = was.replace(
        b"permit: choose-for-announcements\nacts: [use]", b"permit: choose-for-announcements\nacts: [collect]"
    )
    assert nobody != was
    case = marketing.draft().case
    troth.post_policy(troth.draft_policy(nobody))
    campaigns.start(marketing.key, case)
    since, since_text = micros(clock.now()), clock.now().isoformat(timespec="seconds")
    with troth.database.reading() as tx:
        before = staged_count(tx)
    for _ in range(12 * 6):
        marketing.run()
        clock.advance(timedelta(seconds=10))
    with troth.database.reading() as tx:
        assert 5 <= staged_count(tx) - before <= 8, "denials in twelve minutes"
    waits = campaigns.campaign(case).waits
    assert waits is not None
    assert (waits.since, waits.code, waits.clause) == (since, "refused", "II.13")
    assert waits.what
    assert "troth policy explain" in waits.mend
    assert marketing.counts(case) == {}
    told = call({}, "--data", troth.folder, "campaigns", "status", case).stdout
    assert f"It waits since {since_text}" in told
    assert "(clause II.13)" in told
    listed = json.loads(call({}, "--json", "--data", troth.folder, "campaigns", "list").stdout)
    assert listed["campaigns"][0]["waits"] == {
        "since": since_text, "code": "refused", "clause": "II.13", "field": "", "why": waits.what, "mend": waits.mend,
    }  # fmt: skip
    clock.advance(timedelta(seconds=1))
    troth.post_policy(troth.draft_policy(was + b"\n"))
    campaigns.pause(marketing.key, case)
    assert campaigns.campaign(case).waits is None, "who paused it needs no reason"
    campaigns.resume(marketing.key, case)
    marketing.run()
    assert campaigns.campaign(case).waits is None
    assert marketing.counts(case) == {"sent": PEOPLE - 1}


def test_the_people_chosen_stand_nowhere_but_by_handle(marketing: Marketing) -> None:
    """While a campaign waits no store holds an address of those whom it goes to."""
    case = marketing.draft(per_hour=1).case
    marketing.troth.campaigns.start(marketing.key, case)
    marketing.run()
    assert marketing.counts(case)["planned"] == PEOPLE - 2
    for file in (marketing.troth.folder / "mail").glob("*"):
        file.unlink()
    holding = [
        path.name
        for path in marketing.troth.folder.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes()
    ]
    assert holding == []


def test_who_is_erased_while_it_waits_gets_nothing(marketing: Marketing) -> None:
    """What follows an erasure takes the planned copy with it; the row names nobody any more."""
    case = marketing.draft(per_hour=1).case
    marketing.troth.campaigns.start(marketing.key, case)
    marketing.run()
    with marketing.troth.database.transaction() as tx:
        planned = marketing.troth.outbox.take(tx, case, 1)[0]
        stage_job(tx, ERASED, {"person": planned.person}, due=micros(marketing.clock.now()))
    marketing.troth.background.run_due()
    row = marketing.troth.outbox.message(planned.id)
    assert row is not None
    assert (row.state, row.why) == ("skipped", "erased")
    assert planned.person not in row.person


REFUSED = [
    ("no head", "front matter", ""),
    (TEXT.format(language="en", words="{order_number}"), "order_number", "II.19"),
    (TEXT.format(language="en", words="{nobody}"), "nobody", ""),
    (TEXT.format(language="en", words="<b>x</b>"), "html", ""),
    (TEXT.format(language="en", words="![x](https://tracker.example/a.png)"), "image", ""),
    (TEXT.format(language="en", words="![x](https://www.example.com/a.png?who=1)"), "image", ""),
    (TEXT.format(language="en", words="[x](https://www.example.com/{name})"), "link", ""),
    (TEXT.format(language="en", words="https://www.example.com/?who={name}"), "link", ""),
    (TEXT.format(language="en", words="[x](ftp://www.example.com/x)"), "link", ""),
    (TEXT.format(language="en", words="{unsubscribe_link}"), "unsubscribe_link", ""),
    (TEXT.format(language="xx", words="x"), "language", ""),
    (
        TEXT.format(language="en", words="x").replace("marketing.communications", "marketing.dreams"),
        "purpose",
        "",
    ),
]


def test_a_message_that_may_not_be_sent_does_not_compile(tmp_path: Path, clock: SettableClock) -> None:
    """What names data that its purpose may not send, an unknown variable, HTML or an address that tells who looked is refused."""
    made_folder(tmp_path / "data", clock, any_serial_file(tmp_path))
    with open_troth(tmp_path / "data", clock=clock, sequencer=False) as troth:
        for text, field, clause in REFUSED:
            with pytest.raises(InvalidInput) as refused:
                compile_texts(troth, [read_message(text)])
            assert (refused.value.field, refused.value.clause) == (field, clause)
            assert refused.value.mend


@given(st.lists(st.sampled_from(("start", "begin", "pause", "resume", "finish", "stop")), max_size=12))
def test_steps_lead_only_along_the_states(steps: list[str]) -> None:
    """Whatever is tried in whatever order, what is over stays over, and nothing runs that was not started."""
    state, seen = "draft", ["draft"]
    for step in steps:
        if (state, step) in NEXT:
            state = moved(state, step)
        else:
            with pytest.raises(Conflict):
                moved(state, step)
        seen.append(state)
    assert set(seen) <= set(STATES)
    assert "running" not in seen or "start" in steps
    for over in ("done", "stopped"):
        if over in seen:
            assert set(seen[seen.index(over) :]) == {over}


@pytest.mark.parametrize(("text", "rate"), [("", 0), ("10/s", 36_000), ("600/h", 600), (" 1/s ", 3_600)])
def test_rates(text: str, rate: int) -> None:
    """A rate is read as messages an hour."""
    assert read_rate(text) == rate


@pytest.mark.parametrize("text", ["fast", "10", "0/s", "-1/h", "10/m"])
def test_what_is_no_rate(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(InvalidInput):
        read_rate(text)
