import { createElement as h, useRef, useState } from "react";

const WIDE = 1000, HIGH = 400, MOST = 4000, STEP = 5;
export const outline = (strokes) => strokes.map(([x, y, ...rest]) => `M${x} ${y}` + (rest.length ? rest.map((n, place) => (place % 2 ? ` ${n}` : `L${n}`)).join("") : "h1")).join("");

export function Drawn({ path, label }) {
  return h("svg", { className: "drawn", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": label }, h("path", { d: path }));
}

// Lines of whole numbers in a box of 1000 by 400; points that say nothing new are left out.
function Box({ strokes, setStrokes, name, about, invalid }) {
  const drawing = useRef(false);
  const at = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const scale = (part, whole, most) => Math.max(0, Math.min(most, Math.round((part / whole) * most)));
    return [scale(event.clientX - box.left, box.width, WIDE), scale(event.clientY - box.top, box.height, HIGH)];
  };
  const begin = (event) => {
    if (strokes.flat().length >= MOST || strokes.length >= 80) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    drawing.current = true;
    setStrokes([...strokes, at(event)]);
  };
  const go = (event) => {
    if (!drawing.current) return;
    const [x, y] = at(event), last = strokes[strokes.length - 1];
    if (Math.hypot(x - last[last.length - 2], y - last[last.length - 1]) < STEP || strokes.flat().length > MOST - 2) return;
    setStrokes([...strokes.slice(0, -1), [...last, x, y]]);
  };
  const end = () => { drawing.current = false; };
  return h("svg", { className: "sign-box", viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": `${name}: ${strokes.length ? "signed" : "nothing drawn yet"}`, "aria-describedby": about,
    "data-invalid": invalid ? "true" : undefined, onPointerDown: begin, onPointerMove: go, onPointerUp: end, onPointerCancel: end },
  h("line", { x1: 60, x2: WIDE - 60, y1: 310, y2: 310 }), h("path", { d: outline(strokes) }));
}

export function Signature({ field, value, error, about, onChange }) {
  const id = `sealed-${field.name}`;
  const put = (change) => onChange({ ...value, ...change });
  const [touched, touch] = useState(false);
  const way = (how, words) => h("label", { key: how }, h("input", { type: "radio", name: `${field.name}-how`, checked: value.how === how, onChange: () => put({ how }) }), h("span", null, words));
  return h("div", { className: "sign" },
    h("div", { className: "field" },
      h("label", { htmlFor: id }, "Name of who signs"),
      h("input", { id, className: "input", type: "text", maxLength: 80, autoComplete: "off", value: value.name, "aria-invalid": error ? "true" : "false", "aria-describedby": about, onChange: (event) => put({ name: event.target.value }) })),
    h("div", { className: "choices two", role: "radiogroup", "aria-label": "How to sign" }, way("drawn", "Draw it"), way("typed", "The typed name counts")),
    value.how === "drawn" && h(Box, { strokes: value.strokes, setStrokes: (strokes) => { touch(true); put({ strokes }); }, name: field.label, about, invalid: error && !touched }),
    value.how === "drawn" && h("div", { className: "sign-foot" },
      h("span", { className: "meta" }, value.strokes.length ? "Signed with the name above." : "Sign on the line with a finger, a pen or the mouse."),
      h("button", { type: "button", className: "btn", disabled: !value.strokes.length, onClick: () => put({ strokes: [] }) }, "Clear")));
}
