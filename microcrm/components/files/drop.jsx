import { createElement as h, useRef, useState } from "react";

// What may be chosen; iPhones turn their own format into JPEG for it. The server looks at the content, not at this.
const TYPES = "image/jpeg,image/png,image/webp,application/pdf";
const LARGEST = 15 * 1024 * 1024;
let last = 0;

function send(file, about, tell) {
  if (file.size > LARGEST) return Promise.resolve({ message: "This file is larger than 15 MB. Save it smaller and try again." });
  return new Promise((done) => {
    const ask = new XMLHttpRequest();
    const fail = () => done({ message: "No answer from the server. Check the connection and try again." });
    ask.open("POST", `/customer/files?${new URLSearchParams(about)}`);
    ask.upload.onprogress = (event) => { if (event.lengthComputable) tell(Math.round((100 * event.loaded) / event.total)); };
    ask.onload = () => { try { done({ isKept: ask.status === 200, ...JSON.parse(ask.responseText) }); } catch { fail(); } };
    ask.onerror = fail;
    ask.send(file);
  });
}

function choice(name, label, options, props = {}) {
  const id = `drop-${name}`;
  return h("div", { className: "field", key: name },
    h("label", { htmlFor: id }, label),
    h("select", { id, name, className: "input", ...props }, options.map(({ value, label: words }) => h("option", { key: value, value }, words))));
}

function Line({ one, again, forget }) {
  const words = one.problem || (one.percent < 100 ? `Sending, ${one.percent} %` : "Looking at it…");
  return h("li", { className: one.problem ? "drop-bad" : "" },
    h("span", { className: "strong" }, one.file.name),
    h("span", { role: one.problem ? "alert" : "status" }, words),
    one.problem && h("span", { className: "row" },
      h("button", { type: "button", className: "btn-link", onClick: again }, "Send again"),
      h("button", { type: "button", className: "btn-link", onClick: forget }, "Leave it")));
}

export function FileDrop({ customer, kinds = [], befores = [], visits = [], today, onDone, onConsent }) {
  const [lines, setLines] = useState([]);
  const [shows, setShows] = useState(kinds[0]?.value);
  const [isOver, setOver] = useState(false);
  const box = useRef(null), pick = useRef(null), camera = useRef(null);
  const put = (id, change) => setLines((all) => all.map((one) => (one.id === id ? { ...one, ...change } : one)));
  const drop = (id) => setLines((all) => all.filter((one) => one.id !== id));
  const about = () => {
    const typed = Object.fromEntries(new FormData(box.current));
    return { customer, shows: typed.shows, title: typed.title ?? "", day: typed.day ?? "", before: typed.before ?? "", booking: typed.booking ?? "" };
  };
  const sendOne = async ({ id, file }) => {
    put(id, { problem: "", percent: 0 });
    const said = await send(file, about(), (percent) => put(id, { percent }));
    if (said.isKept) { drop(id); return said.undo; }
    put(id, { problem: [...Object.values(said.fields ?? {}), said.message][0] });
    if (said.code === "consent_missing") onConsent?.();
    return null;
  };
  const sendAll = async (list) => {
    const coming = [...list].map((file) => ({ id: ++last, file, percent: 0, problem: "" }));
    setLines((all) => [...all, ...coming]);
    const undos = [];
    for (const one of coming) {
      const undo = await sendOne(one);
      if (undo !== null) undos.push(undo);
    }
    if (undos.length) onDone?.(undos.length === 1 ? undos[0] : "", undos.length);
  };
  const again = async (one) => { const undo = await sendOne(one); if (undo !== null) onDone?.(undo, 1); };
  const chosen = (event) => { sendAll(event.target.files); event.target.value = ""; };
  const input = (ref, label, props) => h("input", { ref, type: "file", hidden: true, tabIndex: -1, "aria-label": label, onChange: chosen, ...props });
  const over = (is) => (event) => { event.preventDefault(); setOver(is); };
  return h("form", { className: `drop${isOver ? " drop-over" : ""}`, ref: box, onSubmit: (event) => event.preventDefault(), noValidate: true,
    onDragOver: over(true), onDragLeave: over(false),
    onDrop: (event) => { over(false)(event); sendAll(event.dataTransfer.files); } },
    h("div", { className: "drop-about" },
      choice("shows", "What it shows", kinds, { value: shows, onChange: (event) => setShows(event.target.value) }),
      h("div", { className: "field" }, h("label", { htmlFor: "drop-day" }, "Day"),
        h("input", { id: "drop-day", name: "day", type: "date", className: "input", defaultValue: today, max: today })),
      shows === "after" && choice("before", "Stands beside", [{ value: "", label: "No other photo" }, ...befores], { defaultValue: befores[0]?.value ?? "" }),
      visits.length > 0 && choice("booking", "Visit", [{ value: "", label: "None" }, ...visits], { defaultValue: "" }),
      shows === "paper" && h("div", { className: "field" }, h("label", { htmlFor: "drop-title" }, "Title"),
        h("input", { id: "drop-title", name: "title", className: "input", maxLength: 80, autoComplete: "off" }))),
    h("div", { className: "drop-zone" },
      h("p", null, "Drop photos or a PDF here"),
      h("div", { className: "row" },
        h("button", { type: "button", className: "btn btn-primary", onClick: () => pick.current.click() }, "Choose files"),
        h("button", { type: "button", className: "btn drop-camera", onClick: () => camera.current.click() }, "Take a photo")),
      input(pick, "Choose files", { accept: TYPES, multiple: true, name: "" }),
      input(camera, "Take a photo", { accept: "image/jpeg", capture: "environment", name: "" }),
      h("p", { className: "meta" }, "JPEG, PNG, WebP or PDF, up to 15 MB. Place and camera data are taken out; photos are kept at up to 2,560 pixels, encrypted.")),
    lines.length > 0 && h("ul", { className: "drop-lines" }, lines.map((one) => h(Line, { key: one.id, one, again: () => again(one), forget: () => drop(one.id) }))));
}
