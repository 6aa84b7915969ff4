"""Every feature, in the order in which people see what they add: the one line that a new one needs elsewhere."""

from pooling.accounting import feature as accounting
from pooling.actions import feature as actions
from pooling.allocation import feature as allocation
from pooling.answers import feature as answers
from pooling.bills import feature as bills
from pooling.charters import feature as charters
from pooling.committees import feature as committees
from pooling.committees.calendars import feature as calendars
from pooling.conventions import feature as conventions
from pooling.deliveries import feature as deliveries
from pooling.directory import feature as directory
from pooling.experiences import feature as experiences
from pooling.finances import feature as finances
from pooling.followups import feature as followups
from pooling.grants import feature as grants
from pooling.home import feature as home
from pooling.hosting import feature as hosting
from pooling.indicators import feature as indicators
from pooling.journal import feature as journal
from pooling.mailroom import feature as mailroom
from pooling.members import feature as members
from pooling.members.features import Feature
from pooling.needs import feature as needs
from pooling.offers import feature as offers
from pooling.open_data import feature as open_data
from pooling.orders import feature as orders
from pooling.procurement import feature as procurement
from pooling.purchases import feature as purchases
from pooling.quotes import feature as quotes
from pooling.receipts import feature as receipts
from pooling.recovery import feature as recovery
from pooling.resources import feature as resources
from pooling.rounds import feature as rounds
from pooling.satisfaction import feature as satisfaction
from pooling.sites import feature as sites
from pooling.suppliers import feature as suppliers
from pooling.terms import feature as terms
from pooling.webhooks import feature as webhooks

FEATURES: tuple[Feature, ...] = (
    home.FEATURE,
    purchases.FEATURE,
    needs.FEATURE,
    deliveries.FEATURE,
    answers.FEATURE,
    offers.FEATURE,
    followups.FEATURE,
    allocation.FEATURE,
    procurement.FEATURE,
    conventions.FEATURE,
    quotes.FEATURE,
    orders.FEATURE,
    receipts.FEATURE,
    bills.FEATURE,
    recovery.FEATURE,
    accounting.FEATURE,
    open_data.FEATURE,
    finances.FEATURE,
    grants.FEATURE,
    suppliers.FEATURE,
    actions.FEATURE,
    rounds.FEATURE,
    terms.FEATURE,
    experiences.FEATURE,
    committees.FEATURE,
    mailroom.FEATURE,
    calendars.FEATURE,
    satisfaction.FEATURE,
    resources.FEATURE,
    indicators.FEATURE,
    members.FEATURE,
    sites.FEATURE,
    directory.FEATURE,
    charters.FEATURE,
    hosting.FEATURE,
    webhooks.FEATURE,
    journal.FEATURE,
)
FORGETS = [forget for feature in FEATURES for forget in feature.forgets]
