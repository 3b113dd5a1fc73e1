import { expect, it } from "vitest";
import { Turns } from "./turns.ts";

it("let a limited number act at a time, and the next as soon as one has finished or failed", async () => {
  const turns = new Turns(2);
  const doing = new Map<number, PromiseWithResolvers<void>>();
  const results = [1, 2, 3, 4].map((item) =>
    turns.take(async () => {
      const { promise, ...settle } = Promise.withResolvers<void>();
      doing.set(item, { promise, ...settle });
      await promise.finally(() => doing.delete(item));
      return item;
    }),
  );
  const settled = Promise.allSettled(results);
  const soon = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return [...doing.keys()];
  };
  expect(await soon()).toEqual([1, 2]);
  doing.get(2)?.reject(new Error("failed"));
  expect(await soon()).toEqual([1, 3]);
  doing.get(1)?.resolve();
  doing.get(3)?.resolve();
  expect(await soon()).toEqual([4]);
  doing.get(4)?.resolve();
  expect((await settled).map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
});
