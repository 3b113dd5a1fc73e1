const acts = new Set<() => void>();

process.once("exit", () => {
  for (const act of acts) act();
});

/**
 * Has `act` done when this process ends, however it does: what it started must not outlive it.
 * @returns A function that takes it back.
 */
export function atExit(act: () => void): () => void {
  acts.add(act);
  return () => void acts.delete(act);
}
