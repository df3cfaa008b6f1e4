// A field whose question is not asked has no answer, and neither has one that hangs on it.
export function asked(fields, typed) {
  const here = new Set();
  for (const { name, only_if: only } of fields) {
    if (!only?.name || (here.has(only.name) && (typed[only.name] ?? "").split(",").includes(only.value))) here.add(name);
  }
  return here;
}
