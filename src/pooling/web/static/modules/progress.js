// A long job's page follows it without reloading (a meta refresh does it without JavaScript).
export function followProgress(page) {
  const part = page.querySelector("[data-progress]");
  if (!part) return;
  const seconds = Number(part.dataset.progress) || 3;
  const follow = async () => {
    try {
      const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
      if (answer.redirected) {
        window.location.assign(answer.url);
        return;
      }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-progress]");
      if (!fresh) {
        window.location.reload();
        return;
      }
      part.replaceChildren(...fresh.childNodes);
    } catch {
      // The network failed for a moment: ask again.
    }
    window.setTimeout(follow, seconds * 1000);
  };
  window.setTimeout(follow, seconds * 1000);
}
