"""Who gets in where, written by hand: the walk in `test_rights.py` compares every route with it.

An actor that is not named is refused: 403 or 404 (and a visitor is sent to sign in).
"""

EVERYBODY = frozenset(
    {
        *("visitor", "outsider", "administrator"),
        *("facilitator", "reader", "referent", "referent_lead", "referent_other", "finance", "buyer", "buyer_other"),
        "purchasing",
    }
)
SIGNED_IN = EVERYBODY - {"visitor"}
GROUP = SIGNED_IN - {"outsider", "administrator"}
ADMINISTRATOR = frozenset({"administrator"})
FACILITATOR = frozenset({"facilitator"})
BUYER = frozenset({"buyer"})
RUNS_OR_LEADS = frozenset({"facilitator", "buyer"})
JOURNAL = RUNS_OR_LEADS | {"buyer_other"}
"""A lead buyer's journal is that of its own purchases."""
NAMES_BUYERS = frozenset({"facilitator", "referent_lead"})
EDITS = BUYER | NAMES_BUYERS | {"purchasing"}
REFERENTS = frozenset({"referent", "referent_lead", "referent_other"})
PREPARES = FACILITATOR | REFERENTS | {"purchasing"}
KEEPS_PARTNERS = PREPARES | {"finance"}
RAISED_OR_LEADS = frozenset({"facilitator", "referent"})
"""The walk's difficulty was raised by the référent."""
OWN_MEMBER = frozenset({"referent"})
OWNS = frozenset({"facilitator", "referent"})
SEES_LUGOS = frozenset({"referent", "facilitator", "buyer"})
KEEPS_SUPPLIERS = PREPARES | {"buyer", "buyer_other"}
SEES_ORDERS = RUNS_OR_LEADS | REFERENTS | {"finance"}
NOTES_LUGOS = frozenset({"referent", "buyer"})
PAYS = frozenset({"facilitator", "buyer", "finance"})

ASKED = frozenset({"facilitator", "referent_lead"})
"""The walk's request for a resource of the référent's member was made by the lead member."""
BOTH_SIDES = OWNS | ASKED

WEBHOOK = "/g/{group}/webhooks/{webhook_id}"
RESOURCE = "/g/{group}/ressources/{resource_id}"
LENDING = "/g/{group}/ressources/demandes/{lending_id}"
BILLS = frozenset({"buyer", "finance"})
"""The walk's finance officer is the lead member's."""

MEMBERS_FINANCE = frozenset({"facilitator", "finance"})
FILES_OF_FINANCES = tuple(f"/liste.{kind}" for kind in ("xlsx", "ods", "csv"))

PURCHASE = "/g/{group}/achats/{reference}"
RECORD = f"{PURCHASE}/couts/etats/{{number}}"
COMMITTEE = "/g/{group}/comites/{committee_id}"
DECISION = f"{COMMITTEE}/decisions/{{number}}"
PERSON = "/g/{group}/personnes/{person_id}"
API = "/api/v1/groups/{group}"
_ANSWER_FILE = "/files/{answer_file_id}"

