import { setTimeout as pause } from "node:timers/promises";
import { FairleadError } from "@fairlead/protocol";
import { lossOf, type Measured, withStage } from "./with-stage.ts";

export type FillOptions = { cores: number; homeLoad: number; fullLoad: number; perSecond: number };

/** @returns How many viewers came in, one after the other, until one was refused. */
export function fill({ perSecond, ...options }: FillOptions): Promise<Measured<number>> {
  return withStage(options, async ({ node, meeting, sinkPort }) => {
    for (let viewers = 0; ; viewers += 1) {
      const isIn = await tryJoin(() => node.join(meeting, sinkPort));
      if (!isIn) return { value: viewers, loss: await lossOf(meeting) };
      await pause(1_000 / perSecond);
    }
  });
}

/** @returns Whether a core took the viewer. */
export async function tryJoin(join: () => Promise<void>): Promise<boolean> {
  try {
    await join();
    return true;
  } catch (error) {
    if (error instanceof FairleadError && error.code === "core_full") return false;
    throw error;
  }
}
