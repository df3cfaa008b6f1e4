// Looks every two seconds whether there is anything new, and shows it while nobody is typing.
const seen = document.body.dataset.version;
setInterval(async () => {
  const fields = [...document.querySelectorAll("textarea, input[type=tel], input[type=text]")];
  const busy = fields.some((field) => field.value !== field.defaultValue) || document.querySelector("details[open]");
  if (busy || document.hidden) return;
  try {
    const now = await (await fetch("/phone/news")).json();
    if (String(now.version) !== seen) location.reload();
  } catch {}
}, 2000);
