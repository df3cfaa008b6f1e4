// The server-rendered pages work without this. It shows passwords, checks a GSTIN while it is typed, sends a code once
// its six digits are there, and keeps a form from being sent twice.
(() => {
  document.querySelector("[aria-invalid=true]")?.focus();

  for (const button of document.querySelectorAll(".show-password")) {
    const input = document.getElementById(button.getAttribute("aria-controls"));
    const words = button.querySelector("span");
    button.hidden = false;
    button.addEventListener("click", () => {
      const show = input.type === "password";
      input.type = show ? "text" : "password";
      words.textContent = show ? "Hide" : "Show";
      button.setAttribute("aria-pressed", String(show));
      input.focus();
    });
    input.form.addEventListener("submit", () => { input.type = "password"; });
  }

  for (const input of document.querySelectorAll(".code input")) {
    input.addEventListener("input", () => {
      const digits = input.value.replace(/\D/g, "").slice(0, 6);
      if (digits !== input.value && /[\d]/.test(input.value)) input.value = digits;
      if (digits.length === 6) input.form.requestSubmit();
    });
  }

  for (const input of document.querySelectorAll("[data-check]")) {
    const state = input.form.elements.state;
    const note = document.getElementById("gstin-hint") ?? document.getElementById("gstin-error");
    const check = async () => {
      const value = input.value.trim();
      if (!value) return;
      const query = new URLSearchParams({ value, state: state?.value ?? "" });
      let verdict;
      try {
        verdict = await (await fetch(`${input.dataset.check}?${query}`)).json();
      } catch {
        return; // offline: the server checks the form anyway
      }
      if (value !== input.value.trim()) return;
      note.className = verdict.ok ? "hint" : "error";
      note.textContent = verdict.message;
      input.setAttribute("aria-invalid", String(!verdict.ok));
    };
    input.addEventListener("change", check);
    input.addEventListener("input", () => { if (input.value.replace(/[\s-]/g, "").length === 15) check(); });
    state?.addEventListener("change", check);
  }

  for (const form of document.querySelectorAll("form[data-busy]")) {
    const button = form.querySelector("button[type=submit]");
    const words = button.textContent;
    form.addEventListener("submit", (event) => {
      if (button.disabled) return event.preventDefault();
      button.disabled = true;
      button.textContent = form.dataset.busy;
    });
    // Back from the next page: the browser shows this one as it was left.
    addEventListener("pageshow", () => { button.disabled = false; button.textContent = words; });
  }
})();
