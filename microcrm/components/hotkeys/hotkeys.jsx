import { useEffect, useRef } from "react";
import { useNavigate } from "react-router";
import { tinykeys } from "tinykeys";

const RAIL = "rail-short";
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");
const busy = () => document.querySelector("[role=dialog], dialog[open]");

// The few things that must answer within a frame. A button says what it starts with data-does="...".
const DOES = {
  palette: () => window.dispatchEvent(new Event("palette:open")),
  keys: () => document.getElementById("keys-sheet")?.showModal(),
  "keys-close": () => document.getElementById("keys-sheet")?.close(),
  rail: () => localStorage.setItem(RAIL, document.documentElement.classList.toggle(RAIL) ? "1" : ""),
  search: () => {
    const box = [...document.querySelectorAll("[data-search]")].find((node) => node.offsetParent);
    box ? (box.focus(), box.select()) : DOES.palette();
  },
  reload: () => window.location.reload(),
};

export function Hotkeys({ routes = {}, off = false }) {
  const navigate = useNavigate();
  const live = useRef({});
  live.current = { routes, off, navigate };
  useEffect(() => {
    document.documentElement.classList.toggle(RAIL, localStorage.getItem(RAIL) === "1");
    const calm = (act) => (event) => {
      if (live.current.off || typing(event.target) || busy()) return;
      event.preventDefault();
      act();
    };
    const go = Object.keys(live.current.routes).map((keys) => [keys, calm(() => live.current.navigate(live.current.routes[keys]))]);
    const stop = tinykeys(window, {
      "$mod+k": (event) => { event.preventDefault(); DOES.palette(); },
      "/": calm(DOES.search),
      "Shift+?": calm(DOES.keys),
      "?": calm(DOES.keys), // keyboards on which it needs no Shift
      "[": calm(DOES.rail),
      ...Object.fromEntries(go),
    });
    const press = (event) => {
      const node = event.target.closest?.("[data-does]");
      if (node) DOES[node.dataset.does]?.();
    };
    document.addEventListener("click", press);
    return () => { stop(); document.removeEventListener("click", press); };
  }, []);
  return null;
}
