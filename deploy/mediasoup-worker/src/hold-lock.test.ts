import { mkdir, readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, it } from "vitest";
import { holdLock } from "./hold-lock.ts";
import { makeTempDir } from "./testing/serve-prebuilt.ts";

let dir: string;
let lockDir: string;

beforeEach(async () => {
  dir = await makeTempDir();
  lockDir = join(dir, "lock");
});

it("one holder works at a time, and the others are told that they wait", async () => {
  let active = 0;
  let mostActive = 0;
  let waits = 0;
  const work = async () => {
    mostActive = Math.max(mostActive, ++active);
    await sleep(20);
    active--;
  };
  const hold = () => holdLock(lockDir, work, { pollMs: 5, onWait: () => waits++ });
  await Promise.all([hold(), hold(), hold()]);
  expect({ mostActive, waits }).toEqual({ mostActive: 1, waits: 2 });
});

it("a holder that works for longer than the stale time keeps its lock", async () => {
  const order: string[] = [];
  // A busy disk takes longer than 200 ms for a sign of life now and then.
  const options = { pollMs: 50, staleMs: 400 };
  const first = holdLock(lockDir, () => sleep(1_000).then(() => order.push("first")), options);
  const second = holdLock(lockDir, async () => order.push("second"), options);
  await Promise.all([first, second]);
  expect(order).toEqual(["first", "second"]);
});

it("a lock whose holder was killed is taken over", async () => {
  await mkdir(lockDir);
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(lockDir, longAgo, longAgo);
  await expect(holdLock(lockDir, async () => "done")).resolves.toBe("done");
  await expect(readdir(dir)).resolves.toEqual([]);
});

it("the lock is free again when the work fails", async () => {
  const failing = holdLock(lockDir, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  await expect(readdir(dir)).resolves.toEqual([]);
});
