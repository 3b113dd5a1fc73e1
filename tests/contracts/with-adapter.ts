import { it } from "vitest";

/** One fact about an adapter, made fresh for it and closed after it. */
export function factsAbout<A extends { close(): Promise<void> }>(createAdapter: () => Promise<A>) {
  return (fact: string, check: (adapter: A) => Promise<void>): void =>
    it(fact, async () => {
      const adapter = await createAdapter();
      try {
        await check(adapter);
      } finally {
        await adapter.close();
      }
    });
}
