"""The operations about choices, notices and leaving."""

from troth.web.operation import ENTRY, FORM, HTML, SHA256, Answer, Operation, Parameter

_ANALYTICS = "analytics.reporting.site_usage"
_CHOICE = {
    "made": True, "on": "2026-01-05", "signal": "", "value": "v1.2026-01-05.analytics%2Ereporting%2Esite_usage.",
    "keep": 14515200, "entry": ENTRY,
    "purposes": [{"purpose": _ANALYTICS, "title": "Usage statistics", "about": "We count visits.", "allowed": True, "switched_on": True, "knowingly": False}],
}  # fmt: skip
_PAGE = {"type": "string"}
_RECEIPT = {
    "notice": "practices-notice", "clause": "0.3", "text": "We work as our privacy policy says.", "places": ["page.home"], "policy": SHA256,
    "on": "2026-01-05", "means": "The notice was shown. This is no consent to anything.", "entry": ENTRY, "proof": f"/v1/receipts/{ENTRY}", "choices": "/choice",
}  # fmt: skip
_TO = Parameter("to", "query", "address of the other site", "https://www.example.org/list?utm_source=us", {"type": "string", "maxLength": 2000}, required=True)  # fmt: skip
_NAME = Parameter("name", "path", "name of a declared notice", "practices-notice", required=True)
_BACK = Parameter("back", "query", "path of this site to go back to", "/", {"type": "string"})
_SAVED = Parameter("saved", "query", "whether to confirm a choice that was just made", "yes", {"type": "string"})  # fmt: skip

CHOICE_OPERATIONS = (
    Operation(
        "getChoice", "GET", "/v1/choice", "Choice", "What the visitor chose",
        "Read from the choice cookie and the browser's signal of this very request; nothing about the visitor is kept here.",
        {200: Answer("The choice.", schema="ChoiceAnswer", example=_CHOICE)}, problems=(422, 503),
    ),
    Operation(
        "postChoice", "POST", "/v1/choice", "Choice", "Choose",
        "Sets the choice cookie, takes back every cookie that is not allowed any more, and records that a choice was made, "
        "without saying whose.",
        {200: Answer("It is recorded, and the cookie is set.", schema="ChoiceAnswer", example=_CHOICE)},
        body=("ChoiceBody",), examples={"Allow statistics": {"allow": [_ANALYTICS]}, "Refuse all": {"allow": []}},
        problems=(400, 403, 413, 415, 422, 429, 503),
    ),
    *(
        Operation(f"page{name}", "GET", path, "Choice", "Your choices", "A switch for each optional purpose, and the list of all cookies, pixels and storage.",
                  {200: Answer("The page.", HTML, _PAGE)}, parameters=(_BACK, _SAVED), problems=(422, 503))
        for name, path in (("Choice", "/choice"), ("Cookies", "/cookies"))
    ),
    Operation(
        "submitChoice", "POST", "/choice", "Choice", "Choose by form", "What the choice page and the banner send; works without script.",
        {303: Answer("It is recorded; back to where the visitor was.", "", {})}, body=("ChoiceForm",), media=(FORM,),
        examples={"Refuse all": {"do": "none"}}, problems=(400, 403, 413, 415, 422, 429, 503),
    ),
    Operation(
        "getBanner", "GET", "/choice/banner", "Choice", "The banner", "A fragment of HTML with a refusal and a consent of equal weight, for a page of the company.",
        {200: Answer("The fragment.", HTML, _PAGE)}, parameters=(_BACK,), problems=(422, 503),
    ),
    Operation(
        "getChoiceScript", "GET", "/choice.js", "Choice", "The banner's script", "Shows the banner where no choice was made and no signal was sent.",
        {200: Answer("The script.", "text/javascript", {"type": "string"})}, problems=(503,),
    ),
    Operation(
        "getNoticeReceipt", "GET", "/notice/{name}/receipt", "Choice", "Receipt of a notice",
        "That a notice of the version in force was shown, with the ledger entry that counts it. It names nobody and is no consent (clause 0.3).",
        {200: Answer("The receipt.", schema="NoticeReceipt", example=_RECEIPT)}, parameters=(_NAME,), problems=(404, 422, 503),
    ),
    Operation(
        "pageParents", "GET", "/parents", "Choice", "For parents", "What happens when a child comes, and how to reach us (clause I.20).",
        {200: Answer("The page.", HTML, _PAGE)}, problems=(503,),
    ),
    Operation(
        "pageExit", "GET", "/exit", "Choice", "Leaving", "Names the site that a signed link leads to, and whose policy applies there (clauses II.28 and II.29).",
        {200: Answer("The page.", HTML, _PAGE)},
        parameters=(_TO, Parameter("sig", "query", "signature of the address", "k1.Zm9v", {"type": "string", "maxLength": 200}, required=True)), problems=(400, 422, 503),
    ),
    Operation(
        "getExitLink", "GET", "/v1/exit-link", "Choice", "A link by way of the exit page", "For a company's own server, which writes the link into its pages.",
        {200: Answer("The link.", schema="ExitLink", example={"href": "/exit?to=https%3A%2F%2Fwww.example.org%2Flist&sig=k1.Zm9v", "to": "https://www.example.org/list", "host": "www.example.org", "policy_url": "https://www.example.org/privacy", "removed": ["utm_source"]})},
        key=True, parameters=(_TO,), problems=(401, 422, 429, 503),
    ),
)  # fmt: skip
