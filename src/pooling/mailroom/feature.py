"""What the pages about mails add to what features share."""

from pooling.mailroom import choice_pages, failure_pages, one_click_pages, pages, setting_pages
from pooling.mailroom.copying import copy_reminder_settings
from pooling.mailroom.event_words import EVENTS
from pooling.mailroom.page import SECTION
from pooling.mailroom.tasks import mails_that_wait
from pooling.members.features import Feature, Section
from pooling.members.rights import Right

FEATURE = Feature(
    pages=(*choice_pages.ROUTES, *pages.ROUTES, *failure_pages.ROUTES, *setting_pages.ROUTES),
    front=one_click_pages.FRONT,
    sections=(Section("Relances", SECTION, Right.MANAGE_REMINDERS, under="/comites"),),
    tasks=(mails_that_wait,),
    group_copies=(copy_reminder_settings,),
    events=EVENTS,
)
