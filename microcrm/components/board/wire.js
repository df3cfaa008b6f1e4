import { wall } from "./times.js";

const MINUTE_MS = 60000;
const ends = (event) => wall(new Date(+new Date(event.s) + event.m * MINUTE_MS));

// Short keys on the wire, EventCalendar's own here. A block has a status `k`; what has a kind `o` is time off.
export function expand(event) {
  const place = { id: event.i, resourceIds: [event.c], start: event.s, end: ends(event) };
  if (event.o) {
    return { ...place, display: "background", editable: false, classNames: [`off-${event.o}`, `hue-${event.h ?? "slate"}`], extendedProps: { label: event.l } };
  }
  return {
    ...place, title: event.t, editable: !event.f, classNames: ["ev", `hue-${event.h}`, `st-${event.k}`],
    extendedProps: { sub: event.u, status: event.w, badges: (event.b ?? []).map(([text, tone]) => ({ text, tone })) },
  };
}
