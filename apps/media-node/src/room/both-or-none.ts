type Closable = { close(): void };

/** Waits for both also where one fails, and closes then what the other made. @throws What one of them was rejected with. */
export async function bothOrNone<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "fulfilled" && b.status === "fulfilled") return [a.value, b.value];
  for (const one of [a, b]) if (one.status === "fulfilled") (one.value as Closable | undefined)?.close();
  throw a.status === "rejected" ? a.reason : b.status === "rejected" ? b.reason : null;
}
