"""The table of background work: who handles which job, and what is done periodically. Rooms add theirs here."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from troth.bootstrap.analysing import report_task
from troth.bootstrap.answering import answer_handler, answering_tasks
from troth.bootstrap.background import Background, forgetting
from troth.bootstrap.bulletins import bulletin_task
from troth.bootstrap.drilling import drill_tasks
from troth.bootstrap.keeping import archive_tasks, journal_erasures
from troth.bootstrap.keying import key_ending
from troth.bootstrap.lettering import lettering_tasks
from troth.bootstrap.mailing import mail_folder, mail_sending, mail_tasks
from troth.bootstrap.matters import end_questions_of, matter_tasks
from troth.bootstrap.polling import polling_tasks
from troth.bootstrap.preferring import preference_tasks
from troth.bootstrap.receiving import inbox_tasks
from troth.bootstrap.relaying import relay_delivering, relay_tasks
from troth.bootstrap.reminding import TELL_STAFF, reminding
from troth.bootstrap.retaining import retention_tasks
from troth.bootstrap.staffing import staff_task
from troth.bulletins import STEP
from troth.desk import forget_person
from troth.gate import ERASED, KEY_ENDS, MAIL, clear_notes, dispose_suppressions
from troth.inbound import RECEIVED
from troth.kernel import micros
from troth.outreach import Mailer
from troth.relay import DELIVER
from troth.rights import ANSWER
from troth.storage import Handler, Job, Task, remove_finished

if TYPE_CHECKING:
    from troth.bootstrap.runtime import Troth

SIDE_BY_SIDE = {ANSWER: 8}
"""Requests that are carried out at once: each waits for disks and for other databases."""
KEEP_FINISHED = timedelta(days=7)
_DAILY = timedelta(days=1)
_OFTEN = timedelta(minutes=10)
_HOURLY = timedelta(hours=1)

_ROOMS = (
    mail_tasks,
    archive_tasks,
    matter_tasks,
    answering_tasks,
    retention_tasks,
    relay_tasks,
    drill_tasks,
    lettering_tasks,
    preference_tasks,
)


def background_of(troth: "Troth") -> Background:
    """All background work of a folder, not started yet.

    Raises:
        InvalidInput: The settings name a mail transport that is none.
    """
    mailer = troth.mailer
    return Background(troth.database, troth.clock, _handlers(troth, mailer), _tasks(troth), SIDE_BY_SIDE)


def _handlers(troth: "Troth", mailer: Mailer) -> dict[str, Handler]:
    """A handler for each topic; each job is one look at the policy in force."""
    handlers: dict[str, Handler] = {
        MAIL: mail_sending(troth, mailer),
        TELL_STAFF: reminding(troth, mailer),
        RECEIVED: troth.inbox,
        DELIVER: relay_delivering(troth, mailer),
        ANSWER: answer_handler(troth),
        STEP: troth.delivering,
        KEY_ENDS: key_ending(troth),
        ERASED: forgetting(_forgetters(troth)),
    }
    return {topic: _in_one_look(troth, handler) for topic, handler in handlers.items()}


def _in_one_look(troth: "Troth", handler: Handler) -> Handler:
    def handle(job: Job) -> None:
        with troth.gate.one_look():
            handler(job)

    return handle


def _forgetters(troth: "Troth") -> list[Callable[[str], None]]:
    """What forgets an erased person (by handle) outside the vault; each may be called again for the same one."""

    def journal(_: str) -> None:
        journal_erasures(troth)

    def questions(person: str) -> None:
        end_questions_of(troth, person)

    def cases(person: str) -> None:
        with troth.database.transaction() as tx:
            forget_person(tx, person, micros(troth.clock.now()))

    forgetters: list[Callable[[str], None]] = [
        troth.events.forget,
        troth.relays.forget,
        troth.preferences.forget,
        troth.connectors.forget,
        troth.outbox.forget,
        troth.letters.forget,
        questions,
        cases,
        journal,
    ]
    folder = mail_folder(troth)
    if folder is not None:
        forgetters.append(folder.forget)
    return forgetters


def _tasks(troth: "Troth") -> list[Task]:
    """What is done periodically."""

    def remove_jobs() -> None:
        with troth.database.transaction() as tx:
            remove_finished(tx, micros(troth.clock.now() - KEEP_FINISHED))

    def expire_held() -> None:
        troth.gate.expire_held()

    def clear_credentials() -> None:
        from troth.bootstrap.accounting import challenges_of

        troth.gate.clear_credentials()
        clear_notes(troth.database)
        troth.attempts.clear()
        challenges_of(troth).clear()

    def dispose_listed() -> None:
        dispose_suppressions(troth.gate, troth.database, troth.clock)

    return [
        Task("held-submissions", _OFTEN, expire_held, "Erase submissions that nobody confirmed in time."),
        Task(
            "credentials",
            _OFTEN,
            clear_credentials,
            "Remove sessions, links and counts of tries that are over.",
        ),
        Task("suppressions", _DAILY, dispose_listed, "Dispose of the suppression list past its retention."),
        Task("finished-jobs", _HOURLY, remove_jobs, "Remove jobs that were finished a week ago."),
        *troth.events.tasks(),
        *troth.telemetry.tasks(),
        *inbox_tasks(troth, troth.inbox),
        *polling_tasks(troth, troth.inbox),
        report_task(troth),
        bulletin_task(troth),
        *(task for tasks in _ROOMS for task in tasks(troth)),
        *troth.connectors.tasks(),
        staff_task(troth),
    ]
