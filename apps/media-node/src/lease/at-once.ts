/** Rooms placed at once: their peers come back all together, and each costs two transports. */
export const ROOMS_AT_ONCE = 4;

/** Does `act` for each, at most `limit` at a time, as soon as the one before it is through. `act` must not reject. */
export async function atOnce<T>(
  items: readonly T[],
  limit: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const work = async () => {
    for (const item of rest) await act(item);
  };
  await Promise.all(Array.from({ length: limit }, work));
}
