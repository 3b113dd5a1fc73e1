import { expect, it } from "vitest";
import { PacedQueue } from "./paced-queue.ts";

it("jobs are done one after the other, in order, and others get their turn between them", async () => {
  const queue = new PacedQueue(() => {});
  const done: string[] = [];
  const job = (name: string) => async () => {
    done.push(`${name} begins`);
    await null;
    done.push(`${name} ends`);
  };
  void queue.push(job("first"));
  const last = queue.push(job("second"));
  expect(done).toEqual(["first begins"]);
  setImmediate(() => done.push("another's turn"));
  await last;
  expect(done).toEqual(["first begins", "first ends", "another's turn", "second begins", "second ends"]);
  await queue.push(job("third"));
  expect(done.at(-1)).toBe("third ends");
});

it("a job that rejects is told, and keeps none of the others", async () => {
  const told: unknown[] = [];
  const queue = new PacedQueue((error) => told.push(error));
  const bug = new Error("bug");
  let isDone = false;
  void queue.push(() => Promise.reject(bug));
  await queue.push(async () => {
    isDone = true;
  });
  expect([told, isDone]).toEqual([[bug], true]);
});