EXPECTED: dict[str, frozenset[str]] = {
    # of no group
    "GET /": SIGNED_IN,
    **{f"GET {path}": EVERYBODY for path in ("/accessibilite", "/mentions-legales", "/donnees-personnelles")},
    **{f"GET {path}": EVERYBODY for path in ("/static/{path}", "/branding.css", "/health/live", "/health/ready")},
    "GET /metrics": frozenset(),  # there are none without a token for them
    "GET /branding/logo": frozenset(),  # this territory has none
    "GET /.well-known/security.txt": frozenset(),  # this territory gives no address
    **{f"GET /api{section}": EVERYBODY for section in ("", "/{section}")},
    "GET /api/openapi.json": EVERYBODY,
    **{f"{method} /connexion": EVERYBODY for method in ("GET", "POST")},
    **{f"{method} /connexion/code": EVERYBODY for method in ("GET", "POST")},
    "GET /connexion/lien/{link}": EVERYBODY,
    "POST /connexion/lien/{link}": EVERYBODY,
    "GET /connexion/second-facteur": SIGNED_IN,
    "POST /connexion/second-facteur": SIGNED_IN,
    "POST /deconnexion": EVERYBODY,
    "GET /compte": SIGNED_IN,
    "POST /compte/sessions/fin": SIGNED_IN,
    **{f"{method} /compte/adresse{step}": SIGNED_IN for method in ("GET", "POST") for step in ("", "/code")},
    "GET /saisies": SIGNED_IN,
    "POST /saisies/{kept_id}/oubli": SIGNED_IN,
    "GET /compte/second-facteur": SIGNED_IN,
    "POST /compte/second-facteur": SIGNED_IN,
    "POST /compte/second-facteur/confirmation": SIGNED_IN,
    "POST /compte/second-facteur/secours": SIGNED_IN,
    "POST /compte/second-facteur/retrait": SIGNED_IN,
    "GET /compte/jetons": SIGNED_IN,
    "POST /compte/jetons": SIGNED_IN,
    "POST /compte/jetons/{token_id}/revocation": frozenset(),  # nobody's own token
    # The key in the address is the proof.
    **{  # nobody's link: the walk's purchases are not delivered
        f"{method} /avis/{{group}}/{{about}}/{{about_id}}/{{key}}": frozenset() for method in ("GET", "POST")
    },
    "GET /courriels/{group}/{kind}/{key}": EVERYBODY,
    "POST /courriels/{group}/{kind}/{key}": EVERYBODY,
    "POST /courriels/{group}/{kind}/{key}/reprise": EVERYBODY,
    # A supplier's link: nobody's here.
    "GET /offre/{group}/{key}": frozenset(),
    "POST /offre/{group}/{key}": frozenset(),
    "POST /offre/{group}/{key}/code": frozenset(),
    "POST /offre/{group}/{key}/pieces": frozenset(),
    "GET /offre/{group}/{key}/pieces/{quote_file_id}": frozenset(),
    "POST /offre/{group}/{key}/pieces/{quote_file_id}/retrait": frozenset(),
    # a key that opens nothing
    "GET /atelier/{group}/{key}": frozenset(),
    **{
        f"POST /atelier/{{group}}/{{key}}/{step}": frozenset()
        for step in ("notes", "notes/{note_id}/retrait", "gommettes")
    },
    "GET /demande-acces": SIGNED_IN,
    "POST /demande-acces": SIGNED_IN,
    "GET /demande-acces/envoyee": SIGNED_IN,
    **{
        f"{method} /administration/groupes{path}": ADMINISTRATOR
        for method, path in (
            ("GET", ""),
            *((method, path) for path in ("/nouveau", "/{slug}/nom", "/{slug}/{step}") for method in ("GET", "POST")),
        )
    },
    **{
        f"{method} /administration/catalogue{path}": ADMINISTRATOR
        for method, path in (
            *(("GET", path) for path in ("", "/journal", "/{entry}")),
            *(
                (method, path)
                for path in ("/nouveau", "/{entry}/fiche", "/{entry}/retrait")
                for method in ("GET", "POST")
            ),
        )
    },
    "GET /calendrier/{group}/{feed}": frozenset(),  # nobody's address
    # a group
    "GET /g/{group}": GROUP,
    "GET /g/{group}/achats": GROUP,
    "GET /g/{group}/achats/nouveau": PREPARES,
    "POST /g/{group}/achats/nouveau": PREPARES,
    **{f"GET /g/{{group}}/annuaire{path}": FACILITATOR for path in ("", "/{siren}")},
    "POST /g/{group}/annuaire/{siren}/ajout": FACILITATOR,
    **{f"{method} /g/{{group}}/membre-hors-annuaire": FACILITATOR for method in ("GET", "POST")},
    **{
        f"{method} /g/{{group}}/{page}": FACILITATOR
        for method in ("GET", "POST")
        for page in ("populations", *(f"membres/{{code}}/{step}" for step in ("fiche", "retrait", "reprise")))
    },
    **{f"{method} /g/{{group}}/liste-de-membres": FACILITATOR for method in ("GET", "POST")},
    "POST /g/{group}/liste-de-membres/confirmation": FACILITATOR,
    "GET /g/{group}/membres": GROUP,
    "GET /g/{group}/membres-partis": GROUP,
    **{f"{method} /g/{{group}}/fusion": FACILITATOR for method in ("GET", "POST")},
    "POST /g/{group}/fusion/confirmation": FACILITATOR,
    "GET /g/{group}/membres/{code}": GROUP,
    **{f"GET /g/{{group}}/journal{path}": JOURNAL for path in ("", "/export.csv", "/export.xlsx")},
    **{f"{method} /g/{{group}}/demande": REFERENTS for method in ("GET", "POST")},
    "GET /g/{group}/demandes": FACILITATOR,
    "GET /g/{group}/demandes/{request_id}": FACILITATOR,
    "POST /g/{group}/demandes/{request_id}/accord": FACILITATOR,
    "POST /g/{group}/demandes/{request_id}/refus": FACILITATOR,
    "GET /g/{group}/personnes": FACILITATOR,
    **{
        f"{method} /g/{{group}}/personnes/{step}": FACILITATOR
        for method in ("GET", "POST")
        for step in ("invitation", "liste")
    },
    f"GET {PERSON}": FACILITATOR,
    **{
        f"{method} {PERSON}/{step}": FACILITATOR
        for method in ("GET", "POST")
        for step in ("deconnexion", "fiche", "adresse", "roles/{membership_id}", "roles/{membership_id}/retrait")
    },
    **{f"{method} /g/{{group}}/reglages": FACILITATOR for method in ("GET", "POST")},
    **{f"{method} /g/{{group}}/mes-courriels": GROUP for method in ("GET", "POST")},
    # reminders
    **{
        f"GET /g/{{group}}/relances{path}": FACILITATOR
        for path in (
            *("", "/echecs", "/reglages", "/reglages/{kind}", "/reglages/{kind}/refus"),
            *("/{reminder_id}", "/{reminder_id}/courriel", "/{reminder_id}/envoi"),
        )
    },
    **{
        f"POST /g/{{group}}/relances{path}": FACILITATOR
        for path in (
            "/echecs/essai",
            "/echecs/{message_id}/nouvel-envoi",
            "/reglages/{kind}",
            "/reglages/{kind}/retour",
        )
    },
    "POST /g/{group}/relances/{reminder_id}/envoi": FACILITATOR,
    # committees
    **{f"{method} /g/{{group}}/calendrier": GROUP for method in ("GET", "POST")},
    "POST /g/{group}/calendrier/{feed_id}/retrait": frozenset(),  # nobody's own address
    f"GET {COMMITTEE}/comite.ics": GROUP,
    "GET /g/{group}/comites": GROUP,
    f"GET {COMMITTEE}": GROUP,
    **{f"{method} /g/{{group}}/comites/nouveau": FACILITATOR for method in ("GET", "POST")},
    **{
        f"{method} {COMMITTEE}/{step}": FACILITATOR
        for method in ("GET", "POST")
        for step in ("annulation", "convocation", "ordre-du-jour/{item_id}", "report")
    },
    f"GET {COMMITTEE}/ordre-du-jour": GROUP,
    f"POST {COMMITTEE}/ordre-du-jour": FACILITATOR,
    **{
        f"POST {COMMITTEE}/ordre-du-jour/{step}": FACILITATOR
        for step in ("propositions", *(f"{{item_id}}/{act}" for act in ("montee", "descente", "retrait")))
    },
    f"GET {COMMITTEE}/convocation.pdf": GROUP,
    f"GET {COMMITTEE}/pieces": GROUP,
    f"POST {COMMITTEE}/pieces": FACILITATOR,
    f"GET {COMMITTEE}/pieces/{{file_id}}": GROUP,
    f"POST {COMMITTEE}/pieces/{{file_id}}/retrait": FACILITATOR,
    "GET /g/{group}/comites/difficultes": GROUP,
    **{f"{method} /g/{{group}}/comites/difficultes/nouvelle": GROUP for method in ("GET", "POST")},
    "GET /g/{group}/comites/difficultes/{difficulty_id}": GROUP,
    **{
        f"{method} /g/{{group}}/comites/difficultes/{{difficulty_id}}/reglement": RAISED_OR_LEADS
        for method in ("GET", "POST")
    },
    **{f"GET /g/{{group}}/comites/{step}": GROUP for step in ("decisions", "recherche")},
    # the minutes: read by all once published, written by the facilitator and the committee's secretary
    f"GET {COMMITTEE}/compte-rendu": GROUP,
    f"GET {COMMITTEE}/compte-rendu.pdf": frozenset(),  # nothing is published there
    f"POST {COMMITTEE}/compte-rendu": FACILITATOR,
    f"POST {COMMITTEE}/secretariat": FACILITATOR,
    **{f"{method} {COMMITTEE}/publication": FACILITATOR for method in ("GET", "POST")},
    f"GET {COMMITTEE}/compte-rendu/versions": FACILITATOR,
    f"GET {COMMITTEE}/compte-rendu/versions/{{number}}": FACILITATOR,
    f"POST {COMMITTEE}/compte-rendu/versions/{{number}}/reprise": FACILITATOR,
    **{f"{method} {COMMITTEE}/decisions/nouvelle": FACILITATOR for method in ("GET", "POST")},
    # a decision not published yet, whose owner is the référent of Lugos
    f"GET {DECISION}": OWNS,
    **{
        f"{method} {DECISION}/{step}": FACILITATOR
        for method in ("GET", "POST")
        for step in ("application", "effet", "modification", "suppression")
    },
    **{f"POST {DECISION}/{step}": OWNS for step in ("realisation", "abandon", "reouverture", "echeance")},
    f"POST {DECISION}/responsable": FACILITATOR,
    f"POST {COMMITTEE}/invitations": FACILITATOR,
    f"POST {COMMITTEE}/invitations/roles": FACILITATOR,
    f"GET {COMMITTEE}/personnes": GROUP,
    f"GET {COMMITTEE}/reponse": GROUP,
    f"POST {COMMITTEE}/reponse": REFERENTS,  # those who are invited
    **{f"{method} {COMMITTEE}/presence": FACILITATOR for method in ("GET", "POST")},
    f"GET {COMMITTEE}/presence/emargement.pdf": FACILITATOR,
    **{
        f"POST {COMMITTEE}/presence/{step}": FACILITATOR for step in ("groupe", "exterieur", "venus/{guest_id}/retrait")
    },
    **{f"{method} {COMMITTEE}/personnes/{{person_id}}/reponse": FACILITATOR for method in ("GET", "POST")},
    f"POST {COMMITTEE}/invitations/{{person_id}}/retrait": FACILITATOR,
    # suppliers
    **{f"GET /g/{{group}}/fournisseurs{path}": GROUP for path in ("", "/{supplier_id}")},
    **{
        f"{method} /g/{{group}}/fournisseurs/{step}": KEEPS_SUPPLIERS
        for method in ("GET", "POST")
        for step in ("nouveau", "{supplier_id}/fiche")
    },
    **{f"POST /g/{{group}}/fournisseurs/{{supplier_id}}/{step}": KEEPS_SUPPLIERS for step in ("archivage", "reprise")},
    # webhooks
    "GET /g/{group}/webhooks": FACILITATOR,
    **{f"{method} /g/{{group}}/webhooks/nouveau": FACILITATOR for method in ("GET", "POST")},
    f"GET {WEBHOOK}": FACILITATOR,
    **{
        f"{method} {WEBHOOK}/{step}": FACILITATOR
        for method in ("GET", "POST")
        for step in ("fiche", "secret", "suppression")
    },
    **{f"POST {WEBHOOK}/{step}": FACILITATOR for step in ("arret", "reprise", "envois/{delivery_id}/renvoi")},
    # shared resources
    **{f"GET /g/{{group}}/ressources{path}": GROUP for path in ("", "/{resource_id}")},
    **{f"{method} /g/{{group}}/membres/{{member}}/ressources/nouvelle": OWNS for method in ("GET", "POST")},
    **{f"{method} {RESOURCE}/{step}": OWNS for method in ("GET", "POST") for step in ("fiche", "retrait")},
    **{f"{method} {RESOURCE}/demande": REFERENTS - {"referent"} for method in ("GET", "POST")},
    "GET /g/{group}/ressources/demandes": FACILITATOR | REFERENTS,
    f"GET {LENDING}": BOTH_SIDES,
    f"POST {LENDING}/accord": OWNS,
    **{f"{method} {LENDING}/refus": OWNS for method in ("GET", "POST")},
    f"POST {LENDING}/retrait": ASKED,
    **{f"{method} {LENDING}/{step}": BOTH_SIDES for method in ("GET", "POST") for step in ("fin", "usage")},
    **{f"GET /g/{{group}}/charte{end}": GROUP for end in ("", ".odt", ".docx", ".pdf")},
    # indicators
    **{
        f"GET /g/{{group}}/indicateurs{path}": GROUP
        for path in (
            "",
            "/indicateurs.xlsx",
            "/{figure}",
            "/bilan",
            *(f"/bilan.{kind}" for kind in ("odt", "docx", "pdf", "xlsx")),
        )
    },
    **{f"{method} /g/{{group}}/indicateurs/temps": FACILITATOR | REFERENTS for method in ("GET", "POST")},
    "POST /g/{group}/indicateurs/temps/{noted_id}/retrait": OWNS,
    "GET /g/{group}/indicateurs/hypotheses": FACILITATOR,
    **{f"{method} /g/{{group}}/indicateurs/hypotheses/{{item_id}}": FACILITATOR for method in ("GET", "POST")},
    "POST /g/{group}/indicateurs/hypotheses/{item_id}/retrait": FACILITATOR,
    "GET /g/{group}/indicateurs/comparaison": GROUP,
    **{f"{method} /g/{{group}}/reglages/partage": FACILITATOR for method in ("GET", "POST")},
    "GET /groupes/{slug}": EVERYBODY,
    # actions
    **{f"GET /g/{{group}}/actions{path}": GROUP for path in ("", "/catalogue", "/catalogue/{system}", "/{action}")},
    **{f"GET /g/{{group}}/actions/{path}": GROUP for path in ("tableau", "calendrier", "actions.xlsx")},
    "GET /g/{group}/actions/{action}/fiche.pdf": GROUP,
    **{f"GET /g/{{group}}/actions/partenaires{path}": GROUP for path in ("", "/{partner_id}")},
    **{
        f"{method} /g/{{group}}/actions/partenaires/{path}": KEEPS_PARTNERS
        for method in ("GET", "POST")
        for path in ("nouveau", "{partner_id}/fiche", "{partner_id}/retrait")
    },
    **{f"GET {API}/partners{path}": GROUP for path in ("", "/{partner_id}")},
    **{f"POST {API}/partners{path}": KEEPS_PARTNERS for path in ("", "/{partner_id}/removal")},
    f"PUT {API}/partners/{{partner_id}}": KEEPS_PARTNERS,
    **{f"{method} /g/{{group}}/actions/proposition": GROUP for method in ("GET", "POST")},
    **{f"{method} /g/{{group}}/actions/{{action}}/fiche": OWNS for method in ("GET", "POST")},
    "POST /g/{group}/actions/{action}/etat": FACILITATOR,
    # prioritisation rounds: the walk's is open, and secret
    **{f"GET /g/{{group}}/actions/tours{path}": GROUP for path in ("", "/{round}", "/{round}/bulletins")},
    **{
        f"{method} /g/{{group}}/actions/tours/{step}": FACILITATOR
        for method in ("GET", "POST")
        for step in (
            "nouveau",
            *(f"{{round}}/{step}" for step in ("fiche", "ouverture", "prolongation", "cloture", "abandon")),
        )
    },
    "POST /g/{group}/actions/tours/{round}/relance": FACILITATOR,
    **{f"{method} /g/{{group}}/actions/tours/{{round}}/bulletins/{{member}}": OWN_MEMBER for method in ("GET", "POST")},
    "GET /g/{group}/actions/{action}/pieces/{action_file_id}": GROUP,
    **{f"POST /g/{{group}}/actions/{{action}}/{step}": OWNS for step in ("pieces", "pieces/{action_file_id}/retrait")},
    # charter
    "GET /g/{group}/charte/signatures/{member}": GROUP,
    **{f"POST /g/{{group}}/charte/signatures/{{member}}{step}": OWNS for step in ("", "/retrait")},
    "POST /g/{group}/charte/demande": FACILITATOR,
    **{f"GET /g/{{group}}/charte/versions/{{charter_version}}/charte.{kind}": GROUP for kind in ("odt", "docx", "pdf")},
    **{f"GET {API}/charter{path}": GROUP for path in ("", "/signatures")},
    f"PUT {API}/charter/call": FACILITATOR,
    **{f"POST {API}/charter/signatures/{{member}}{step}": OWNS for step in ("", "/withdrawal")},
    # terms
    "GET /g/{group}/actions/{action}/modalites": GROUP,
    **{f"{method} /g/{{group}}/actions/{{action}}/modalites/fiche": OWNS for method in ("GET", "POST")},
    **{f"{method} /g/{{group}}/actions/{{action}}/modalites/reponses/{{member}}": OWNS for method in ("GET", "POST")},
    **{
        f"GET /g/{{group}}/actions/{{action}}/modalites/reponses/{{member}}/{path}": GROUP
        for path in ("historique", "pieces/{answer_file_id}")
    },
    **{
        f"POST /g/{{group}}/actions/{{action}}/modalites/reponses/{{member}}/pieces{path}": OWNS
        for path in ("", "/{answer_file_id}/retrait")
    },
    "POST /g/{group}/actions/{action}/modalites/achat": OWNS,
    **{
        f"GET {API}/actions/{{action}}/{path}": GROUP
        for path in ("terms", "purchase", *(f"answers/{{member}}{more}" for more in ("", "/given", _ANSWER_FILE)))
    },
    **{f"PUT {API}/actions/{{action}}/{path}": OWNS for path in ("terms", "answers/{member}")},
    **{
        f"POST {API}/actions/{{action}}/{path}": OWNS
        for path in ("purchase", "answers/{member}/files", f"answers/{{member}}{_ANSWER_FILE}/removal")
    },
    # workshops
    **{f"GET /g/{{group}}/actions/ateliers{path}": GROUP for path in ("", "/{workshop_id}")},
    **{
        f"{method} /g/{{group}}/actions/ateliers/{step}": FACILITATOR
        for method in ("GET", "POST")
        for step in ("nouveau", "{workshop_id}/fin")
    },
    **{
        f"POST /g/{{group}}/actions/ateliers/{{workshop_id}}/{step}": FACILITATOR
        for step in ("rangement", "classement", "notes")
    },
    # experience
    **{
        f"GET /g/{{group}}/experiences{path}": GROUP
        for path in ("", "/nouveau", "/ailleurs", "/{experience_id}", "/{experience_id}/pieces/{experience_file_id}")
    },
    "GET /g/{group}/experiences/ailleurs/{shared_id}": frozenset(),  # no other group shows any
    "POST /g/{group}/experiences/nouveau": GROUP,
    **{
        f"{method} /g/{{group}}/{about}/avis": frozenset()  # nothing was delivered, and nobody was there yet
        for method in ("GET", "POST")
        for about in ("achats/{reference}", "comites/{committee_id}")
    },
    **{
        f"POST /g/{{group}}/experiences/{{experience_id}}/{path}": GROUP
        for path in ("questions", "questions/{question_id}/reponse")
    },
    **{f"{method} /g/{{group}}/experiences/{{experience_id}}/fiche": OWNS for method in ("GET", "POST")},
    **{
        f"POST /g/{{group}}/experiences/{{experience_id}}/pieces{path}": OWNS
        for path in ("", "/{experience_file_id}/retrait")
    },
    "POST /g/{group}/experiences/{experience_id}/partage": FACILITATOR,
    **{f"{method} {API}/experiences": GROUP for method in ("GET", "POST")},
    f"GET {API}/experiences/{{experience_id}}": GROUP,
    f"PUT {API}/experiences/{{experience_id}}": OWNS,
    f"PUT {API}/experiences/{{experience_id}}/sharing": FACILITATOR,
    **{f"{method} {API}/experiences/{{experience_id}}/questions": GROUP for method in ("GET", "POST")},
    f"POST {API}/experiences/{{experience_id}}/questions/{{question_id}}/answer": GROUP,
    f"GET {API}/shared-experiences": GROUP,
    # a purchase
    f"GET {PURCHASE}": GROUP,
    **{
        f"{method} {PURCHASE}/{step}": NAMES_BUYERS
        for method in ("GET", "POST")
        for step in ("acheteurs", "acheteurs/{membership_id}/retrait")
    },
    **{
        f"{method} {PURCHASE}/{step}": EDITS
        for method in ("GET", "POST")
        for step in ("action", "articles", "lots", "modification", "suppression")
    },
    **{
        f"{method} {PURCHASE}/{step}": BUYER
        for method in ("GET", "POST")
        for step in ("ouverture", "cloture", "prolongation", "annulation", "besoins/{member}/modification")
    },
    f"GET {PURCHASE}/articles/{{item}}": GROUP,
    f"GET {PURCHASE}/articles/{{item}}/pieces/{{item_file_id}}": GROUP,
    **{f"{method} {PURCHASE}/articles/{{item}}/precisions": EDITS for method in ("GET", "POST")},
    **{f"POST {PURCHASE}/articles/{{item}}/{step}": EDITS for step in ("pieces", "pieces/{item_file_id}/retrait")},
    **{f"{method} {PURCHASE}/etape": BUYER for method in ("GET", "POST")},
    # quotes
    **{f"GET {PURCHASE}/devis{path}": RUNS_OR_LEADS for path in ("", "/{quote_id}", "/comparaison", "/parts")},
    **{f"GET {PURCHASE}/devis/modele.{kind}": BUYER for kind in ("xlsx", "ods")},
    f"GET {PURCHASE}/devis/{{quote_id}}/pieces/{{quote_file_id}}": RUNS_OR_LEADS,
    **{
        f"{method} {PURCHASE}/devis/{step}": BUYER
        for method in ("GET", "POST")
        for step in (
            "nouveau",
            "criteres",
            "attribution",
            "demandes",
            *(f"{{quote_id}}/{step}" for step in ("modification", "retrait", "notes")),
        )
    },
    **{
        f"POST {PURCHASE}/devis/{step}": BUYER
        for step in ("demandes/rappel", "lecture", "{quote_id}/pieces", "{quote_id}/pieces/{quote_file_id}/retrait")
    },
    **{
        f"GET {API}/purchases/{{reference}}/quotes{path}": RUNS_OR_LEADS
        for path in ("", "/{quote_id}", "/comparison", "/criteria", "/{quote_id}/marks")
    },
    f"GET {API}/purchases/{{reference}}/quotes/requests": BUYER,
    **{f"POST {API}/purchases/{{reference}}/quotes/requests{step}": BUYER for step in ("", "/reminding")},
    f"GET {API}/purchases/{{reference}}/awards": RUNS_OR_LEADS,
    f"PUT {API}/purchases/{{reference}}/awards": BUYER,
    **{
        f"PUT {API}/purchases/{{reference}}/quotes/{path}": BUYER
        for path in ("{quote_id}", "criteria", "{quote_id}/marks")
    },
    **{f"POST {API}/purchases/{{reference}}/quotes{path}": BUYER for path in ("", "/{quote_id}/removal")},
    # bills
    **{f"GET {PURCHASE}/factures{path}": GROUP for path in ("", "/liste.xlsx", "/liste.csv")},
    **{f"GET {PURCHASE}/factures/{{bill_id}}{path}": PAYS for path in ("", "/fichier")},
    **{
        f"{method} {PURCHASE}/factures/{step}": BILLS
        for method in ("GET", "POST")
        for step in (
            "saisie",
            *(f"{{bill_id}}/{what}" for what in ("correction", "lignes", "fournisseur", "rapprochement")),
        )
    },
    **{
        f"POST {PURCHASE}/factures{step}": BILLS
        for step in (
            "",
            "/avances",
            "/avances/{advance_id}/retrait",
            *(f"/{{bill_id}}/{what}" for what in ("commande", "acceptation", "contestation", "refus", "reprise")),
        )
    },
    f"POST {PURCHASE}/factures/frais": BUYER,
    **{f"GET {API}/purchases/{{reference}}/{path}": GROUP for path in ("bills", "billing")},
    f"GET {API}/purchases/{{reference}}/bills/{{bill_id}}": PAYS,
    f"POST {API}/purchases/{{reference}}/bills": BILLS,
    **{f"PUT {API}/purchases/{{reference}}/bills/{{bill_id}}/{what}": BILLS for what in ("orders", "matches")},
    **{
        f"POST {API}/purchases/{{reference}}/bills/{{bill_id}}/{what}": BILLS
        for what in ("acceptance", "dispute", "rejection", "reopening")
    },
    f"GET {PURCHASE}/ailleurs": GROUP,
    **{f"{method} {PURCHASE}/ailleurs/modification": BUYER for method in ("GET", "POST")},
    f"GET {PURCHASE}/ailleurs/pieces/{{document_id}}": GROUP,
    **{f"POST {PURCHASE}/ailleurs/{step}": BUYER for step in ("pieces", "pieces/{document_id}/retrait")},
    f"GET {PURCHASE}/offre": GROUP,
    **{f"{method} {PURCHASE}/offre/modification": BUYER for method in ("GET", "POST")},
    f"GET {PURCHASE}/bilan": GROUP,
    f"GET {PURCHASE}/bilan/{{member}}": SEES_LUGOS,
    f"POST {PURCHASE}/bilan/{{member}}": OWN_MEMBER,
    f"GET {PURCHASE}/participation": GROUP,
    f"GET {PURCHASE}/participation/{{member}}": SEES_LUGOS,
    f"POST {PURCHASE}/participation/{{member}}": OWN_MEMBER,
    **{f"{method} {PURCHASE}/participation/{{member}}/telephone": RUNS_OR_LEADS for method in ("GET", "POST")},
    f"GET {PURCHASE}/besoins": GROUP,
    f"POST {PURCHASE}/relance": RUNS_OR_LEADS,
    f"GET {PURCHASE}/suivi": RUNS_OR_LEADS,
    f"POST {PURCHASE}/besoins/{{member}}/relance": RUNS_OR_LEADS,
    **{f"{method} {PURCHASE}/besoins/{{member}}/telephone": RUNS_OR_LEADS for method in ("GET", "POST")},
    f"GET {PURCHASE}/besoins/{{member}}": SEES_LUGOS,
    f"POST {PURCHASE}/besoins/{{member}}/brouillon": OWN_MEMBER,
    f"POST {PURCHASE}/besoins/{{member}}/part": OWN_MEMBER,
    f"GET {PURCHASE}/besoins/{{member}}/abandon": OWN_MEMBER,
    f"POST {PURCHASE}/besoins/{{member}}/abandon": OWN_MEMBER,
    f"POST {PURCHASE}/besoins/{{member}}/retrait": OWN_MEMBER,
    **{
        f"{method} {PURCHASE}/besoins/{{member}}/{door}": OWN_MEMBER
        for method in ("GET", "POST")
        for door in ("verification", "collage", "fichier")
    },
    f"POST {PURCHASE}/besoins/{{member}}/lignes": OWN_MEMBER,
    **{f"GET {PURCHASE}/besoins/{{member}}/modele.{kind}": OWN_MEMBER for kind in ("xlsx", "ods")},
    f"POST {PURCHASE}/besoins/{{member}}/depot": OWN_MEMBER,
    f"GET {PURCHASE}/consolidation": RUNS_OR_LEADS,
    f"POST {PURCHASE}/consolidation": BUYER,
    f"GET {PURCHASE}/consolidation/{{item}}": RUNS_OR_LEADS,
    f"GET {PURCHASE}/consolidation/{{item}}/consolidation.xlsx": RUNS_OR_LEADS,
    f"GET {PURCHASE}/consolidation/commande.xlsx": RUNS_OR_LEADS,
    **{f"{method} /g/{{group}}/membres/{{member}}/sites/nouveau": OWNS for method in ("GET", "POST")},
    **{
        f"{method} /g/{{group}}/membres/{{member}}/sites/{{site_id}}{step}": OWNS
        for method in ("GET", "POST")
        for step in ("", "/archivage")
    },
    **{f"GET {PURCHASE}/livraisons{path}": RUNS_OR_LEADS for path in ("", "/liste.xlsx")},
    f"GET {PURCHASE}/livraisons/{{member}}": SEES_LUGOS,
    f"POST {PURCHASE}/livraisons/{{member}}": OWNS,
    f"GET {PURCHASE}/commandes": SEES_ORDERS,
    f"POST {PURCHASE}/commandes": BUYER,
    **{f"{method} {PURCHASE}/commandes/fournisseurs": BUYER for method in ("GET", "POST")},
    f"GET {PURCHASE}/commandes/{{order_number}}": SEES_LUGOS,
    **{
        f"{method} {PURCHASE}/commandes/{{order_number}}/{act}": BUYER
        for method in ("GET", "POST")
        for act in ("confirmation", "modification", "annulation", "tolerances")
    },
    **{
        f"GET {PURCHASE}/commandes/{{order_number}}/{path}": RUNS_OR_LEADS
        for path in (
            *("bon-de-commande.pdf", "bon-de-commande.xlsx"),
            *("documents/{order_export_id}", "documents/{order_export_id}/fichier"),
        )
    },
    f"POST {PURCHASE}/commandes/{{order_number}}/documents": RUNS_OR_LEADS,
    **{  # this one has not left
        f"GET {PURCHASE}/commandes/{{order_number}}/versions/{{version}}/bon-de-commande.{kind}": frozenset()
        for kind in ("pdf", "xlsx")
    },
    f"POST {PURCHASE}/commandes/documents": RUNS_OR_LEADS,
    **{
        f"GET {PURCHASE}/commandes/{path}": RUNS_OR_LEADS
        for path in (
            *("lignes.csv", "lignes.xlsx"),
            *("documents/{lines_export_id}", "documents/{lines_export_id}/fichier"),
        )
    },
    **{f"{method} /g/{{group}}/membres/{{member}}/acheteur": OWNS for method in ("GET", "POST")},
    **{
        f"{method} {PURCHASE}/commandes{one}/envoi": BUYER
        for method in ("GET", "POST")
        for one in ("", "/{order_number}")
    },
    f"GET {PURCHASE}/receptions": SEES_ORDERS,
    **{f"{method} {PURCHASE}/receptions/ajustement": BUYER for method in ("GET", "POST")},
    f"GET {PURCHASE}/receptions/{{order_number}}": SEES_LUGOS,
    f"POST {PURCHASE}/receptions/{{order_number}}": BUYER,
    f"GET {PURCHASE}/receptions/{{order_number}}/membres/{{member}}": SEES_LUGOS,
    f"POST {PURCHASE}/receptions/{{order_number}}/membres/{{member}}": NOTES_LUGOS,
    **{
        f"{method} {PURCHASE}/receptions/{{order_number}}/{end}": BUYER
        for method in ("GET", "POST")
        for end in ("ajustement", "completion", "reouverture")
    },
    **{f"GET {PURCHASE}/arrivees/{{receipt_id}}{photo}": SEES_LUGOS for photo in ("", "/photos/{photo_id}")},
    **{
        f"{method} {PURCHASE}/arrivees/{{receipt_id}}/{change}": NOTES_LUGOS
        for method in ("GET", "POST")
        for change in ("correction", "retrait")
    },
    **{f"{method} {PURCHASE}/arrivees/fichiers": BUYER for method in ("GET", "POST")},
    **{f"GET {PURCHASE}/arrivees/fichiers/modele.{kind}": BUYER for kind in ("csv", "ods", "xlsx")},
    **{f"GET {PURCHASE}/arrivees/fichiers/{{list_id}}{path}": BUYER for path in ("", "/lignes.csv")},
    **{f"POST {PURCHASE}/arrivees/fichiers/{{list_id}}/{end}": BUYER for end in ("abandon", "confirmation")},
    f"GET {PURCHASE}/procedure": GROUP,
    **{f"{method} {PURCHASE}/procedure/modification": EDITS for method in ("GET", "POST")},
    **{f"{method} {PURCHASE}/procedure/membres/{{member}}": SEES_LUGOS | EDITS for method in ("GET", "POST")},
    **{f"GET {PURCHASE}/procedure/donnees{path}": GROUP for path in ("", "/decp", "/membres")},
    **{
        f"{method} {PURCHASE}/procedure/donnees/{{contract_supplier}}/{{contract_lot}}": EDITS
        for method in ("GET", "POST")
    },
    **{
        f"GET /g/{{group}}/donnees-ouvertes{path}": GROUP
        for path in ("", "/{data_year}", "/{data_year}/marches", "/{data_year}/vehicules")
    },
    **{
        f"GET {PURCHASE}/procedure/convention{path}": GROUP
        for path in ("", ".odt", ".docx", ".pdf", "/versions/{kept_document}")
    },
    f"POST {PURCHASE}/procedure/convention/versions": EDITS,
    f"POST {PURCHASE}/procedure/convention/deliberations": RUNS_OR_LEADS,
    **{
        f"GET {PURCHASE}/procedure/convention/dossiers/{{deliberations_export}}{path}": RUNS_OR_LEADS
        for path in ("", "/fichier")
    },
    **{
        f"{method} {PURCHASE}/procedure/convention/deliberations/{{member}}{path}": SEES_LUGOS
        for method, path in (
            ("GET", ""),
            *(("GET", f"/deliberation.{kind}") for kind in ("odt", "docx", "pdf")),
            ("POST", "/versions"),
            ("GET", "/versions/{kept_deliberation}"),
        )
    },
    f"GET {PURCHASE}/couts": GROUP,
    f"GET {PURCHASE}/couts/cles": GROUP,
    f"POST {PURCHASE}/couts/cles": BUYER,
    f"GET {PURCHASE}/couts/{{member}}": SEES_LUGOS | {"finance"},
    **{f"GET {PURCHASE}/couts/repartition.{kind}": PAYS for kind in ("csv", "json", "ods", "xlsx")},
    **{f"GET {PURCHASE}/couts/detail.{kind}": PAYS for kind in ("csv", "json")},
    f"GET {PURCHASE}/couts/etats/{{number}}": GROUP,
    f"GET {PURCHASE}/couts/etats/{{number}}/dettes": GROUP,
    **{f"GET {PURCHASE}/couts/etats/{{number}}/dettes.{kind}": PAYS for kind in ("csv", "xlsx")},
    # nobody: the walk's record is the first, with none before it to be compared with
    **{f"GET {PURCHASE}/couts/etats/{{number}}/{page}": frozenset() for page in ("ecarts", "ecarts.xlsx")},
    **{f"GET /g/{{group}}/finances{path}": MEMBERS_FINANCE for path in ("", *FILES_OF_FINANCES)},
    "POST /g/{group}/finances/calcul": MEMBERS_FINANCE,
    "POST /g/{group}/finances/fichiers": FACILITATOR,
    **{f"GET /g/{{group}}/finances/fichiers/{{finances_export}}{path}": FACILITATOR for path in ("", "/fichier")},
    **{  # the walk's finance officer is the lead member's
        f"GET /g/{{group}}/finances/{{member}}{path}": FACILITATOR
        for path in ("", "/comptes", "/comptes/{other}", *FILES_OF_FINANCES)
    },
    "POST /g/{group}/finances/{member}/fctva": FACILITATOR,
    **{f"{method} /g/{{group}}/finances/subventions/nouveau": MEMBERS_FINANCE for method in ("GET", "POST")},
    "GET /g/{group}/finances/subventions": MEMBERS_FINANCE,
    # the walk's file is the référent's member's
    **{f"GET /g/{{group}}/finances/subventions/{{grant_id}}{path}": FACILITATOR for path in ("", "/fiche")},
    "POST /g/{group}/finances/subventions/{grant_id}/fiche": FACILITATOR,
    "POST /g/{group}/finances/subventions/{grant_id}/pieces": FACILITATOR,
    "GET /g/{group}/finances/subventions/{grant_id}/pieces/{grant_file_id}": FACILITATOR,
    "POST /g/{group}/finances/subventions/{grant_id}/pieces/{grant_file_id}/retrait": FACILITATOR,
    f"GET {PURCHASE}/recouvrement": GROUP,
    **{f"GET {PURCHASE}/recouvrement/liste.{kind}": PAYS for kind in ("csv", "xlsx")},
    f"GET {PURCHASE}/recouvrement/{{member}}": SEES_LUGOS | {"finance"},
    **{f"POST {PURCHASE}/recouvrement/{{member}}/{what}": BILLS for what in ("ecritures", "retrait")},
    f"GET {API}/purchases/{{reference}}/recovery": GROUP,
    f"GET {API}/purchases/{{reference}}/recovery/{{member}}": SEES_LUGOS | {"finance"},
    f"POST {API}/purchases/{{reference}}/recovery/{{member}}/entries": BILLS,
    f"POST {API}/purchases/{{reference}}/recovery/{{member}}/entries/{{entry_id}}/withdrawal": BILLS,
    f"POST {PURCHASE}/couts/etats/{{number}}/traitement": frozenset({"finance"}),
    f"GET {PURCHASE}/couts/etats/{{number}}/{{member}}": SEES_LUGOS | {"finance"},
    **{f"GET {PURCHASE}/couts/etats/{{number}}/repartition.{kind}": PAYS for kind in ("csv", "json", "ods", "xlsx")},
    **{f"GET {PURCHASE}/couts/etats/{{number}}/detail.{kind}": PAYS for kind in ("csv", "json")},
    **{f"{method} {PURCHASE}/couts/classeurs": PAYS for method in ("GET", "POST")},
    **{f"GET {PURCHASE}/couts/classeurs/{{export_id}}{path}": PAYS for path in ("", "/fichier")},
    **{f"GET {RECORD}/{path}": PAYS for path in ("releves", "comptabilite/{layout}")},
    **{f"GET {RECORD}/releves/{path}{{member}}": SEES_LUGOS | {"finance"} for path in ("", "envoyes/")},
    f"POST {RECORD}/releves/envoi": BUYER,
    **{f"{method} {PURCHASE}/couts/gel": BUYER for method in ("GET", "POST")},
    f"GET {PURCHASE}/couts/gel/{{freezing_id}}": BUYER,
    **{
        f"{method} {PURCHASE}/couts/{step}": BUYER
        for method in ("GET", "POST")
        for step in ("frais/nouveau", "frais/{code}", "frais/{code}/suppression")
    },
    **{
        f"{method} {PURCHASE}/couts/{step}": BUYER
        for method in ("GET", "POST")
        for step in ("subventions/nouvelle", "subventions/{code}", "subventions/{code}/suppression")
    },
    **{f"GET {PURCHASE}/journal{path}": RUNS_OR_LEADS for path in ("", "/export.csv", "/export.xlsx")},
    # the interface for programs
    "GET /api/v1/me": SIGNED_IN,
    f"GET {API}/audit": JOURNAL,
    f"GET {API}/committees": GROUP,
    f"POST {API}/committees": FACILITATOR,
    f"GET {API}/committees/{{committee_id}}": GROUP,
    f"PUT {API}/committees/{{committee_id}}/answer": REFERENTS,  # those who are invited
    f"GET {API}/committees/{{committee_id}}/invitations": FACILITATOR,
    f"GET {API}/committees/{{committee_id}}/minutes": frozenset(),  # nothing is published there
    f"GET {API}/committees/{{committee_id}}/agenda": GROUP,
    **{f"{method} {API}/committees/{{committee_id}}/agenda": FACILITATOR for method in ("POST", "PUT")},
    **{f"{method} {API}/difficulties": GROUP for method in ("GET", "POST")},
    f"POST {API}/difficulties/{{difficulty_id}}/settlement": RAISED_OR_LEADS,
    f"GET {API}/decisions": GROUP,
    f"POST {API}/committees/{{committee_id}}/decisions/{{number}}/settlement": OWNS,
    **{f"GET {API}/directory{path}": FACILITATOR for path in ("", "/{siren}")},
    f"GET {API}/members": GROUP,
    f"GET {API}/members/{{member}}": GROUP,
    f"PUT {API}/members/{{member}}": FACILITATOR,
    f"GET {API}/directory/differences": FACILITATOR,
    f"POST {API}/directory/renewal": FACILITATOR,
    f"POST {API}/members": FACILITATOR,
    **{f"POST {API}/members/{{member}}/{step}": FACILITATOR for step in ("retirement", "return")},
    f"POST {API}/members/from-directory": FACILITATOR,
    f"POST {API}/members/merger": FACILITATOR,
    **{f"{method} {API}/actions": GROUP for method in ("GET", "POST")},
    f"GET {API}/catalogue": GROUP,
    f"GET {API}/actions/{{action}}": GROUP,
    f"PUT {API}/actions/{{action}}": OWNS,
    f"POST {API}/actions/{{action}}/state": FACILITATOR,
    **{f"GET {API}/rounds{path}": GROUP for path in ("", "/{round}", "/{round}/result", "/{round}/ballots")},
    f"POST {API}/rounds": FACILITATOR,
    f"PUT {API}/rounds/{{round}}": FACILITATOR,
    **{
        f"POST {API}/rounds/{{round}}/{step}": FACILITATOR
        for step in ("opening", "extension", "reminding", "closure", "cancellation")
    },
    **{f"{method} {API}/rounds/{{round}}/ballots/{{member}}": OWN_MEMBER for method in ("GET", "PUT")},
    **{f"GET {API}/suppliers{path}": GROUP for path in ("", "/{supplier_id}")},
    f"POST {API}/suppliers": KEEPS_SUPPLIERS,
    f"PUT {API}/suppliers/{{supplier_id}}": KEEPS_SUPPLIERS,
    **{f"POST {API}/suppliers/{{supplier_id}}/{step}": KEEPS_SUPPLIERS for step in ("archive", "restore")},
    **{f"GET {API}/resources{path}": GROUP for path in ("", "/{resource_id}", "/{resource_id}/occupation")},
    f"POST {API}/members/{{member}}/resources": OWNS,
    **{f"{method} {API}/grants": MEMBERS_FINANCE for method in ("GET", "POST")},
    **{f"{method} {API}/grants/{{grant_id}}": FACILITATOR for method in ("GET", "PUT")},
    f"GET {API}/finances": MEMBERS_FINANCE,
    **{f"GET {API}/finances/{{member}}{path}": FACILITATOR for path in ("", "/purchases", "/balances", "/fctva-delay")},
    f"PUT {API}/finances/{{member}}/fctva-delay": FACILITATOR,
    f"GET {API}/indicators": GROUP,
    f"GET {API}/comparison": GROUP,
    **{f"{method} {API}/agent-days": FACILITATOR | REFERENTS for method in ("GET", "POST")},
    f"POST {API}/agent-days/{{noted_id}}/withdrawal": OWNS,
    f"PUT {API}/purchases/{{reference}}/items/{{item}}/journeys": FACILITATOR,
    f"POST {API}/purchases/{{reference}}/items/{{item}}/journeys/withdrawal": FACILITATOR,
    f"PUT {API}/resources/{{resource_id}}": OWNS,
    f"POST {API}/resources/{{resource_id}}/withdrawal": OWNS,
    f"POST {API}/resources/{{resource_id}}/lendings": REFERENTS - {"referent"},
    f"GET {API}/lendings": FACILITATOR | REFERENTS,
    f"GET {API}/lendings/{{lending_id}}": BOTH_SIDES,
    **{f"POST {API}/lendings/{{lending_id}}/{step}": OWNS for step in ("agreement", "refusal")},
    f"POST {API}/lendings/{{lending_id}}/withdrawal": ASKED,
    f"POST {API}/lendings/{{lending_id}}/end": BOTH_SIDES,
    f"PUT {API}/lendings/{{lending_id}}/uses": BOTH_SIDES,
    f"GET {API}/purchases": GROUP,
    f"POST {API}/purchases": PREPARES,
    f"GET {API}/purchases/{{reference}}": GROUP,
    f"GET {API}/purchases/{{reference}}/items/{{item}}": GROUP,
    f"PUT {API}/purchases/{{reference}}/items/{{item}}/details": EDITS,
    f"GET {API}/purchases/{{reference}}/lots": GROUP,
    **{f"GET {API}/purchases/{{reference}}/procedure{path}": GROUP for path in ("", "/plan", "/members")},
    **{
        f"GET {API}/purchases/{{reference}}/procedure/contracts{path}": GROUP
        for path in ("", "/essential-data", "/members")
    },
    f"PUT {API}/purchases/{{reference}}/procedure/contracts/{{contract_supplier}}/{{contract_lot}}": EDITS,
    **{
        f"GET {API}/purchases/{{reference}}/procedure/convention{path}": GROUP
        for path in ("", ".odt", ".docx", ".pdf", "/versions/{kept_document}")
    },
    f"POST {API}/purchases/{{reference}}/procedure/convention/versions": EDITS,
    **{
        f"{method} {API}/purchases/{{reference}}/procedure/members/{{member}}/deliberation{path}": SEES_LUGOS
        for method, path in (
            *(("GET", path) for path in ("", ".odt", ".docx", ".pdf", "/versions/{kept_deliberation}")),
            ("POST", "/versions"),
        )
    },
    f"PUT {API}/purchases/{{reference}}/procedure/plan": EDITS,
    **{
        f"{method} {API}/purchases/{{reference}}/procedure/members/{{member}}": SEES_LUGOS | EDITS
        for method in ("GET", "PUT")
    },
    **{f"PUT {API}/purchases/{{reference}}/{part}": EDITS for part in ("lots", "action")},
    f"GET {API}/purchases/{{reference}}/allocation": GROUP,
    **{f"GET {API}/purchases/{{reference}}/allocation.{kind}": PAYS for kind in ("csv", "ods", "xlsx")},
    f"GET {API}/purchases/{{reference}}/allocation/detail.json": PAYS,
    f"POST {API}/purchases/{{reference}}/allocation/files": PAYS,
    **{f"GET {API}/purchases/{{reference}}/allocation/files/{{export_id}}{path}": PAYS for path in ("", "/content")},
    **{f"GET {API}/purchases/{{reference}}/allocation/{file}": PAYS for file in ("accounting", "statement")},
    f"GET {API}/purchases/{{reference}}/allocation/records": GROUP,
    **{
        f"GET {API}/purchases/{{reference}}/allocation/records/{{number}}/{what}": GROUP
        for what in ("differences", "debts")
    },
    f"GET {API}/purchases/{{reference}}/consolidation": RUNS_OR_LEADS,
    f"GET {API}/members/{{member}}/sites": GROUP,
    f"POST {API}/members/{{member}}/sites": OWNS,
    f"GET {API}/members/{{member}}/sites/{{site_id}}": GROUP,
    f"PUT {API}/members/{{member}}/sites/{{site_id}}": OWNS,
    f"POST {API}/members/{{member}}/sites/{{site_id}}/archiving": OWNS,
    f"GET {API}/purchases/{{reference}}/deliveries": RUNS_OR_LEADS,
    f"GET {API}/purchases/{{reference}}/deliveries/{{member}}": SEES_LUGOS,
    f"PUT {API}/purchases/{{reference}}/deliveries/{{member}}": OWNS,
    f"POST {API}/purchases/{{reference}}/step": BUYER,
    f"GET {API}/purchases/{{reference}}/orders": SEES_ORDERS,
    f"POST {API}/purchases/{{reference}}/orders": BUYER,
    **{f"{method} {API}/purchases/{{reference}}/orders/suppliers": BUYER for method in ("GET", "PUT")},
    **{f"POST {API}/purchases/{{reference}}/orders{one}/sending": BUYER for one in ("", "/{order_number}")},
    **{f"GET {API}/purchases/{{reference}}/orders/{{order_number}}{path}": SEES_LUGOS for path in ("", "/lines")},
    **{
        f"{method} {API}/purchases/{{reference}}/orders/{{order_number}}/{act}": BUYER
        for act, method in (
            *(("confirmation", "PUT"), ("tolerances", "PUT")),
            *(("amendment", "POST"), ("cancellation", "POST")),
        )
    },
    f"GET {API}/purchases/{{reference}}/followup": GROUP,
    f"PUT {API}/purchases/{{reference}}/followup": BUYER,
    f"GET {API}/purchases/{{reference}}/offer": GROUP,
    f"PUT {API}/purchases/{{reference}}/offer": BUYER,
    f"GET {API}/purchases/{{reference}}/uptakes": GROUP,
    f"GET {API}/purchases/{{reference}}/uptakes/{{member}}": SEES_LUGOS,
    f"PUT {API}/purchases/{{reference}}/uptakes/{{member}}": OWN_MEMBER,
    f"GET {API}/purchases/{{reference}}/answers": GROUP,
    f"GET {API}/purchases/{{reference}}/answers/{{member}}": SEES_LUGOS,
    f"PUT {API}/purchases/{{reference}}/answers/{{member}}": OWN_MEMBER,
    f"POST {API}/purchases/{{reference}}/answers/{{member}}/telephone": RUNS_OR_LEADS,
    f"GET {API}/purchases/{{reference}}/declarations": GROUP,
    f"GET {API}/purchases/{{reference}}/declarations/{{member}}": SEES_LUGOS,
    f"PUT {API}/purchases/{{reference}}/declarations/{{member}}": OWN_MEMBER,
    f"POST {API}/purchases/{{reference}}/declarations/{{member}}/telephone": RUNS_OR_LEADS,
    f"POST {API}/purchases/{{reference}}/declarations/{{member}}/discarding": OWN_MEMBER,
    f"POST {API}/purchases/{{reference}}/declarations/{{member}}/withdrawal": OWN_MEMBER,
    f"POST {API}/purchases/{{reference}}/reminding": RUNS_OR_LEADS,
    f"POST {API}/purchases/{{reference}}/declarations/{{member}}/reminding": RUNS_OR_LEADS,
    f"GET {API}/purchases/{{reference}}/receipts": SEES_ORDERS,
    **{f"{method} {API}/purchases/{{reference}}/receipts/taking": BUYER for method in ("GET", "POST")},
    f"GET {API}/purchases/{{reference}}/receipts/orders": SEES_ORDERS,
    f"GET {API}/purchases/{{reference}}/receipts/orders/{{order_number}}/lines": SEES_LUGOS,
    f"POST {API}/purchases/{{reference}}/receipts/orders/{{order_number}}": NOTES_LUGOS,
    **{
        f"POST {API}/purchases/{{reference}}/receipts/orders/{{order_number}}/{end}": BUYER
        for end in ("completion", "reopening")
    },
    f"GET {API}/purchases/{{reference}}/receipts/{{receipt_id}}": SEES_LUGOS,
    **{
        f"POST {API}/purchases/{{reference}}/receipts/{{receipt_id}}/{end}": NOTES_LUGOS
        for end in ("correction", "withdrawal")
    },
    f"PUT {API}/purchases/{{reference}}": EDITS,
    f"POST {API}/purchases/{{reference}}/deletion": EDITS,
    **{f"POST {API}/purchases/{{reference}}/{step}": BUYER for step in ("opening", "closure", "cancellation")},
}
