"""What statements and files for accounting packages add to what features share."""

from pooling.accounting import api, pages
from pooling.accounting.configuration import read_layouts
from pooling.accounting.event_words import EVENTS
from pooling.accounting.layout_export import layout_export
from pooling.accounting.mailing import forget_recipients, mail_statements
from pooling.accounting.statement_export import STATEMENTS
from pooling.members.features import Feature

FEATURE = Feature(
    pages=pages.ROUTES,
    api=api.ROUTES,
    record_parts=(pages.record_part,),
    configuration=read_layouts,
    exports=lambda layouts: (STATEMENTS, layout_export(layouts)),
    chores=lambda _: (mail_statements,),
    events=EVENTS,
    forgets=(forget_recipients,),
)
