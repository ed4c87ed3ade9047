"""Why the receiving door does not take a report."""

from troth.kernel import Conflict, Refused


class NotOptedIn(Refused):
    """There is no receipt or token of an installation whose administrator opted in."""

    code = "not-opted-in"


class TokenClosed(Refused):
    """The key that signed the token is closed; whoever is still opted in fetches another."""

    code = "token-closed"


class TokenSpent(Refused):
    """The token was shown with a report before."""

    code = "token-spent"


class ReleaseTooOld(Refused):
    """This version of the product may not report."""

    code = "release-too-old"


class OtherSchema(Conflict):
    """The report was made by a schema that is not in force."""

    code = "schema-not-in-force"


class TokenIssued(Conflict):
    """The installation has a token for this week already."""

    code = "token-issued"
