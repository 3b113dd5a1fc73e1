import { setTimeout as pause } from "node:timers/promises";
import type { Split } from "./split.ts";
import { lossOf, type Measured, withStage } from "./with-stage.ts";

const SETTLE_MS = 500;
/** Over which viewers come one after the other. */
const COMING_MS = 2_000;
/** The last ones' requests are through. */
const AFTER_MS = 1_000;

/**
 * How often a camera is asked for a key frame, which makes none by itself, while so many viewers come within two seconds. They sit on
 * one core, or on both by turns.
 */
export function countKeyFrames({ viewers, cores }: Omit<Split, "seconds">): Promise<Measured<number>> {
  return withStage({ cores: 2, keyFrames: "on_request" }, async ({ node, traffic, meeting, sinkPort }) => {
    const consumers = await Promise.all(
      Array.from({ length: viewers }, (_, index) =>
        node.view(meeting, { core: index % cores, port: sinkPort, paused: true }),
      ),
    );
    await pause(SETTLE_MS);
    await traffic.ask("read", { probePorts: [] });
    for (const consumer of consumers) {
      await consumer.resume();
      await pause(COMING_MS / viewers);
    }
    await pause(AFTER_MS);
    const { keyFrameRequests } = await traffic.ask("read", { probePorts: [] });
    return { value: keyFrameRequests, loss: await lossOf(meeting) };
  });
}
