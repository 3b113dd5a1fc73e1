import { type Random, randomIndex } from "../seeded-random.ts";
import type { CoreChooser, ReportedCores } from "./reported-cores.ts";

/** Draws before the room is refused. */
const DRAWS = 16;

/** Any core that is not full. */
export function createRandomChoice(cores: ReportedCores, random: Random): CoreChooser {
  return {
    choose() {
      for (let drawn = 0; drawn < DRAWS; drawn += 1) {
        const core = randomIndex(random, cores.count);
        if (!cores.isFull(core)) return core;
      }
      return null;
    },
  };
}
