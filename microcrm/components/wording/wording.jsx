import { createElement as h, useEffect, useRef } from "react";

// What is typed stays in the box: an answer of the server never changes it. A press on a variable puts it where the cursor was.
export function Wording({ name, label, start, places = [], error, hint, lang, onType }) {
  const box = useRef(null), id = `text-${name}`;
  useEffect(() => { if (error) box.current.setAttribute("aria-invalid", "true"); else box.current.setAttribute("aria-invalid", "false"); }, [error]);
  const put = (word) => {
    const { selectionStart: from, selectionEnd: to, value } = box.current;
    const before = from > 0 && !/\s$/.test(value.slice(0, from)) ? " " : "";
    box.current.focus();
    box.current.setRangeText(`${before}{${word}}`, from, to, "end");
    onType?.(box.current.value);
  };
  const about = [`${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return h("div", { className: "field" },
    h("label", { htmlFor: id }, label),
    h("textarea", { ref: box, id, name, lang, className: "input", rows: 5, maxLength: 1200, defaultValue: start, spellCheck: true, "aria-describedby": about, onChange: (event) => onType?.(event.target.value) }),
    h("p", { className: "hint", id: `${id}-hint` }, hint),
    error && h("p", { className: "error", id: `${id}-error`, role: "alert" }, error),
    h("div", { className: "row", role: "group", "aria-label": "Put in" },
      places.map(({ value, label: words }) => h("button", { key: value, type: "button", className: "time-chip", title: `{${value}}`, onClick: () => put(value) }, words))));
}
