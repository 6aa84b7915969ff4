"""What calendars add to what features share. Their section comes after that of another feature, so they are one."""

from pooling.committees.calendars import pages
from pooling.committees.calendars.event_words import EVENTS
from pooling.committees.calendars.reminders import calendar_kinds
from pooling.members.features import Feature, Section
from pooling.members.rights import Right

FEATURE = Feature(
    pages=pages.ROUTES,
    front=pages.FRONT,
    sections=(Section("Mon agenda", pages.PATH, Right.SEE_GROUP, under="/comites"),),
    kinds=calendar_kinds,
    events=EVENTS,
)
