"""The rooms of a data folder, each opened when it is first asked for."""

from functools import cached_property
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from troth.accounts import Accounts, Attempts, Passkeys
    from troth.adapters import Provider
    from troth.bootstrap.connecting import Connectors
    from troth.bootstrap.eventing import Events
    from troth.bootstrap.runtime import Troth
    from troth.bootstrap.telemetry import Telemetry
    from troth.bulletins import Bulletins, Delivering
    from troth.campaigns import Campaigns, Runner
    from troth.desk import Desk
    from troth.flows import Answering
    from troth.inbound import Inbox
    from troth.insights import Board, Changes, Insights
    from troth.outreach import (
        Audiences,
        CallLists,
        CallOverseeing,
        HandedLetters,
        MailCounts,
        Messages,
        Outbox,
        Overseeing,
        PacedMailer,
    )
    from troth.preferences import Envelopes, Preferences, StopTokens
    from troth.relay import Relays
    from troth.rights import Agents, Rights
    from troth.staff import CompanySignIn, Roster, Staff, StaffPasskeys


class Rooms:
    """What a running Troth is made of beside the gate; a command pays only for the rooms that it enters."""

    @property
    def _whole(self) -> "Troth":
        return cast("Troth", self)

    @cached_property
    def mail_counts(self) -> "MailCounts":
        """How many mails went out, and what became of them."""
        from troth.outreach import MailCounts

        return MailCounts(self._whole.database, self._whole.clock)

    @cached_property
    def mailer(self) -> "PacedMailer":
        """What carries mail away; all who send share its connections.

        Raises:
            InvalidInput: The settings name a mail transport that is none, or a key that is not there.
        """
        from troth.bootstrap.mailing import mailer_of

        return mailer_of(self._whole)

    @cached_property
    def accounts(self) -> "Accounts":
        """Signing in, the profile, closing."""
        from troth.bootstrap.accounting import accounts_of

        return accounts_of(self._whole)

    @cached_property
    def rights(self) -> "Rights":
        """Requests and disputes of people."""
        from troth.bootstrap.matters import rights_of

        return rights_of(self._whole)

    @cached_property
    def desk(self) -> "Desk":
        """Orders and tickets of people."""
        from troth.desk import Desk

        whole = self._whole
        return Desk(
            database=whole.database,
            perform=whole.perform_along,
            actor=whole.gate.actor,
            policy=whole.policy,
            clock=whole.clock,
            rights=self.rights,
        )

    @cached_property
    def agents(self) -> "Agents":
        """Requests that somebody makes in another's name."""
        from troth.bootstrap.representing import agents_of

        return agents_of(self._whole)

    @cached_property
    def answering(self) -> "Answering":
        """What carries requests out."""
        from troth.bootstrap.answering import answering_of

        return answering_of(self._whole)

    @cached_property
    def connectors(self) -> "Connectors":
        """Other databases, and recipients that are told of requests."""
        from troth.bootstrap.connecting import Connectors

        return Connectors(self._whole)

    @cached_property
    def passkeys(self) -> "Passkeys":
        """Passkeys for the public address."""
        from troth.bootstrap.accounting import passkeys_of

        return passkeys_of(self._whole, self.accounts)

    @cached_property
    def attempts(self) -> "Attempts":
        """Limits on signing in."""
        from troth.bootstrap.accounting import attempts_of

        return attempts_of(self._whole)

    @cached_property
    def staff(self) -> "Staff":
        """Signing in at the console."""
        from troth.bootstrap.staffing import staff_of

        return staff_of(self._whole)

    @cached_property
    def staff_passkeys(self) -> "StaffPasskeys":
        """Passkeys of staff."""
        from troth.bootstrap.staffing import staff_passkeys_of

        return staff_passkeys_of(self._whole)

    @cached_property
    def company(self) -> "CompanySignIn":
        """Signing in at the console by the company's own provider."""
        from troth.bootstrap.staffing import company_of

        return company_of(self._whole)

    @cached_property
    def provider(self) -> "Provider | None":
        """The company's own OpenID provider; None where none is set."""
        from troth.bootstrap.staffing import provider_of

        return provider_of(self._whole)

    @cached_property
    def roster(self) -> "Roster":
        """Who works at the console."""
        from troth.bootstrap.staffing import roster_of

        return roster_of(self._whole)

    @cached_property
    def insights(self) -> "Insights":
        """Declared reports: run, scheduled, shown."""
        from troth.bootstrap.analysing import insights_of

        return insights_of(self._whole)

    @cached_property
    def board(self) -> "Board":
        """Reports as the console shows them."""
        from troth.insights import Board

        whole = self._whole
        return Board(whole.database, whole.gate, whole.clock, self.insights)

    @cached_property
    def product_changes(self) -> "Changes":
        """The log of product changes, each with the report that led to it."""
        from troth.insights import Changes

        whole = self._whole
        return Changes(whole.database, whole.gate, whole.clock)

    @cached_property
    def audiences(self) -> "Audiences":
        """Audiences: built, counted, never listed."""
        from troth.outreach import Audiences

        whole = self._whole
        return Audiences(whole.database, whole.gate, whole.clock)

    @cached_property
    def bulletins(self) -> "Bulletins":
        """Crucial notices about products: written, approved, started."""
        from troth.bootstrap.bulletins import bulletins_of

        return bulletins_of(self._whole)

    @cached_property
    def delivering(self) -> "Delivering":
        """What takes crucial notices to every owner."""
        from troth.bootstrap.bulletins import delivering_of

        return delivering_of(self._whole)

    @cached_property
    def outbox(self) -> "Outbox":
        """Mass mail: who gets a batch, by handle, and what became of each copy."""
        from troth.outreach import Outbox

        return Outbox(self._whole.database, self._whole.clock, counts=self.mail_counts)

    @cached_property
    def letters(self) -> "HandedLetters":
        """Letters, in batches for the print house."""
        from troth.bootstrap.lettering import letters_of

        return letters_of(self._whole)

    @cached_property
    def overseeing(self) -> "Overseeing":
        """Letters, as staff oversee them."""
        from troth.bootstrap.lettering import overseeing_of

        return overseeing_of(self._whole)

    @cached_property
    def overseeing_calls(self) -> "CallOverseeing":
        """Call lists, as staff oversee them."""
        from troth.bootstrap.lettering import overseeing_calls_of

        return overseeing_calls_of(self._whole)

    @cached_property
    def calls(self) -> "CallLists":
        """Calls, pulled by the call centre."""
        from troth.bootstrap.lettering import calls_of

        return calls_of(self._whole)

    @cached_property
    def messages(self) -> "Messages":
        """The company's own messages, by version."""
        from troth.bootstrap.campaigning import messages_of

        return messages_of(self._whole)

    @cached_property
    def campaigns(self) -> "Campaigns":
        """Campaigns: drafted, started, stopped, told of."""
        from troth.bootstrap.campaigning import campaigns_of

        return campaigns_of(self._whole)

    @cached_property
    def campaign_runner(self) -> "Runner":
        """What runs campaigns."""
        from troth.bootstrap.campaigning import runner_of

        return runner_of(self._whole)

    @cached_property
    def events(self) -> "Events":
        """Web events: what takes them in, and what is done with them in the background."""
        from troth.bootstrap.eventing import Events

        return Events(self._whole)

    @cached_property
    def telemetry(self) -> "Telemetry":
        """The receiving door of telemetry, and what is done with reports in the background."""
        from troth.bootstrap.telemetry import Telemetry

        return Telemetry(self._whole)

    @cached_property
    def relays(self) -> "Relays":
        """The relay between users."""
        from troth.bootstrap.relaying import relays_of

        return relays_of(self._whole)

    @cached_property
    def preferences(self) -> "Preferences":
        """What people hear of, per topic and channel."""
        from troth.bootstrap.preferring import preferences_of

        return preferences_of(self._whole)

    @cached_property
    def stop_tokens(self) -> "StopTokens":
        """Links to stop what people hear of."""
        from troth.bootstrap.preferring import stop_tokens_of

        return stop_tokens_of(self._whole)

    @cached_property
    def envelopes(self) -> "Envelopes":
        """Addresses that tell which message came back."""
        from troth.bootstrap.preferring import envelopes_of

        return envelopes_of(self._whole)

    @cached_property
    def inbox(self) -> "Inbox":
        """Mail that arrived and is not handled yet."""
        from troth.bootstrap.receiving import inbox_of

        return inbox_of(self._whole)
