// What is written on blocks and column heads. Text nodes only: names come from customers.
const node = (tag, className, text) => Object.assign(document.createElement(tag), { className, textContent: text ?? "" });
const CLOCK = new Intl.DateTimeFormat("en-IN", { hour: "numeric", minute: "2-digit" });

export function blockFace({ event }) {
  const more = event.extendedProps ?? {};
  if (event.display === "background") return { domNodes: more.label ? [node("span", "off-label", more.label)] : [] };
  const badges = (more.badges ?? []).map((badge) => node("span", `ev-badge ev-badge-${badge.tone}`, badge.text));
  const line = [CLOCK.format(event.start), more.sub].filter(Boolean).join(" · ");
  const domNodes = [node("div", "ev-name", event.title), node("div", "ev-line", line)];
  if (badges.length) {
    const row = node("div", "ev-badges");
    row.append(...badges);
    domNodes.push(row);
  }
  return { domNodes: [...domNodes, node("span", "ev-mark"), node("span", "sr-only", more.status)] };
}

export function staffFace(staff) {
  const words = node("span", "staff-words");
  words.append(node("b", "", staff.title), node("small", "", staff.sub));
  const head = node("span", "staff-head");
  if (staff.initials) head.append(node("span", "avatar", staff.initials));
  head.append(words);
  return { domNodes: [head] };
}

// EventCalendar half-builds a table for screen readers, which is worse than none: rows without cells, lists without items.
const ROLES = ["table", "rowgroup", "row", "columnheader", "rowheader", "cell", "list", "listitem"].map((role) => `[role="${role}"]`).join();
const ATTRIBUTES = ["role", "aria-colindex", "aria-colspan", "aria-label"];

export function tidyRoles(root) {
  for (const found of root.querySelectorAll(ROLES)) ATTRIBUTES.forEach((name) => found.removeAttribute(name));
}
