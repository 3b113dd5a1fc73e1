import { expect, it } from "vitest";
import { LayerChoice } from "./layer-choice.ts";

const STEPS = [{ spatialLayer: 0 }, { spatialLayer: 1 }, { spatialLayer: 2 }];

/** @param losses One every 5 s. @returns The layer after each. */
function run(losses: readonly number[]): number[] {
  const choice = new LayerChoice(STEPS, 0);
  let at = 2;
  return losses.map((loss, index) => {
    at = choice.note(loss, (index + 1) * 5_000)?.spatialLayer ?? at;
    return at;
  });
}

it("goes down one step for each lossy report, and stays at the lowest", () => {
  expect(run([0, 0.2, 0.2, 0.2, 0.5])).toEqual([2, 1, 0, 0, 0]);
});

it("goes up one step after 15 s without loss, and little loss keeps it where it is", () => {
  expect(run([0.2, 0.2, 0, 0, 0, 0.03, 0, 0, 0])).toEqual([1, 0, 0, 0, 1, 1, 1, 1, 2]);
});

it("waits twice as long each time that more was too much", () => {
  const losses = [0.2, 0, 0, 0, 0.2, ...Array(6).fill(0), 0.2, ...Array(12).fill(0)];
  const layers = run(losses);
  const rises = layers.flatMap((layer, index) => (layer > (layers[index - 1] ?? 2) ? [index] : []));
  expect(rises).toEqual([3, 10, 23]);
});
