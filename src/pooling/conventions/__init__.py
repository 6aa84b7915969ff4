"""The papers of a groupement: its convention, each member's deliberation, written from the purchase and its members.

They are written anew whenever somebody looks; a *version* that somebody keeps is a file that nothing changes any more.
"""
