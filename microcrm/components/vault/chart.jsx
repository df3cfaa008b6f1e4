import { createElement as h } from "react";

const WIDE = 320, HIGH = 96, EDGE = 8, TOP = 10, FOOT = 24;

// One line for each measure that was taken at least twice: plain SVG, with all its numbers in words for screen readers.
function series(records) {
  const found = new Map();
  for (const record of [...records].sort((a, b) => a.date.localeCompare(b.date))) {
    for (const field of record.fields) {
      if (field.shape !== "number" && field.shape !== "scale") continue;
      const value = Number(field.value);
      const line = found.get(field.name) ?? { label: field.label, points: [] };
      line.points.push({ value, words: field.words, day: record.day, at: Date.parse(record.date) });
      found.set(field.name, line);
    }
  }
  return [...found.values()].filter((line) => line.points.length > 1);
}

function Line({ label, points }) {
  const values = points.map((point) => point.value);
  const low = Math.min(...values), high = Math.max(...values);
  const first = points[0].at, last = points[points.length - 1].at;
  const x = (point, place) => EDGE + (WIDE - 2 * EDGE) * (last > first ? (point.at - first) / (last - first) : place / (points.length - 1));
  const y = (point) => TOP + (HIGH - TOP - FOOT) * (high > low ? 1 - (point.value - low) / (high - low) : 0.5);
  const places = points.map((point, place) => [x(point, place), y(point)]);
  const [start, end] = [points[0], points[points.length - 1]];
  return h("figure", { className: "measure" },
    h("figcaption", null, h("span", null, h("b", { className: "strong" }, label), ` ${end.words}`), h("span", { className: "meta" }, `${start.words} at first`)),
    h("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `${label}: ${points.map((one) => `${one.words} on ${one.day}`).join(", ")}` },
      h("polyline", { points: places.map((place) => place.join(",")).join(" ") }),
      places.map(([cx, cy], place) => h("circle", { key: place, cx, cy, r: 3.5 })),
      h("text", { x: 4, y: HIGH - 4 }, start.day),
      h("text", { x: WIDE - 4, y: HIGH - 4, textAnchor: "end" }, end.day)));
}

export function Chart({ records }) {
  const lines = series(records);
  return lines.length ? h("div", { className: "measures" }, lines.map((line) => h(Line, { key: line.label, ...line }))) : null;
}
