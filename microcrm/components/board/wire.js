import { wall } from "./times.js";

const MINUTE_MS = 60000;
const LABELLED = 30; // minutes: in less there is no room for a word
const later = (start, minutes) => wall(new Date(+new Date(start) + minutes * MINUTE_MS));

// The cleaning before and after a block has names of its own.
export const bandsOf = (id) => [`${id}-before`, `${id}-after`];

function band(id, event, start, minutes) {
  return {
    id, resourceIds: [event.c], start, end: later(start, minutes), display: "background", editable: false, classNames: ["off-buffer", `hue-${event.h}`],
    extendedProps: { label: minutes < LABELLED ? "" : "Clean-up" },
  };
}

// Short keys on the wire, EventCalendar's own here. A block has a status `k`; what has a kind `o` is time off. A block comes with its bands.
export function expand(event) {
  const end = later(event.s, event.m);
  const place = { id: event.i, resourceIds: [event.c], start: event.s, end };
  if (event.o) {
    return [{ ...place, display: "background", editable: false, classNames: [`off-${event.o}`, "hue-slate"], extendedProps: { label: event.l } }];
  }
  const drawn = [{
    ...place, title: event.t, editable: !event.f, classNames: ["ev", `hue-${event.h}`, `st-${event.k}`],
    extendedProps: { sub: event.u, status: event.w, badges: (event.b ?? []).map(([text, tone]) => ({ text, tone })) },
  }];
  const [before, after] = bandsOf(event.i);
  if (event.p) drawn.push(band(before, event, later(event.s, -event.p), event.p));
  if (event.q) drawn.push(band(after, event, end, event.q));
  return drawn;
}
