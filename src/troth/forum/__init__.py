"""Forum: what people post for everybody to read, with what they are warned of first."""

from troth.forum.markup import plain_summary, posting_html
from troth.forum.model import SHOWN, Forum, Page, Posting, forum_of, one_form
from troth.forum.previewing import Mark, kinds_found, marked
from troth.forum.service import Board

__all__ = [
    "SHOWN",
    "Board",
    "Forum",
    "Mark",
    "Page",
    "Posting",
    "forum_of",
    "kinds_found",
    "marked",
    "one_form",
    "plain_summary",
    "posting_html",
]
