import { useEffect, useRef } from "react";
import { useNavigate } from "react-router";
import { tinykeys } from "tinykeys";

const RAIL = "rail-short";
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");
const busy = () => document.querySelector("[role=dialog]:not([popover]), dialog[open], :popover-open");
const seen = (selector) => [...document.querySelectorAll(selector)].filter((node) => node.offsetParent);

// For two seconds the button says what it has done; screen readers hear it.
function say(node, words) {
  const label = node.querySelector("span");
  const before = label.textContent;
  label.setAttribute("role", "status");
  label.textContent = words;
  setTimeout(() => { label.textContent = before; }, 2000);
}

// The few things that must answer within a frame. A button says what it starts with data-does="...".
const DOES = {
  palette: () => window.dispatchEvent(new Event("palette:open")),
  keys: () => document.getElementById("keys-sheet")?.showModal(),
  "keys-close": () => document.getElementById("keys-sheet")?.close(),
  rail: () => localStorage.setItem(RAIL, document.documentElement.classList.toggle(RAIL) ? "1" : ""),
  reload: () => window.location.reload(),
  copy: (node) => navigator.clipboard.writeText(node.dataset.copy).then(() => say(node, "Copied")),
  search: () => {
    const [box] = seen("[data-search]");
    box ? (box.focus(), box.select()) : DOES.palette();
  },
};

// The next or previous row of the list on the screen gets the focus; Enter then follows its link.
function toRow(step) {
  const links = seen(".table tbody tr td:first-child a");
  const at = links.indexOf(document.activeElement);
  links[at < 0 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
}

// Lines of a grid: Enter adds one, Alt and an arrow moves it, Ctrl-D repeats it. What was typed is sent before (blur), and
// once the lines are drawn anew the cursor stands in the line that was meant.
const LINE_KEYS = { Enter: ["add", Infinity], "Alt+ArrowUp": ["up", -1], "Alt+ArrowDown": ["down", 1], "$mod+d": ["copy", 1] };

function inLine(event) {
  const line = event.target.closest?.("[data-line]");
  if (!line || !event.target.matches("input, select")) return;
  const parts = [event.altKey && "Alt", (event.ctrlKey || event.metaKey) && "$mod", event.key.length === 1 ? event.key.toLowerCase() : event.key];
  const [act, step] = LINE_KEYS[parts.filter(Boolean).join("+")] ?? [];
  if (!act) return;
  event.preventDefault();
  const fields = (node) => [...node.querySelectorAll("input, select")];
  const column = act === "add" ? 0 : fields(line).indexOf(event.target);
  const before = [...document.querySelectorAll("[data-line]")];
  event.target.blur();
  (act === "add" ? document : line).querySelector(`[data-line-act="${act}"]`)?.click();
  const until = Date.now() + 3000;
  const look = () => {
    const now = [...document.querySelectorAll("[data-line]")];
    if (now.length && !now.includes(before[0])) {
      fields(now[Math.max(0, Math.min(before.indexOf(line) + step, now.length - 1))])[column]?.focus();
    } else if (Date.now() < until) requestAnimationFrame(look);
  };
  look();
}

function bindings(calm, go) {
  return {
    "$mod+k": (event) => { event.preventDefault(); DOES.palette(); },
    "$mod+Enter": (event) => event.target.closest?.("form")?.requestSubmit(),
    "$mod+z": calm(() => seen(".notice-act").at(-1)?.click()),
    "/": calm(DOES.search),
    "Shift+?": calm(DOES.keys),
    "?": calm(DOES.keys), // keyboards on which it needs no Shift
    "[": calm(DOES.rail),
    j: calm(() => toRow(1)),
    k: calm(() => toRow(-1)),
    ...go,
  };
}

export function Hotkeys({ routes = {}, off = false }) {
  const navigate = useNavigate();
  const live = useRef({});
  live.current = { routes, off, navigate };
  useEffect(() => {
    document.documentElement.classList.toggle(RAIL, localStorage.getItem(RAIL) === "1");
    const isOff = (event) => live.current.off || typing(event.target) || busy();
    const calm = (act) => (event) => {
      if (isOff(event)) return;
      event.preventDefault();
      act(event);
    };
    const go = Object.keys(live.current.routes).map((keys) => [keys, calm(() => live.current.navigate(live.current.routes[keys]))]);
    const stop = tinykeys(window, bindings(calm, Object.fromEntries(go)));
    // A page's own keys: whatever carries data-key is pressed by it.
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isOff(event)) return;
      if (event.target.closest?.("[data-eid]")) return; // a block of the calendar has keys of its own
      const [target] = seen(`[data-key="${CSS.escape(event.key)}"]`);
      if (target) { event.preventDefault(); target.click(); }
    };
    const click = (event) => {
      const node = event.target.closest?.("[data-does]");
      if (node) DOES[node.dataset.does]?.(node);
    };
    window.addEventListener("keydown", press);
    window.addEventListener("keydown", inLine);
    document.addEventListener("click", click);
    return () => {
      stop();
      window.removeEventListener("keydown", press);
      window.removeEventListener("keydown", inLine);
      document.removeEventListener("click", click);
    };
  }, []);
  return null;
}
