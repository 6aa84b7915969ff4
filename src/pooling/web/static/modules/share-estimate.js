// The estimated share follows what is typed, by the button's own address. A purchase that takes long to share is left to
// the button.
const PAUSE = 700;
const TOO_LONG = 1500;

export function followShare(place) {
  const form = place.closest("form");
  let waiting = 0;
  let asked = 0;
  let live = true;

  async function ask() {
    const mine = ++asked;
    const begun = performance.now();
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(place.dataset.shareEstimate, { method: "POST", body });
      if (mine !== asked) return; // something else was typed meanwhile
      const page = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page && page.getElementById(place.id);
      place.replaceChildren(...(found ? found.childNodes : []));
    } catch {
      place.replaceChildren(); // no network: an old figure would lie
    }
    live = performance.now() - begun < TOO_LONG;
  }

  form.addEventListener("input", () => {
    asked += 1; // what is under way is about something else by now
    place.replaceChildren();
    clearTimeout(waiting);
    if (live) waiting = setTimeout(ask, PAUSE);
  });
}
