// The booking pages work without this. It adds up what is ticked, filters services while one types, changes the day
// without a new page, counts the minutes of a hold, shares a link, and goes on to the checkout.
(() => {
  const $ = (query, from = document) => from.querySelector(query);
  const all = (query, from = document) => [...from.querySelectorAll(query)];

  $("form[data-go]")?.requestSubmit();

  const step = $("[data-step=services]");
  if (step) {
    const boxes = all("[name=s]", step), total = $(".tot b", step), brief = $(".brief", step), words = step.dataset;
    const rupees = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR", minimumFractionDigits: 0 });
    const add = () => {
      const chosen = boxes.filter((box) => box.checked);
      const sum = (name) => chosen.reduce((so_far, box) => so_far + Number(box.dataset[name]), 0);
      const minutes = sum("minutes"), hours = Math.floor(minutes / 60), rest = minutes % 60;
      const length = [hours ? words.hours.replace("{}", hours) : "", rest ? words.minutes.replace("{}", rest) : ""].filter(Boolean).join(" ");
      const how_many = (chosen.length === 1 ? words.one : words.many).replace("{}", chosen.length);
      total.textContent = rupees.format(sum("price") / 100);
      total.parentNode.hidden = !chosen.length;
      brief.textContent = chosen.length ? `${how_many}, ${length}` : words.none;
      $(".lines", step).replaceChildren(...chosen.map((box) => {
        const row = document.createElement("div"), from = box.closest("label");
        for (const [tag, kind, source] of [["dt", "", "b"], ["dd", "num", ".price"], ["dd", "sub", ".mins"]]) {
          const cell = document.createElement(tag);
          cell.className = kind;
          cell.textContent = $(source, from).textContent;
          row.append(cell);
        }
        return row;
      }));
    };
    step.addEventListener("change", (event) => {
      const box = event.target;
      if (box.name !== "s") return;
      // A class is booked by itself.
      if (box.checked) for (const other of boxes) if (other !== box && ("class" in box.dataset || "class" in other.dataset)) other.checked = false;
      add();
    });
    addEventListener("pageshow", () => { if (boxes.some((box) => box.checked)) add(); });

    const search = $("#q", step), none = $("#none", step);
    $("button", search.parentNode).hidden = true;
    const filter = () => {
      const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      for (const group of all("fieldset.card", step)) {
        let shown = 0;
        for (const row of all(".svc", group)) {
          const text = `${row.textContent} ${$("legend", group).textContent}`.toLowerCase();
          row.hidden = !$("input", row).checked && !wanted.every((word) => text.includes(word));
          shown += !row.hidden;
        }
        group.hidden = !shown;
        found += shown;
      }
      none.hidden = found > 0;
    };
    search.addEventListener("input", filter);
    search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  }

  // Another day or week: only the times change. Back and forward go through the days.
  const swap = async (href, push) => {
    const box = $("#slots");
    box.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(href.replace(/\/(when|move)\?/, "/slots?"), { headers: { "x-fragment": "1" } });
      if (!answer.ok) throw answer.status;
      box.innerHTML = await answer.text();
      box.removeAttribute("aria-busy");
      if (push) history.pushState(null, "", href);
      $(".day[aria-current]", box)?.focus();
    } catch {
      location.href = href; // the whole page says what is wrong
    }
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#slots a.hop");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    swap(link.getAttribute("href"), true);
  });
  if ($("#slots")) addEventListener("popstate", () => swap(location.pathname + location.search, false));

  // The visitor's clock shows another time than the shop's.
  const zone = $("[data-zone]");
  if (zone) {
    const here = (timeZone) => new Date().toLocaleTimeString("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
    if (here(zone.dataset.zone) !== here()) zone.hidden = false;
  }

  const hold = $("[data-until]");
  if (hold) {
    const left = $("b", hold), words = hold.dataset;
    const tick = () => {
      const minutes = Math.ceil((Date.parse(words.until) - Date.now()) / 60000);
      if (minutes <= 0) {
        hold.className = "alert bad";
        left.textContent = words.over;
        return;
      }
      hold.className = minutes <= 2 ? "alert warn" : "alert";
      left.textContent = (minutes === 1 ? words.one : words.many).replace("{}", minutes);
      setTimeout(tick, 10000);
    };
    tick();
  }

  for (const button of all("[data-share]")) {
    if (!navigator.share) continue;
    button.hidden = false;
    button.addEventListener("click", () => navigator.share({ title: document.title, url: button.dataset.share }).catch(() => {}));
  }

  for (const form of all("form[method=post]")) {
    let sent = false;
    form.addEventListener("submit", (event) => { if (sent) event.preventDefault(); sent = true; });
    addEventListener("pageshow", () => { sent = false; });
  }

  $("[aria-invalid=true], .alert[role=alert]")?.focus();

  // A signature: lines of whole numbers in a box of 1000 by 400, as the desk's own.
  for (const kept of all("[data-sign]")) {
    const shape = (tag, more) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(more)) made.setAttribute(name, value);
      return made;
    };
    const box = shape("svg", { viewBox: "0 0 1000 400", class: "in", role: "img", "aria-label": kept.dataset.sign });
    const pen = shape("path", { fill: "none", stroke: "currentColor", "stroke-width": 6, "stroke-linecap": "round", "stroke-linejoin": "round" });
    box.append(shape("line", { x1: 60, x2: 940, y1: 310, y2: 310, stroke: "currentColor", opacity: 0.3, "stroke-width": 3 }), pen);
    Object.assign(box.style, { touchAction: "none", height: "auto", padding: "0" });
    let strokes = [], draws = false;
    try { strokes = JSON.parse(kept.value || "[]"); } catch { kept.value = ""; }
    const show = () => {
      pen.setAttribute("d", strokes.map(([x, y, ...rest]) => `M${x} ${y}` + (rest.length ? rest.map((n, place) => (place % 2 ? ` ${n}` : `L${n}`)).join("") : "h1")).join(""));
      kept.value = strokes.length ? JSON.stringify(strokes) : "";
    };
    const at = (event) => {
      const { left, top, width, height } = box.getBoundingClientRect();
      const scale = (part, whole, most) => Math.max(0, Math.min(most, Math.round((part / whole) * most)));
      return [scale(event.clientX - left, width, 1000), scale(event.clientY - top, height, 400)];
    };
    box.addEventListener("pointerdown", (event) => {
      if (strokes.flat().length >= 4000 || strokes.length >= 80) return;
      event.preventDefault();
      box.setPointerCapture(event.pointerId);
      draws = true;
      strokes.push(at(event));
      show();
    });
    box.addEventListener("pointermove", (event) => {
      const [x, y] = at(event), last = strokes.at(-1);
      if (!draws || strokes.flat().length > 3998 || Math.hypot(x - last.at(-2), y - last.at(-1)) < 5) return;
      last.push(x, y);
      show();
    });
    for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, () => { draws = false; });
    const label = document.createElement("p"), clear = document.createElement("button");
    label.className = "hint";
    label.textContent = kept.dataset.sign;
    Object.assign(clear, { type: "button", className: "btn", textContent: kept.dataset.clear });
    clear.addEventListener("click", () => { strokes = []; show(); });
    kept.closest(".field").append(label, box, clear);
    show();
  }
})();
