import { expect, it } from "vitest";
import { atOnce } from "./at-once.ts";

it("does at most so many at a time, and the next as soon as one is through", async () => {
  const doing = new Map<number, () => void>();
  const done = atOnce([1, 2, 3, 4, 5], 2, async (item) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    doing.set(item, resolve);
    await promise;
    doing.delete(item);
  });
  const finish = async (item: number) => {
    doing.get(item)?.();
    await new Promise((resolve) => setImmediate(resolve));
    return [...doing.keys()];
  };
  expect([...doing.keys()]).toEqual([1, 2]);
  expect(await finish(2)).toEqual([1, 3]);
  expect(await finish(3)).toEqual([1, 4]);
  expect(await finish(1)).toEqual([4, 5]);
  expect(await finish(5)).toEqual([4]);
  expect(await finish(4)).toEqual([]);
  await done;
});

it("of nothing is done at once", async () => {
  await expect(atOnce([], 4, async () => expect.fail())).resolves.toBeUndefined();
});
