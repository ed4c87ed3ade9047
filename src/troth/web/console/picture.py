"""A text as a picture that a phone's camera reads: a QR code (ISO/IEC 18004) as SVG within the page."""

from io import BytesIO

from markupsafe import Markup


def camera_code(text: str) -> Markup:
    """The picture of a text, as an element of a page; it has no style of its own, which the content policy would not let in.

    Dark on light in both colour schemes, because cameras read the reverse badly. Assistive technology passes it over: the page
    says what it is, and has the same as text.
    """
    import segno

    made = BytesIO()
    segno.make(text, micro=False, error="m").save(
        made,
        kind="svg",
        xmldecl=False,
        svgns=False,
        svgclass=None,
        lineclass=None,
        omitsize=True,
        dark="#000",
        light="#fff",
    )
    # Only modules of the code are in it, as coordinates: nothing of the text is markup.
    return Markup(made.getvalue().decode().strip())  # noqa: S704
