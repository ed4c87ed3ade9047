"""The demonstration: made customers of an earlier system taken over through the real API, and commands that work when pasted."""

import os
import shlex
import shutil
import sys
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import msgspec

from troth.cli.access import write_secret
from troth.cli.caller import Api, Stopped
from troth.cli.listening import free_port
from troth.cli.made_people import email_of, registration
from troth.cli.say import Say, log_warnings_only
from troth.kernel import Conflict, TrothError

if TYPE_CHECKING:
    from troth.bootstrap import Settings, Troth

FOLDER = Path("demo-data")
POINT = "import"
SUPPORT = "essential.service.operations.support"
_OWN = "demo"
_GRANTS: dict[str, tuple[str, str, list[str]]] = {
    "import": ("service.import", "essential.service.product_registration", []),
    "site": ("service.collection", "essential.service.fulfil_order", []),
    "shop": ("service.shop", "essential.service.fulfil_order", []),
    "support": ("staff.support", SUPPORT, ["ticket"]),
}
_BATCH = 100


class Told(msgspec.Struct):
    """What the demonstration remembers between runs."""

    people: int = 0
    case: str = ""
    entry: str = ""


def run_demo(say: Say, *, people: int, host: str, port: int) -> None:
    """Serve the demonstration until interrupted; a folder made by an earlier run is used again.

    Raises:
        Conflict: The folder is one of yours, which the demonstration must not fill with made people.
    """
    from troth.web import serve

    log_warnings_only()
    folder = say.chosen or FOLDER
    key = prepare(say, folder)
    chosen = free_port(host, port)
    if chosen != port:
        say.note(f"Port {port} is taken; using {chosen}.")
    stop = Event()
    story = Story(say, folder, people, key, stop)
    thread = Thread(target=story.tell, name="demo", daemon=True)

    def ready(url: str) -> None:
        story.url = url
        thread.start()

    try:
        serve(folder, host, chosen, ready=ready, json_logs=False)
    finally:
        stop.set()
        if thread.ident is not None:
            thread.join()
    if story.failure is not None:
        raise story.failure
    place = "" if folder == FOLDER else f" --data {shlex.quote(str(folder))}"
    say.note(f"Stopped. The data stays in {folder}; `{program()} demo{place}` goes on with it.")


def _settings(policy: Path) -> "Settings":
    """Settings of the demonstration: its web site lies on this machine, and its visits count there."""
    from troth.bootstrap import EventSettings, Settings
    from troth.policy import Website, compile_policy

    sites = compile_policy(policy.read_bytes()).of(Website)
    return Settings(events=EventSettings(try_out=sites[0].name if sites else ""))


def prepare(say: Say, folder: Path) -> dict[str, str]:
    """Make the folder when it is missing; gives the demonstration's API keys by role."""
    from troth.bootstrap import init_folder, open_troth, reference_policy

    own = folder / _OWN
    if not (folder / "troth.toml").exists():
        say.note(f"Making {folder}: keys, stores, the reference policy.")
        made = init_folder(folder, settings=_settings(reference_policy()))
        own.mkdir(mode=0o700)
        write_secret(own / "first.key", made.admin_key)
    elif not own.is_dir():
        raise Conflict(
            f"{folder} is a Troth folder that the demonstration did not make.",
            mend="Choose another with --data; made people do not belong among real ones.",
        )
    kept = {file.stem: file.read_text(encoding="utf-8").strip() for file in own.glob("*.key")}
    missing = [one for one in _GRANTS if one not in kept]  # all of them, or those that a cut-off run left out
    if missing:
        with open_troth(folder, sequencer=False) as troth:
            for name in missing:
                role, purpose, cases = _GRANTS[name]
                kept[name] = _issue(troth, role, [purpose], cases)
                write_secret(own / f"{name}.key", kept[name])
    return kept


def _issue(troth: "Troth", role: str, purposes: list[str], cases: list[str]) -> str:
    return troth.issue_key(name=f"demonstration {role}", role=role, purposes=purposes, cases=cases)[0]


