// A form that was changed is not left by mistake, and not sent twice.
const contents = (form) =>
  JSON.stringify([...new FormData(form)].map(([name, value]) => [name, value.name ?? value]));

export function guardForms(page) {
  const isRefused = page.querySelector("[data-error-summary], [data-resumed]"); // what it shows was never saved
  const guarded = [...page.querySelectorAll("form[data-guard]")].map((form) => ({
    form,
    before: isRefused ? null : contents(form),
  }));
  let leaving = false;

  page.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    leaving = true;
    form.dataset.sent = "yes";
    // Not `disabled`: the button that was pressed must send its name and value.
    form.querySelectorAll("button").forEach((button) => button.setAttribute("aria-disabled", "true"));
  });

  // Back from the next page, the browser may show this one as it was left.
  window.addEventListener("pageshow", () => {
    leaving = false;
    page.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("button").forEach((button) => button.removeAttribute("aria-disabled"));
    });
  });

  window.addEventListener("beforeunload", (event) => {
    const hasUnsaved = guarded.some(({ form, before }) => contents(form) !== before);
    if (!leaving && hasUnsaved) event.preventDefault();
  });
}
