"""Where the pages of a purchase run elsewhere are."""

SECTION = "/ailleurs"
FOLLOWUP = f"/achats/{{reference:str}}{SECTION}"
