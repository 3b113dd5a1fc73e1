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
