import { createElement as h, useRef } from "react";
import { Link } from "react-router";

const ID = "bell";
const BELL = "M10.268 21a2 2 0 0 0 3.464 0M3.262 15.326A1 1 0 0 0 4 17h16a1 1 0 0 0 .74-1.673C19.41 13.956 18 12.499 18 8A6 6 0 0 0 6 8c0 4.499-1.411 5.956-2.738 7.326";
const icon = (d) => h("svg", { className: "icon", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeLinecap: "round", strokeLinejoin: "round", "aria-hidden": true }, h("path", { d }));

// A native popover: Esc and a press elsewhere close it. A link inside leads on, maybe to the page that stands here already.
export function Bell({ unread, rows = [], isRead, hasMore, onOpen, onMore, onReadAll, onFollow }) {
  const panel = useRef(null);
  const press = (words, act) => h("button", { type: "button", onClick: () => act?.() }, words);
  const leads = (to, key, act, ...inside) => h(Link, { to, key, onClick: () => { panel.current?.hidePopover(); act?.(); } }, ...inside);
  const line = (row) => leads(row.href, row.id, () => onFollow?.(row.id),
    h("span", { className: `dot dot-round${row.is_new ? " hue-rose" : ""}` }, row.is_new && h("span", { className: "sr-only" }, "New: ")),
    h("span", null, row.text, h("br"), h("span", { className: "meta" }, row.when)));
  const none = isRead ? "Nothing yet. New sign-ins, requests, messages that fail and the like come here." : "Loading…";
  return h("div", null,
    h("button", { type: "button", className: "btn btn-quiet btn-icon drawer-btn", popoverTarget: ID, onClick: () => onOpen?.(), "aria-label": unread ? `What happened, ${unread} new` : "What happened" },
      icon(BELL), unread && h("span", { className: "count", "aria-hidden": true }, unread)),
    h("div", { id: ID, ref: panel, popover: "auto", className: "menu", role: "dialog", "aria-label": "What happened" },
      rows.length ? rows.map(line) : h("p", { className: "muted", role: "status" }, none),
      hasMore && press("Earlier", onMore),
      h("hr"),
      unread && press("Mark all read", onReadAll),
      leads("/account#told", "choose", null, "Choose what comes here")));
}
