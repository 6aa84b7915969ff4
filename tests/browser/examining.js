// What axe finds wrong with a page. Most of its time goes into contrast, which follows from how a text and all that it
// stands in are painted: where one of a look passed, here or on an earlier page, the others of that look pass too.
async ([options, known]) => {
  const PAINTED = [
    "color", "background-color", "background-image", "background-size", "background-position", "opacity", "filter",
    "mix-blend-mode", "text-shadow", "-webkit-text-stroke", "font-size", "font-weight", "position", "z-index", "float",
    "overflow", "clip-path", "visibility",
  ];
  const CHECKED = "data-contrast-checked";
  const PRIME = 67_108_859;
  const passed = new Set(known);
  const looks = new Map();

  const look = (element) => {
    if (element === null) return 0;
    if (!looks.has(element)) {
      const style = getComputedStyle(element);
      const own = [element.tagName, element.getAttribute("class"), ...PAINTED.map((name) => style.getPropertyValue(name))];
      looks.set(element, digest(look(element.parentElement), own.join("|")));
    }
    return looks.get(element);
  };
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
  const unknown = () => texts.filter((element) => !passed.has(look(element)));

  axe.configure({ rules: [{ id: "color-contrast", selector: `[${CHECKED}]` }] });
  tell(await axe.run({ ...options, reporter: "no-passes", rules: { "color-contrast": { enabled: false } } }));
  const texts = [...document.querySelectorAll("body, body *")].filter(hasText);
  const first = new Map(unknown().reverse().map((element) => [look(element), element]));
  await checkContrast([...first.values()]);
  const others = new Set(first.values());
  await checkContrast(unknown().filter((element) => !others.has(element)));
  return { violations, passed: [...passed] };

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
