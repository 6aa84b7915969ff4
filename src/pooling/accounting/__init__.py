"""What leaves for finance services, of a frozen allocation: a statement for each member (relevé), and files that
accounting packages take in (projets de titres, projets d’engagements et de mandats).
"""
