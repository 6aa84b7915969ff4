// What a search finds follows what is typed, by the search's own address: the button does the same.
const PAUSE = 150;

export function liveSearch(results) {
  const form = document.getElementById(results.dataset.searchResults);
  const box = form.querySelector("input[type=search]");
  let waiting = 0;
  let asked = 0;

  async function ask() {
    const mine = ++asked;
    const address = new URL(form.action);
    address.search = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(address);
      if (mine !== asked || !answer.ok) return; // something else was typed meanwhile
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.getElementById(results.id);
      if (mine === asked && found) results.replaceChildren(...found.childNodes);
      history.replaceState(null, "", address); // coming back finds the same
    } catch {
      // no network: the button will say so
    }
  }

  box.addEventListener("input", () => {
    asked += 1;
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE);
  });
}
