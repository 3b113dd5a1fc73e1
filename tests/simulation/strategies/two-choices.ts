import { type Random, randomIndex } from "../seeded-random.ts";
import type { CoreChooser, ReportedCores } from "./reported-cores.ts";

/** Draws before the room is refused. */
const DRAWS = 8;

/** Of two random cores the one that reports less. */
export function createTwoChoices(cores: ReportedCores, random: Random): CoreChooser {
  return {
    choose() {
      for (let drawn = 0; drawn < DRAWS; drawn += 1) {
        const [a, b] = [randomIndex(random, cores.count), randomIndex(random, cores.count)];
        const core = cores.loadPpm(a) <= cores.loadPpm(b) ? a : b;
        if (!cores.isFull(core)) return core;
      }
      return null;
    },
  };
}
