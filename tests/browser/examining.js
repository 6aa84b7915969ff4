// What axe finds wrong with a page, where there may be something to find. Whatever is built as what it was content with,
// here or on an earlier page, it is content with; and contrast, most of its work, follows from how a text and all that
// it stands in are painted. What follows from more than how an element is built is looked for on every page.
async ([options, ...known]) => {
  // Of a text itself; and of all that it stands in, where it is not as usual.
  const WRITTEN = ["color", "font-size", "font-weight", "text-shadow", "-webkit-text-stroke", "visibility"];
  const PAINTED = [
    "background-color", "background-image", "background-size", "background-position", "opacity", "filter",
    "mix-blend-mode", "position", "z-index", "float", "overflow", "clip-path",
  ];
  // Attributes that say something by one of a few values. Of the others it matters whether they are there.
  const SAYING = /^(role|type|scope|lang|tabindex|autocomplete|target|aria-(?!label|describedby|controls|owns)[a-z]+)$/;
  const NAMING = ["for", "headers", "list", "aria-labelledby", "aria-describedby", "aria-controls"];
  const CHECKED = "data-contrast-checked";
  const CONTRAST = "color-contrast";
  const OURS = "as found";
  const PRIME = 67_108_859;
  // Thousands of numbers, which a text takes to and from a page in little time.
  const [knownLooks, knownShapes] = known.map((text) => new Set(text.split(" ").map(Number)));
  const told = (numbers, before) => [...numbers].filter((one) => !before.has(one)).join(" ");
  const passed = new Set(knownLooks);

  const following = (own) => {
    const found = new Map();
    const of = (element) => {
      if (element === null) return 0;
      if (!found.has(element)) {
        const before = of(element.parentElement), said = own(element);
        found.set(element, said === null ? before : digest(before, said.join("|")));
      }
      return found.get(element);
    };
    return of;
  };
  const valuesOf = (element, names) => {
    const style = getComputedStyle(element);
    return names.map((name) => style.getPropertyValue(name));
  };
  const usual = valuesOf(document.head, PAINTED).join("|");
  const background = following((element) => {
    const painted = valuesOf(element, PAINTED);
    return painted.join("|") === usual ? null : painted;
  });
  const looks = new Map();
  const look = (element) => {
    if (!looks.has(element)) looks.set(element, digest(background(element), valuesOf(element, WRITTEN).join("|")));
    return looks.get(element);
  };
  const shape = following((element) => [
    element.tagName, hasText(element), element.textContent.trim() === "", element.matches("tr") && element.children.length,
    ...[...element.attributes].map(({ name, value }) =>
      name === "class" || SAYING.test(name) ? `${name}=${value}` : `${name}${value.trim() === ""}`).sort(),
  ]);
  const hasText = (element) =>
    element.matches("input, select, textarea") ||
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  // Of what nobody sees axe says nothing: it would be asked again on every page.
  const clipped = new Map();
  const isClipped = (element) => {
    if (element === null) return false;
    if (!clipped.has(element))
      clipped.set(element, isClipped(element.parentElement) || getComputedStyle(element).clipPath !== "none");
    return clipped.get(element);
  };
  const isBeside = ({ right, bottom }) => right + window.scrollX <= 0 || bottom + window.scrollY <= 0;
  const isShown = (element) =>
    element.checkVisibility() && !isClipped(element) && !isBeside(element.getBoundingClientRect());
  const violations = [];
  checkNames();
  const texts = [...document.querySelectorAll("body, body *")].filter((one) => hasText(one) && isShown(one));
  const unknown = () => texts.filter((element) => !passed.has(look(element)));
  const shapes = new Set([...document.querySelectorAll("*")].map(shape));
  const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((heading) => heading.checkVisibility());
  headings.forEach((heading, place) => shapes.add(digest(1, `${headings[place - 1]?.tagName}>${heading.tagName}`)));
  const isNew = [...shapes].some((one) => !knownShapes.has(one));

  // Gives what axe found out itself: to describe each element, which it would do, takes half of its time.
  const checked = async (elements, asked) => {
    for (const element of elements) element.setAttribute(CHECKED, "");
    const results = await axe.run({ ...options, ...asked, reporter: OURS });
    for (const element of elements) element.removeAttribute(CHECKED);
    for (const { id, help, violations: nodes, passes } of results) {
      violations.push(...nodes.map(({ node }) => [id, help, node.element.outerHTML.slice(0, 200)]));
      if (id === CONTRAST) for (const { node } of passes) passed.add(look(node.element));
    }
  };
  window.asked = async () => {
    axe.configure({ rules: [{ id: CONTRAST, selector: `[${CHECKED}]` }] });
    axe.addReporter(OURS, (results, _, give) => give(results));
    const first = new Set(new Map(unknown().reverse().map((element) => [look(element), element])).values());
    await checked(first, isNew ? {} : { runOnly: [CONTRAST] });
    const others = unknown().filter((element) => !first.has(element));
    if (others.length) await checked(others, { runOnly: [CONTRAST] });
    return { violations, looks: told(passed, knownLooks), shapes: violations.length ? "" : told(shapes, knownShapes) };
  };
  const longestWord = Math.max(...document.body.innerText.split(/\s+/).map(({ length }) => length));
  return { violations, isNew: isNew || unknown().length > 0, longestWord };

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
