/** `within` has waited long enough. */
export class TooLateError extends Error {
  constructor(ms: number) {
    super(`not within ${ms} ms`);
  }
}

/**
 * Waits for `work`, though no longer than `ms`. Its outcome after that, a failure included, is ignored.
 * @throws {TooLateError} Nothing came in time. Whatever `work` rejects with in time.
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TooLateError(ms)), ms);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
