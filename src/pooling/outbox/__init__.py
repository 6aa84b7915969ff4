"""Every mail is a row first: written in the transaction that causes it, delivered afterwards.

A *message* goes `queued → sending → sent`, or `failed`. `sending` is a lease: whoever delivers holds the
message for a while; an expired lease is as good as `queued`. A mail goes out twice only where a crash falls
between the mail server's `250` and our commit of `sent`.
"""
