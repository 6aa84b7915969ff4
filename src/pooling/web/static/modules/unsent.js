// What is typed and not sent yet stays in this tab: the network that fails while a form is sent, a closed lid, « Back »
// lose nothing. It is kept by person and form, and gone once it was sent, at signing out, and with the tab.
const PREFIX = "saisie";
const DAY = 24 * 60 * 60 * 1000;
const NOT_TYPED = new Set(["hidden", "file", "submit", "button", "reset", "image", "password"]);

const controls = (form) => [...form.elements].filter((one) => one.name && one.name !== "csrf");
const isTyped = (control) => control.localName !== "button" && !NOT_TYPED.has(control.type);

function contents(form) {
  return [...new FormData(form)].filter(([name, value]) => name !== "csrf" && typeof value === "string");
}

/** Whom the page is shown to: their forms say so. */
function personOf(form) {
  return form.elements.namedItem("csrf")?.value.split(":")[1] ?? "";
}

function read(key) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(key));
    if (kept && Date.now() - kept.at < DAY) return kept;
    sessionStorage.removeItem(key);
  } catch {
    // No storage here, or not ours: nothing was kept.
  }
  return null;
}

function write(key, kept) {
  try {
    sessionStorage.setItem(key, JSON.stringify({ ...kept, at: Date.now() }));
  } catch {
    // No storage, or full: the page still holds it.
  }
}

function keys(wanted) {
  try {
    return Object.keys(sessionStorage).filter((key) => key.startsWith(`${PREFIX} `) && wanted(key));
  } catch {
    return [];
  }
}

const remove = (found) => found.forEach((key) => sessionStorage.removeItem(key));

/** Puts these values in the form's controls, by name and in order. */
function put(form, fields) {
  const values = new Map();
  for (const [name, value] of fields) values.set(name, [...(values.get(name) ?? []), value]);
  for (const control of controls(form)) {
    const given = values.get(control.name);
    if (control.type === "checkbox" || control.type === "radio") control.checked = given?.includes(control.value) ?? false;
    else if (given?.length && (isTyped(control) || control.type === "hidden")) control.value = given.shift();
  }
  (form.querySelector("[data-grid]") ?? form).dispatchEvent(new Event("input", { bubbles: true }));
}

/** The page came as the answer to what was sent: the server has it, or shows it. */
function isAnswered(page) {
  const arrival = performance.getEntriesByType("navigation")[0];
  if (!arrival || arrival.type === "back_forward" || page.querySelector(".flashes .notice-warning")) return false;
  return arrival.redirectCount > 0 || Boolean(page.querySelector("[data-error-summary]"));
}

function offerToUndo(form, server) {
  let before = server;
  form.addEventListener("autosaved", () => {
    // what is undone then is a version that the server has seen
    before = before.map(([name, value]) => [name, name === "seen" ? form.elements.namedItem("seen").value : value]);
  });
  const note = form.ownerDocument.createElement("div");
  note.className = "notice notice-info unsent";
  note.setAttribute("role", "status");
  const words = form.ownerDocument.createElement("p");
  words.textContent = "Votre saisie n’avait pas été envoyée\u00a0: la revoici.";
  const undo = form.ownerDocument.createElement("button");
  undo.type = "button";
  undo.className = "button button-small";
  undo.textContent = "Revenir à ce qui est enregistré";
  undo.addEventListener("click", () => {
    put(form, before);
    remove(keys((key) => key === form.dataset.unsent));
    note.remove();
    form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  });
  note.append(words, undo);
  form.before(note);
}

export function keepUnsent(page) {
  const forms = [...page.querySelectorAll('form[method="post"]:not([data-autosave=""])')];
  const person = forms.map(personOf).find(Boolean);
  if (!person) return; // nobody is signed in: what waits does so for whoever comes back
  remove(keys((key) => !key.startsWith(`${PREFIX} ${person} `)));
  if (isAnswered(page)) remove(keys((key) => read(key)?.isSent));

  const places = new Map();
  for (const form of forms) {
    const action = form.getAttribute("action");
    const place = (places.get(action) ?? 0) + 1;
    places.set(action, place);
    if (!controls(form).some(isTyped) || form.querySelector('[autocomplete="one-time-code"]')) continue;
    const key = `${PREFIX} ${person} ${place} ${action}`;
    form.dataset.unsent = key;
    const before = contents(form);
    const kept = read(key);
    if (page.querySelector("[data-resumed], [data-error-summary]")) {
      remove(keys((found) => found === key)); // the page itself brings what was typed
    } else if (kept && JSON.stringify(kept.fields) !== JSON.stringify(before)) {
      put(form, kept.fields);
      offerToUndo(form, before);
    }
    const keep = () => write(key, { fields: contents(form), isSent: false });
    form.addEventListener("input", keep);
    form.addEventListener("change", keep);
    form.addEventListener("autosaved", () => remove(keys((found) => found === key)));
  }

  page.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.getAttribute("action") === "/deconnexion") remove(keys(() => true));
    const key = event.target.dataset.unsent;
    if (key) write(key, { fields: contents(event.target), isSent: true });
  });
}
