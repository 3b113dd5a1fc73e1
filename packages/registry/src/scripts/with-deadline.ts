/** If the timer fires this much too late, the process was paused: the answer may be waiting unread in its socket. */
const LATE_MS = 100;

/**
 * Ignores the outcome of `work` after the deadline.
 * @throws {Error} "no answer within … ms".
 */
export function withDeadline<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout>;
    const wait = () => {
      const dueMs = performance.now() + timeoutMs;
      timer = setTimeout(() => {
        if (performance.now() - dueMs > LATE_MS) wait();
        else reject(new Error(`no answer within ${timeoutMs} ms`));
      }, timeoutMs);
    };
    wait();
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
