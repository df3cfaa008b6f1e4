import { slim, wall } from "./times.js";

const MINUTE_MS = 60000;
const WAY = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 };

// Where a key press takes a block, or null when that is nowhere.
function next(event, key, isLength, { staff, step, view }) {
  const old = slim(event);
  if (key === "ArrowLeft" || key === "ArrowRight") {
    if (view.endsWith("Week")) {
      const further = (date) => wall(new Date(date.getFullYear(), date.getMonth(), date.getDate() + WAY[key], date.getHours(), date.getMinutes()));
      return { ...old, start: further(event.start), end: further(event.end) };
    }
    const column = staff[staff.findIndex((one) => String(one.id) === old.staff[0]) + WAY[key]];
    return column ? { ...old, staff: [String(column.id)] } : null;
  }
  const shifted = (date) => wall(new Date(+date + WAY[key] * step * MINUTE_MS));
  const moved = { ...old, start: isLength ? old.start : shifted(event.start), end: shifted(event.end) };
  return moved.end > moved.start ? moved : null;
}

// Alt with up or down moves in time, with left or right to another person, in a week to another day; Alt-Shift with up or
// down changes the length.
export function keyboardMoves(root, ec, live, tell) {
  return (press) => {
    const eid = press.target.closest?.("[data-eid]")?.dataset.eid;
    const event = eid && ec.getEventById(eid);
    if (!event || !press.altKey || !WAY[press.key] || event.editable === false || event.startEditable === false) return;
    press.preventDefault();
    const moved = next(event, press.key, press.shiftKey, live.current);
    if (!moved) return;
    const old = slim(event);
    ec.updateEvent({ ...event, start: moved.start, end: moved.end, resourceIds: moved.staff });
    requestAnimationFrame(() => root.querySelector(`[data-eid="${CSS.escape(eid)}"]`)?.focus());
    tell("onMove", { ...moved, old, via: "keyboard" });
  };
}
