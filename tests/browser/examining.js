// What axe finds wrong with a page, where there may be something to find. Whatever is built as what it was content with,
// here or on an earlier page, it is content with; and contrast, most of its work, follows from how a text and all that
// it stands in are painted. What follows from more than how an element is built is looked for on every page.
async ([options, ...known]) => {
  const PAINTED = [
    "color", "background-color", "background-image", "background-size", "background-position", "opacity", "filter",
    "mix-blend-mode", "text-shadow", "-webkit-text-stroke", "font-size", "font-weight", "position", "z-index", "float",
    "overflow", "clip-path", "visibility",
  ];
  // Attributes that say something by one of a few values. Of the others it matters whether they are there.
  const SAYING = /^(role|type|scope|lang|tabindex|autocomplete|target|aria-(?!label|describedby|controls|owns)[a-z]+)$/;
  const NAMING = ["for", "headers", "list", "aria-labelledby", "aria-describedby", "aria-controls"];
  const CHECKED = "data-contrast-checked";
  const PRIME = 67_108_859;
  // Thousands of numbers, which a text takes to and from a page in little time.
  const [knownLooks, knownShapes] = known.map((text) => new Set(text.split(" ").map(Number)));
  const told = (numbers, before) => [...numbers].filter((one) => !before.has(one)).join(" ");
  const passed = new Set(knownLooks);

  const following = (own) => {
    const found = new Map();
    const of = (element) => {
      if (element === null) return 0;
      if (!found.has(element)) found.set(element, digest(of(element.parentElement), own(element).join("|")));
      return found.get(element);
    };
    return of;
  };
  const look = following((element) => {
    const style = getComputedStyle(element);
    return [element.tagName, element.getAttribute("class"), ...PAINTED.map((name) => style.getPropertyValue(name))];
  });
  const shape = following((element) => [
    element.tagName, hasText(element), element.textContent.trim() === "",
    ...[...element.attributes].map(({ name, value }) =>
      name === "class" || SAYING.test(name) ? `${name}=${value}` : `${name}${value.trim() === ""}`).sort(),
  ]);
  const hasText = (element) =>
    element.matches("input, select, textarea") ||
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const violations = [];
  const tell = (result) => {
    for (const { id, help, nodes } of result.violations) violations.push(...nodes.map(({ html }) => [id, help, html]));
  };
  const checkContrast = async (elements) => {
    if (!elements.length) return;
    for (const element of elements) element.setAttribute(CHECKED, "");
    const result = await axe.run({
      ...options, runOnly: ["color-contrast"], resultTypes: ["violations", "passes"], elementRef: true,
    });
    for (const element of elements) element.removeAttribute(CHECKED);
    tell(result);
    for (const { nodes } of result.passes) for (const { element } of nodes) passed.add(look(element));
  };
  const texts = [...document.querySelectorAll("body, body *")].filter(hasText);
  const unknown = () => texts.filter((element) => !passed.has(look(element)));

  const shapes = new Set([...document.querySelectorAll("*")].map(shape));
  const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((heading) => heading.checkVisibility());
  headings.forEach((heading, place) => shapes.add(digest(1, `${headings[place - 1]?.tagName}>${heading.tagName}`)));
  const isNew = [...shapes].some((one) => !knownShapes.has(one));

  checkNames();
  if (isNew) {
    axe.configure({ rules: [{ id: "color-contrast", selector: `[${CHECKED}]` }] });
    tell(await axe.run({ ...options, reporter: "no-passes", rules: { "color-contrast": { enabled: false } } }));
  }
  if (unknown().length) {
    axe.configure({ rules: [{ id: "color-contrast", selector: `[${CHECKED}]` }] });
    const first = new Map(unknown().reverse().map((element) => [look(element), element]));
    await checkContrast([...first.values()]);
    const others = new Set(first.values());
    await checkContrast(unknown().filter((element) => !others.has(element)));
  }
  return { violations, looks: told(passed, knownLooks), shapes: violations.length ? "" : told(shapes, knownShapes) };

  // No id and no landmark's name twice, and no name of what is not there.
  function checkNames() {
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    const landmarks = [...document.querySelectorAll("nav, aside, [role=region]")]
      .filter((landmark) => landmark.checkVisibility())
      .map((landmark) => `${landmark.tagName} ${landmark.getAttribute("aria-label") ?? landmark.getAttribute("aria-labelledby")}`);
    for (const all of [ids, landmarks])
      violations.push(...all.filter((one, place) => all.indexOf(one) < place).map((one) => ["names", "twice", one]));
    for (const name of NAMING)
      for (const element of document.querySelectorAll(`[${name}]`))
        for (const id of element.getAttribute(name).split(/\s+/))
          if (id && !document.getElementById(id)) violations.push(["names", `${name} of nothing`, element.outerHTML.slice(0, 200)]);
  }

  // Two remainders in one number, so that no two looks share one.
  function digest(begun, text) {
    let [high, low] = [Math.floor(begun / PRIME), begun % PRIME];
    for (let at = 0; at < text.length; at++) {
      high = (high * 131 + text.charCodeAt(at)) % PRIME;
      low = (low * 31 + text.charCodeAt(at)) % PRIME;
    }
    return high * PRIME + low;
  }
}
