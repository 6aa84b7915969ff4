// A long text saves itself while it is written. What was typed is never lost: without the network or once the session
// has ended the page keeps it, says so, and tries again.
const PAUSE = 2500; // milliseconds after the last key
const AGAIN = 15000;

class Refused extends Error {}

const WORDS = {
  waiting: "Modifications non enregistrées…",
  offline: "Hors connexion : votre texte reste dans cette page et sera enregistré dès que possible.",
  ended: "Votre session a pris fin : reconnectez-vous dans un autre onglet. Votre texte reste dans cette page et sera enregistré ensuite.",
  other: "Une autre personne a enregistré un texte entre-temps : « Enregistrer » vous montre les deux.",
  refused: "Ce texte n’a pas pu être enregistré : « Enregistrer » vous dit pourquoi.",
};

export function autosave(form) {
  const box = form.querySelector("textarea");
  const seen = form.elements.namedItem("seen");
  const status = form.querySelector("[data-autosave-status]");
  const preview = form.ownerDocument.querySelector("[data-autosave-preview]");
  const isRefused = form.ownerDocument.querySelector("[data-error-summary], [data-resumed], #champ-other"); // what it shows was never saved
  let saved = isRefused ? null : box.value;
  let sending = null; // the text on its way: sent again as it is until the server has answered for it
  let running = null;
  let timer = 0;
  let stopped = false; // the person has to choose first
  let leaving = false;

  const say = (words) => {
    if (status.textContent !== words) status.textContent = words;
  };
  const plan = (delay) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(save, delay);
  };

  async function send(text) {
    const body = new URLSearchParams({ csrf: form.elements.namedItem("csrf").value, seen: seen.value, minutes: text });
    const answer = await fetch(form.action, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      redirect: "manual",
    });
    if (answer.ok) return answer.json();
    if (answer.type === "opaqueredirect") throw new Refused("ended");
    if (answer.status === 401 || answer.status === 403) throw new Refused((await hasNewToken()) ? "again" : "ended");
    if (answer.status >= 500) throw new TypeError("not now");
    throw new Refused(answer.status === 409 ? "other" : "refused");
  }

  // Signed in again in another tab: this page's token is of the session before.
  async function hasNewToken() {
    const answer = await fetch(form.action, { headers: { Accept: "text/html" }, redirect: "manual" });
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
    while (box.value !== saved && !stopped) {
      sending ??= box.value;
      try {
        const kept = await send(sending);
        saved = sending;
        sending = null;
        seen.value = kept.seen;
        if (preview) preview.replaceChildren(...new DOMParser().parseFromString(kept.preview, "text/html").body.childNodes);
        say(kept.saved);
      } catch (problem) {
        if (problem instanceof Refused && problem.message === "again") continue;
        if (!(problem instanceof Refused) || problem.message === "ended") {
          say(problem instanceof Refused ? WORDS.ended : WORDS.offline);
          plan(AGAIN);
          return false;
        }
        sending = null;
        stopped = problem.message === "other";
        say(WORDS[problem.message]);
        return false;
      }
    }
    return box.value === saved;
  }

  form.addEventListener("input", () => {
    if (stopped || box.value === saved) return;
    say(WORDS.waiting);
    if (!isRefused) plan(PAUSE);
  });
  window.addEventListener("online", () => save());

  // The text is saved first, so that a page that cannot be reached does not take it along.
  form.addEventListener("submit", async (event) => {
    if (leaving || stopped || isRefused || box.value === saved) {
      leaving = true;
      return;
    }
    event.preventDefault();
    const submitter = event.submitter;
    const goesOn = (await save()) || stopped || status.textContent === WORDS.refused;
    if (!goesOn) return;
    leaving = true;
    form.requestSubmit(submitter);
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && box.value !== saved) event.preventDefault();
  });
}
