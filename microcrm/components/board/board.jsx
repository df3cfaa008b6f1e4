import { createElement, useEffect, useRef } from "react";
import { createCalendar, destroyCalendar, DayGrid, TimeGrid, List, ResourceTimeGrid, Interaction } from "@event-calendar/core";
import "@event-calendar/core/index.css";
import { blockFace, staffFace, tidyRoles } from "./faces.js";
import { keyboardMoves } from "./keys.js";
import { nowLabel, slim, wall } from "./times.js";
import { bandsOf, expand } from "./wire.js";

const PLUGINS = [DayGrid, TimeGrid, List, ResourceTimeGrid, Interaction];
const NO_TOOLBAR = { start: "", center: "", end: "" };
// px a quarter hour: dense for a mouse, unless a booking is so short that it would be under 24 px, the least one can hit.
const DENSE = 16;
const ROOMY = 24;
const SHORT_MS = 22 * 60000;
const LIVE_OPTIONS = ["slotMinTime", "slotMaxTime", "timeZone", "editable", "selectable", "datesAboveResources"]; // they follow the days shown
const NOW_EVERY_MS = 20000;

const isShort = (event) => !event.o && event.m * 60000 < SHORT_MS;
const slotHeight = (events) => (window.matchMedia("(pointer: coarse)").matches || events.some(isShort) ? ROOMY : DENSE);
const staffOf = (info) => (info.resource ? String(info.resource.id) : "");

// Callbacks are read through `live`, so that the calendar is made once and never again.
function listeners(tell, pick) {
  const moved = (info) => tell("onMove", { ...slim(info.event), old: slim(info.oldEvent), via: info.jsEvent?.pointerType ?? "" });
  return {
    eventDidMount: (info) => { info.el.dataset.eid = info.event.id; pick.again(info.el); },
    eventClick: (info) => { pick(info.el); tell("onOpen", { ...slim(info.event), old: {}, via: "" }); },
    eventDrop: moved,
    eventResize: moved,
    dateClick: (info) => tell("onSlot", { start: wall(info.date), end: "", staff: staffOf(info) }),
    datesSet: (info) => tell("onRange", { start: info.startStr, end: info.endStr, view: info.view.type, title: info.view.title }),
  };
}

// The chosen block is the anchor that `.board-card` is placed by; drawn anew, it is chosen again.
function picker(root) {
  let chosen = "";
  const pick = (block) => {
    root.querySelectorAll("[data-picked]").forEach((node) => { delete node.dataset.picked; });
    chosen = block.dataset.eid;
    block.dataset.picked = "true";
  };
  pick.again = (block) => { if (block.dataset.eid === chosen) block.dataset.picked = "true"; };
  return pick;
}

// Whoever works with the keyboard keeps their place when the block they are on is drawn anew.
function keepFocus(root, draw) {
  const eid = root?.contains(document.activeElement) && document.activeElement.closest("[data-eid]")?.dataset.eid;
  draw();
  if (eid) requestAnimationFrame(() => document.activeElement === document.body && root.querySelector(`[data-eid="${CSS.escape(eid)}"]`)?.focus());
}

export function Board({ id, className, label, options, events = [], patch, staff = [], view, date, step = 15, ...on }) {
  const host = useRef(null);
  const cal = useRef(null);
  const live = useRef({});
  live.current = { ...on, staff, step, view };

  useEffect(() => {
    const root = host.current;
    const tell = (name, payload) => live.current[name]?.(payload);
    const ec = (cal.current = createCalendar(root, PLUGINS, {
      headerToolbar: NO_TOOLBAR, slotHeight: slotHeight(events), ...options, view, date, events: events.flatMap(expand), resources: staff,
      eventContent: blockFace,
      eventTimeFormat: () => "", // its own words for each block's time take a tenth of the drawing, and blockFace shows none of them
      resourceLabelContent: ({ resource }) => staffFace(live.current.staff.find((one) => String(one.id) === String(resource.id)) ?? resource),
      ...listeners(tell, picker(root)),
      select: (info) => { ec.unselect(); tell("onSlot", { start: wall(info.start), end: wall(info.end), staff: staffOf(info) }); },
    }));
    const seen = new MutationObserver(() => { tidyRoles(root); nowLabel(root, options?.timeZone); });
    seen.observe(root, { childList: true, subtree: true });
    tidyRoles(root);
    const clock = setInterval(() => nowLabel(root, options?.timeZone), NOW_EVERY_MS);
    const keys = keyboardMoves(root, ec, live, tell);
    root.addEventListener("keydown", keys);
    return () => {
      clearInterval(clock);
      seen.disconnect();
      root.removeEventListener("keydown", keys);
      cal.current = null;
      destroyCalendar(ec);
    };
  }, []);

  useEffect(() => {
    keepFocus(host.current, () => {
      cal.current?.setOption("slotHeight", slotHeight(events));
      cal.current?.setOption("events", events.flatMap(expand));
    });
  }, [events]);
  useEffect(() => { for (const name of LIVE_OPTIONS) if (options && name in options) cal.current?.setOption(name, options[name]); }, [options]);
  useEffect(() => keepFocus(host.current, () => cal.current?.setOption("resources", staff)), [staff]);
  useEffect(() => { if (view) cal.current?.setOption("view", view); }, [view]);
  useEffect(() => { if (date) cal.current?.setOption("date", date); }, [date]);
  useEffect(() => { // small changes, and the way to put a refused move back
    const ec = cal.current;
    if (!ec || !patch?.seq) return;
    const put = (patch.put ?? []).flatMap(expand);
    const kept = new Set(put.map((event) => event.id));
    const bands = [...(patch.put ?? []).map((event) => event.i), ...(patch.drop ?? [])].flatMap(bandsOf);
    keepFocus(host.current, () => {
      for (const event of put) ec.getEventById(event.id) ? ec.updateEvent(event) : ec.addEvent(event);
      for (const eid of [...(patch.drop ?? []), ...bands.filter((one) => !kept.has(one))]) ec.removeEventById(eid);
    });
  }, [patch?.seq]);

  return createElement("div", { ref: host, id, className, role: "region", "aria-label": label });
}
