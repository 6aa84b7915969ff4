"""An address as a picture, for telephones."""


def qr_picture(address: str) -> str:
    """An SVG of its QR code, black on white whatever the page's colours."""
    import segno  # noqa: PLC0415 - 1.5 MB, once somebody wants a picture

    picture: str = segno.make(address, error="m").svg_inline(scale=5, border=2, light="#ffffff", dark="#000000")
    return picture
