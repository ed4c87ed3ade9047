"""Choice: what a visitor chose, what may therefore be left in a browser, and what is shown when somebody leaves."""

from troth.choice.model import Choice, choice_cookie, choice_value, offered_purposes, read_choice

__all__ = ["Choice", "choice_cookie", "choice_value", "offered_purposes", "read_choice"]
