import { expect, it } from "vitest";
import { PacedQueue } from "./paced-queue.ts";

it("jobs are done one after the other, in order, and others get their turn between them", async () => {
  const queue = new PacedQueue();
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
