// Comfort only: every page works without these.
import { autosave } from "./autosave.js";
import { focusErrorSummary } from "./error-summary.js";
import { guardForms } from "./form-guard.js";
import { liveSearch } from "./live-search.js";
import { closeMenus } from "./menus.js";
import { liveTotals } from "./grid-total.js";
import { pasteIntoGrid } from "./grid-paste.js";
import { followProgress } from "./progress.js";
import { followShare } from "./share-estimate.js";
import { keepUnsent } from "./unsent.js";

focusErrorSummary(document);
guardForms(document);
closeMenus(document);
document.querySelectorAll("[data-grid]").forEach((grid) => {
  liveTotals(grid);
  pasteIntoGrid(grid);
});
document.querySelectorAll("form[data-autosave]").forEach(autosave);
document.querySelectorAll("[data-search-results]").forEach(liveSearch);
document.querySelectorAll("[data-share-estimate]").forEach(followShare);
keepUnsent(document); // after the others: they first see what the server sent
followProgress(document);
