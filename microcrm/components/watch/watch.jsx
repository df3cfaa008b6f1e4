import { useEffect, useRef } from "react";

const SIZES = [["phone", "(max-width: 767px)"], ["tablet", "(max-width: 1279px)"], ["desktop", "all"]];
const size = () => SIZES.find(([, query]) => window.matchMedia(query).matches)[0];

// The card beside a calendar block is no dialog: the rest of the page stays usable. So Esc and focus are seen to here.
function closeCard(event) {
  const card = document.querySelector(".board-card");
  if (event.key !== "Escape" || !card || document.querySelector("[role=dialog]:not([popover]), dialog[open], :popover-open")) return;
  card.querySelector(".close")?.click();
  document.querySelector("[data-picked]")?.focus();
}

export function Watch({ seconds, onSize, onPulse }) {
  const live = useRef({});
  live.current = { onSize, onPulse };
  useEffect(() => {
    let said = "";
    const tell = () => { // a window that jumps over the tablet's width is told once, though two queries change
      if (size() === said) return;
      said = size();
      live.current.onSize?.(said);
    };
    const pulse = () => { if (!document.hidden) live.current.onPulse?.(); };
    const queries = SIZES.map(([, query]) => window.matchMedia(query));
    tell();
    queries.forEach((query) => query.addEventListener("change", tell));
    const clock = setInterval(pulse, seconds * 1000);
    document.addEventListener("visibilitychange", pulse);
    document.addEventListener("keydown", closeCard);
    return () => {
      clearInterval(clock);
      queries.forEach((query) => query.removeEventListener("change", tell));
      document.removeEventListener("visibilitychange", pulse);
      document.removeEventListener("keydown", closeCard);
    };
  }, []);
  return null;
}