class Story:
    """What happens beside the server: people are taken over, a ticket is opened, and the reader is told what to try.

    Args:
        say: Output.
        folder: The data folder.
        people: How many made people there shall be.
        keys: API keys by name.
        stop: Set when the server stops.
    """

    def __init__(self, say: Say, folder: Path, people: int, keys: dict[str, str], stop: Event) -> None:
        self._say = say
        self._folder = folder
        self._people = people
        self._keys = keys
        self._stop = stop
        self._memory = folder / _OWN / "told.json"
        self.url = ""
        self.failure: TrothError | None = None

    def tell(self) -> None:
        """Run to the end; a failure is kept for the main thread and ends the server."""
        import signal

        try:
            with Api(self.url, self._stop) as api:
                self._run(api)
        except Stopped:
            return
        except TrothError as error:
            self.failure = error
            os.kill(os.getpid(), signal.SIGINT)

    def _run(self, api: Api) -> None:
        api.wait_until_healthy()
        self._say.note(f"Answering on {self.url} while {self._people} people are taken over.")
        told = self._recalled()
        self._register(api, told)
        if not told.case:
            opened = api.post("/v1/cases", _ticket(), self._keys["support"])
            told.case, told.entry = opened["case"], opened["entry"]
            self._remember(told)
        self._show(api, told)

    def _register(self, api: Api, told: Told) -> None:
        notice = api.get(f"/v1/collect/{POINT}")["notice"]
        name = notice["name"] if isinstance(notice, dict) else str(notice or "")
        with self._say.progress() as progress:
            task = progress.add_task("taking over", total=self._people, completed=told.people)
            while told.people < self._people:
                numbers = range(told.people + 1, min(told.people + _BATCH, self._people) + 1)
                bodies = [registration(number, name) for number in numbers]
                api.post_all(
                    f"/collect/{POINT}", bodies, self._keys["import"], lambda: progress.advance(task)
                )
                told.people = numbers[-1]
                self._remember(told)

    def _show(self, api: Api, told: Told) -> None:
        log_key = api.text("/ledger/key").strip()
        pages = {
            "policy": f"{self.url}/policy",
            "ledger": f"{self.url}/ledger",
            "security": f"{self.url}/security",
        }
        commands = things_to_try(self._folder, told, log_key)
        lines = [
            f"{told.people} people are there. Ready: look at",
            *(f"  {name:9} {page}" for name, page in pages.items()),
            "and try, in another terminal:",
        ]
        for about, line in commands.items():
            lines += ["", f"  # {about}", f"  {line}"]
        lines += ["", "Ctrl-C stops."]
        document = {"url": self.url, "folder": self._folder, "people": told.people, "pages": pages}
        self._say.answer({**document, "commands": list(commands.values())}, "\n".join(lines))
        sys.stdout.flush()

    def _recalled(self) -> Told:
        if not self._memory.is_file():
            return Told()
        return msgspec.json.decode(self._memory.read_bytes(), type=Told)

    def _remember(self, told: Told) -> None:
        beside = self._memory.with_suffix(".new")
        beside.write_bytes(msgspec.json.encode(told))
        beside.replace(self._memory)


def things_to_try(folder: Path, told: Told, log_key: str) -> dict[str, str]:
    """Command lines that work when pasted, by what they show."""
    troth, where = program(), shlex.quote(str(folder))
    key, receipt = shlex.quote(str(folder / _OWN / "support.key")), shlex.quote(str(folder / "receipt.txt"))
    read = f"--data {where} --key-file {key} --purpose {SUPPORT} --by email={email_of(1)} --field name --field email"
    prove = f"{troth} ledger prove {told.entry} --data {where} --out {receipt}"
    return {
        "support reads a person while a ticket is open": f"{troth} person show {read} --case {told.case}",
        "the same read without the ticket is denied, and says why": f"{troth} act use {read}",
        "a receipt, verified offline with nothing but the log's public key": (
            f"{prove} && {troth} ledger verify {receipt} --key {shlex.quote(log_key)}"
        ),
    }


def program() -> str:
    """How this program is called from the reader's shell."""
    called = Path(sys.argv[0])
    found = shutil.which("troth")
    if found and called.exists() and called.samefile(found):
        return "troth"
    if called.name == "troth" and called.exists():
        return shlex.quote(str(called))
    return f"{shlex.quote(sys.executable)} -m troth"


def _ticket() -> dict[str, Any]:
    return {
        "type": "ticket",
        "purpose": SUPPORT,
        "identify": {"email": email_of(1)},
        "reason": "demonstration",
    }
