import { createElement, useEffect, useRef } from "react";
import { createCalendar, destroyCalendar, DayGrid, TimeGrid, List, ResourceTimeGrid, Interaction } from "@event-calendar/core";
import "@event-calendar/core/index.css";
const two = (n) => String(n).padStart(2, "0");
const wall = (d) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`;
const slim = (e) => ({ id: String(e.id), start: wall(e.start), end: wall(e.end), staff: (e.resourceIds ?? []).map(String) });
const div = (cls, text) => Object.assign(document.createElement("div"), { className: cls, textContent: text ?? "" });
const ROLES = ["table", "rowgroup", "row", "columnheader", "rowheader", "cell", "list", "listitem"].map((r) => `[role="${r}"]`).join();
const scrub = (root) => root.querySelectorAll(ROLES).forEach((n) => ["role", "aria-colindex", "aria-colspan", "aria-label"].forEach((a) => n.removeAttribute(a)));
const face = ({ event: e, timeText }) => ({ domNodes: e.display === "background" ? [] : [div("ev-name", e.title), div("ev-time", timeText), div("ev-sub", e.extendedProps?.sub), div("sr-only", e.extendedProps?.status)] });

export function Board({ id, className, label, options, events = [], patch, staff = [], view, date, step = 15, ...on }) {
  const host = useRef(null), cal = useRef(null), live = useRef({});
  live.current = { ...on, staff, step };
  const tell = (name, payload) => live.current[name]?.(payload);
  useEffect(() => {
    const root = host.current;
    const ec = (cal.current = createCalendar(root, [DayGrid, TimeGrid, List, ResourceTimeGrid, Interaction], {
      headerToolbar: { start: "", center: "", end: "" }, ...options, view, date, events, resources: staff, eventContent: face,
      eventDidMount: (i) => { i.el.dataset.eid = i.event.id; },
      eventClick: (i) => tell("onOpen", slim(i.event)),
      eventDrop: (i) => tell("onMove", { ...slim(i.event), old: slim(i.oldEvent), via: i.jsEvent?.pointerType ?? "" }),
      eventResize: (i) => tell("onMove", { ...slim(i.event), old: slim(i.oldEvent), via: i.jsEvent?.pointerType ?? "" }),
      dateClick: (i) => tell("onSlot", { start: wall(i.date), end: "", staff: i.resource ? String(i.resource.id) : "" }),
      select: (i) => { ec.unselect(); tell("onSlot", { start: wall(i.start), end: wall(i.end), staff: i.resource ? String(i.resource.id) : "" }); },
      datesSet: (i) => tell("onRange", { start: i.startStr, end: i.endStr, view: i.view.type, title: i.view.title }),
    }));
    const seen = new MutationObserver(() => scrub(root));
    seen.observe(root, { childList: true, subtree: true }); scrub(root);
    const keys = (ev) => { // Alt+Up/Down time, Alt+Left/Right staff, Alt+Shift+Up/Down length
      const eid = ev.target.closest?.("[data-eid]")?.dataset.eid, e = eid && ec.getEventById(eid);
      if (!e || !ev.altKey || !ev.key.startsWith("Arrow") || e.editable === false) return;
      ev.preventDefault();
      const old = slim(e), next = { ...old }, { staff: cols, step: m } = live.current;
      const k = ev.key === "ArrowUp" ? -1 : ev.key === "ArrowDown" ? 1 : 0, at = (d) => wall(new Date(+d + k * m * 6e4));
      if (k) { next.end = at(e.end); if (!ev.shiftKey) next.start = at(e.start); }
      else { const c = cols[cols.findIndex((s) => String(s.id) === old.staff[0]) + (ev.key === "ArrowRight" ? 1 : -1)]; if (!c) return; next.staff = [String(c.id)]; }
      if (next.end <= next.start) return;
      ec.updateEvent({ ...e, start: next.start, end: next.end, resourceIds: next.staff });
      requestAnimationFrame(() => root.querySelector(`[data-eid="${CSS.escape(eid)}"]`)?.focus());
      tell("onMove", { ...next, old, via: "keyboard" });
    };
    root.addEventListener("keydown", keys);
    return () => { seen.disconnect(); root.removeEventListener("keydown", keys); cal.current = null; destroyCalendar(ec); };
  }, []);
  useEffect(() => { cal.current?.setOption("events", events); }, [events]);
  useEffect(() => { // {seq, put:[...], drop:[...]}: small deltas, also the way to snap back
    const c = cal.current; if (!c || !patch?.seq) return;
    for (const e of patch.put ?? []) c.getEventById(e.id) ? c.updateEvent(e) : c.addEvent(e);
    for (const eid of patch.drop ?? []) c.removeEventById(eid);
  }, [patch?.seq]);
  useEffect(() => { cal.current?.setOption("resources", staff); }, [staff]);
  useEffect(() => { if (view) cal.current?.setOption("view", view); }, [view]);
  useEffect(() => { if (date) cal.current?.setOption("date", date); }, [date]);
  return createElement("div", { ref: host, id, className, role: "region", "aria-label": label });
}
