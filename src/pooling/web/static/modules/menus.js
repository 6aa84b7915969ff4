// An open menu closes on Escape, or when the reader goes elsewhere.
export function closeMenus(page) {
  const open = () => page.querySelectorAll("details.menu[open]");
  page.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    open().forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });
  for (const kind of ["click", "focusin"]) {
    page.addEventListener(kind, (event) => {
      open().forEach((menu) => {
        if (!menu.contains(event.target)) menu.open = false;
      });
    });
  }
}
