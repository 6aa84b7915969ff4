"""Orders: what a goods purchase asks of its suppliers, once its consolidation is frozen.

One order (*bon de commande*) for each supplier, or one for each supplier and member where the mandate says that each
member executes. It is a `draft` until it leaves, then `sent`, `confirmed` by the supplier, or `cancelled`. What is sent
is a numbered version; amending an order that has left makes the next one.
"""
