"""Offers in French."""

from datetime import date

from pooling.web.typography import date_long


def dates_in_words(valid_from: date | None, valid_until: date | None) -> str:
    if valid_until is None:
        return f"à partir du {date_long(valid_from)}" if valid_from else "pas encore dites"
    until = f"jusqu’au {date_long(valid_until)}"
    return f"du {date_long(valid_from)} au {date_long(valid_until)}" if valid_from else until
