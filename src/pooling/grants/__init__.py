"""Files of subsidies: what is asked of a funder, granted or refused, paid in instalments, justified; with documents and
deadlines. How it stands is derived from its days and amounts.
"""
