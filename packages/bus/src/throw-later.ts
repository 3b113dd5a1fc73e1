/** Where nobody wants to hear of bugs the runtime does: as of any that nobody caught. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
