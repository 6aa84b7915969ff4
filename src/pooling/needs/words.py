"""What is declared, in words."""


def wanted_words(quantity: int, up_to: int) -> str:
    """`4`, or with a tolerance `4, jusqu’à 9`."""
    return f"{quantity}, jusqu’à {up_to}" if up_to > quantity else str(quantity)
