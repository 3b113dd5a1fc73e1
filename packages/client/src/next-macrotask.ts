/** Resolves in the next macrotask. Browsers delay a timer in a hidden tab, but not a message. */
export function nextMacrotask(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Delays up to this one are passed over in a hidden tab. */
const SHORT_MS = 500;

/**
 * As `setTimeout`; but a hidden tab does not wait for a short delay, since the browser may make a minute of it.
 * @returns A function that cancels it.
 */
export function afterDelay(delayMs: number, act: () => void): () => void {
  const isHidden = globalThis.document?.visibilityState === "hidden";
  if (!isHidden || delayMs > SHORT_MS) return afterTimeout(delayMs, act);
  let isCancelled = false;
  void nextMacrotask().then(() => isCancelled || act());
  return () => {
    isCancelled = true;
  };
}

/** @returns A function that cancels it. */
export function afterTimeout(delayMs: number, act: () => void): () => void {
  const timer = setTimeout(act, delayMs);
  return () => clearTimeout(timer);
}
