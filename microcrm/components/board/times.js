// Times cross to the server as wall clock without a zone: the server owns the zone.
const two = (n) => String(n).padStart(2, "0");
export const wall = (d) => `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}`;
export const slim = (event) => ({ id: String(event.id), start: wall(event.start), end: wall(event.end), staff: (event.resourceIds ?? []).map(String) });

const CLOCK = { hour: "numeric", minute: "2-digit" };

// Writes the time beside the now line; browsers that don't know offsets as zones show their own clock's time.
export function nowLabel(root, timeZone) {
  const line = root.querySelector(".ec-now-indicator");
  if (!line) return;
  let text;
  try {
    text = new Date().toLocaleTimeString("en-IN", { ...CLOCK, timeZone });
  } catch {
    text = new Date().toLocaleTimeString("en-IN", CLOCK);
  }
  if (line.dataset.time !== text) line.dataset.time = text;
}
