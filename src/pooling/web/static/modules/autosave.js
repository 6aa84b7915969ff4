// A long text, or a draft of several fields, saves itself while it is written. What was typed is never lost: without the
// network or once the session has ended the page keeps it, says so, and tries again.
const PAUSE = 2500; // milliseconds after the last key
const AGAIN = 15000;

class Refused extends Error {}

const wordsFor = (what, button) => ({
  waiting: "Modifications non enregistrées…",
  offline: `Hors connexion : votre ${what} reste dans cette page et sera enregistré dès que possible.`,
  ended: `Votre session a pris fin : reconnectez-vous dans un autre onglet. Votre ${what} reste dans cette page et sera enregistré ensuite.`,
  other: `Une autre personne a enregistré un ${what} entre-temps : « ${button} » vous montre les deux.`,
  refused: `Ce ${what} n’a pas pu être enregistré : « ${button} » vous dit pourquoi.`,
});
const CARRIED = new Set(["csrf", "seen"]); // what a form says of itself

const typedIn = (form) => new URLSearchParams([...new FormData(form)].filter(([name]) => !CARRIED.has(name))).toString();

/** The form saves itself by its action, or by the address and in the words that it names. */
export function autosave(form) {
  const address = form.dataset.autosave || form.action;
  const page = form.dataset.autosavePage || form.action;
  const WORDS = form.dataset.autosave ? wordsFor("brouillon", "Enregistrer le brouillon") : wordsFor("texte", "Enregistrer");
  const typed = () => typedIn(form);
  const seen = form.elements.namedItem("seen");
  const status = form.querySelector("[data-autosave-status]");
  const preview = form.ownerDocument.querySelector("[data-autosave-preview]");
  const isRefused = form.ownerDocument.querySelector("[data-error-summary], [data-resumed], #champ-other"); // what it shows was never saved
  let saved = isRefused ? null : typed();
  let sending = null; // the text on its way: sent again as it is until the server has answered for it
  let running = null;
  let timer = 0;
  let stopped = false; // the person has to choose first
  let leaving = false;
  let lastSaid = status.textContent; // of what is saved

  const say = (words) => {
    if (status.textContent !== words) status.textContent = words;
    status.classList.toggle("autosave-failed", words !== WORDS.waiting && typed() !== saved);
  };
  const plan = (delay) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(save, delay);
  };

  async function send(text) {
    const body = new URLSearchParams(text);
    body.set("csrf", form.elements.namedItem("csrf").value);
    body.set("seen", seen.value);
    const answer = await fetch(address, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      redirect: "manual",
    });
    if (answer.ok) return answer.json();
    if (answer.type === "opaqueredirect") throw new Refused("ended");
    if (answer.status === 401 || answer.status === 403) throw new Refused((await hasNewToken()) ? "again" : "ended");
    if (answer.status >= 500) throw new TypeError("not now");
    if (answer.status !== 409) throw new Refused("refused");
    const told = await answer.json().catch(() => null); // a page says no more than that
    if (!told || told.code === "changed_meanwhile") throw new Refused("other");
    WORDS.told = told.message;
    throw new Refused("told");
  }

  // Signed in again in another tab: this page's token is of the session before.
  async function hasNewToken() {
    const answer = await fetch(page, { headers: { Accept: "text/html" }, redirect: "manual" });
    if (!answer.ok) return false;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-autosave] [name=csrf]");
    const token = form.elements.namedItem("csrf");
    if (!fresh || fresh.value === token.value) return false;
    token.value = fresh.value;
    return true;
  }

  function save() {
    window.clearTimeout(timer);
    running ??= attempt().finally(() => {
      running = null;
    });
    return running;
  }

  async function attempt() {
    while (typed() !== saved && !stopped) {
      sending ??= typed();
      try {
        const kept = await send(sending);
        if (kept.refused) throw new Refused("refused");
        saved = sending;
        sending = null;
        seen.value = kept.seen;
        if (preview) preview.replaceChildren(...new DOMParser().parseFromString(kept.preview, "text/html").body.childNodes);
        lastSaid = kept.saved;
        say(lastSaid);
        if (typed() === saved) form.dispatchEvent(new Event("autosaved"));
      } catch (problem) {
        if (problem instanceof Refused && problem.message === "again") continue;
        if (!(problem instanceof Refused) || problem.message === "ended") {
          say(problem instanceof Refused ? WORDS.ended : WORDS.offline);
          plan(AGAIN);
          return false;
        }
        sending = null;
        stopped = problem.message === "other" || problem.message === "told";
        say(WORDS[problem.message]);
        return false;
      }
    }
    return typed() === saved;
  }

  form.addEventListener("input", () => {
    if (stopped) return;
    if (typed() === saved) {
      say(lastSaid);
      return;
    }
    say(WORDS.waiting);
    if (!isRefused) plan(PAUSE);
  });
  window.addEventListener("online", () => save());

  // The text is saved first, so that a page that cannot be reached does not take it along.
  form.addEventListener("submit", async (event) => {
    if (leaving || stopped || isRefused || typed() === saved) {
      leaving = true;
      return;
    }
    event.preventDefault();
    const submitter = event.submitter;
    // Refused, it says why; after the session has ended the server keeps what is sent for whoever signs in again.
    const goesOn = (await save()) || stopped || [WORDS.refused, WORDS.ended].includes(status.textContent);
    if (!goesOn) return;
    leaving = true;
    form.requestSubmit(submitter);
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && typed() !== saved) event.preventDefault();
  });
}
