/** A timer that is later than this was held up: the process stood still, and the answer may lie in its socket. */
const LATE_MS = 100;

/**
 * What comes of the work after the deadline is nobody's business.
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
