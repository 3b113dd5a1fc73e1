import { expect, it } from "vitest";
import { Switches } from "./switches.ts";

/** As mediasoup's: it counts as paused, or not any more, when the worker has answered. */
function makeConsumer() {
  const asked: string[] = [];
  const consumer = {
    paused: true,
    asked,
    pause: async () => {
      asked.push("pause");
      await null;
      consumer.paused = true;
    },
    resume: async () => {
      asked.push("resume");
      await null;
      consumer.paused = false;
    },
  };
  return consumer;
}

it("a pause of what is paused asks the worker for nothing", async () => {
  const [switches, consumer] = [new Switches(), makeConsumer()];
  expect(await switches.pause(consumer)).toBe(false);
  expect(consumer.asked).toEqual([]);
});

it("a pause right behind a resume that is on its way counts: what is switched off stays off", async () => {
  const [switches, consumer] = [new Switches(), makeConsumer()];
  const [, isNews] = await Promise.all([switches.resume(consumer), switches.pause(consumer)]);
  expect([consumer.asked, consumer.paused, isNews]).toEqual([["resume", "pause"], true, true]);
  expect(await switches.pause(consumer)).toBe(false);
});

it("of pauses at once the first one acts; those behind a resume act again", async () => {
  const [switches, consumer] = [new Switches(), makeConsumer()];
  consumer.paused = false;
  const acted = await Promise.all([1, 2, 3].map(() => switches.pause(consumer)));
  expect([acted, consumer.asked]).toEqual([[true, false, false], ["pause"]]);
  const [again] = await Promise.all([
    switches.pause(consumer),
    switches.resume(consumer),
    switches.pause(consumer),
  ]);
  expect([again, consumer.asked, consumer.paused]).toEqual([false, ["pause", "resume", "pause"], true]);
});

it("those that commands name together are acted on ten at a time, one command after the other", async () => {
  const [switches, consumers] = [new Switches(), Array.from({ length: 25 }, makeConsumer)];
  const all = consumers.map((consumer) => Object.assign(consumer, { closed: false }));
  const [counts, last] = [{ now: 0, most: 0 }, all.at(-1)];
  const slowly = (act: () => Promise<unknown>) => async () => {
    counts.now += 1;
    counts.most = Math.max(counts.most, counts.now);
    await new Promise((resolve) => setImmediate(resolve));
    await act();
    counts.now -= 1;
  };
  await Promise.all([
    switches.each(all, (one) => slowly(() => switches.resume(one))()),
    switches.each(all, (one) => slowly(() => switches.pause(one))()),
  ]);
  expect(counts).toEqual({ now: 0, most: 10 });
  expect([last?.asked, last?.paused]).toEqual([["resume", "pause"], true]);
});

it("one that closes meanwhile is left out", async () => {
  const [switches, consumers] = [new Switches(), Array.from({ length: 11 }, makeConsumer)];
  const all = consumers.map((consumer) => Object.assign(consumer, { closed: false }));
  const [first, last] = [all[0], all.at(-1)];
  await switches.each(all, async (one) => {
    if (one === first && last) last.closed = true;
    await switches.resume(one);
  });
  expect([first?.asked, last?.asked]).toEqual([["resume"], []]);
});

it("one that fails keeps none of the others from its turn; of one that closes meanwhile nobody hears", async () => {
  const [switches, consumers] = [new Switches(), Array.from({ length: 25 }, makeConsumer)];
  const all = consumers.map((consumer) => Object.assign(consumer, { closed: false }));
  const resume = (failing: number, closes: boolean) =>
    switches.each(all, async (one) => {
      if (one !== all[failing]) return switches.resume(one);
      one.closed = closes;
      throw new Error("gone");
    });
  await expect(resume(3, false)).rejects.toThrow("gone");
  expect(all.filter(({ paused }) => paused)).toEqual([all[3]]);
  await resume(4, true);
});
