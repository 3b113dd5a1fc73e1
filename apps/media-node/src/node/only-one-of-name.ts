import { FairleadError } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";

/** Three beats: by then a living node has beaten again. */
const WATCH_MS = 1_500;
const LOOK_EVERY_MS = 250;

export type OnlyOneOptions = { nodeId: string; registry: Registry; log: Logger };

/**
 * Two nodes of one name would be drained, pinned to and told apart as one. The last run of this node is none: after a kill it is
 * listed for a moment, and beats no more.
 *
 * @throws {Error} Another node of that name beats while this one watches.
 */
export async function assertOnlyOneOfName({ nodeId, registry, log }: OnlyOneOptions): Promise<void> {
  const beats = async (): Promise<Map<string, number>> => {
    try {
      const { items } = await registry.listNodes({ limit: 100, nodeId });
      return new Map(items.map(({ incarnation, lastBeatMs }) => [incarnation, lastBeatMs]));
    } catch (error) {
      // Without the registry nobody can tell, and a node serves without it.
      if (!(error instanceof FairleadError)) throw error;
      return new Map();
    }
  };
  const before = await beats();
  if (before.size > 0) log.info("node.name_in_use", { nodeId, watchedMs: WATCH_MS });
  for (let lookedMs = 0; before.size > 0 && lookedMs < WATCH_MS; lookedMs += LOOK_EVERY_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    for (const [incarnation, lastBeatMs] of await beats())
      if (lastBeatMs > (before.get(incarnation) ?? Number.POSITIVE_INFINITY))
        throw new Error(
          `Another node ${nodeId} is alive (its run is ${incarnation}): every node needs a FAIRLEAD_NODE_ID of its own`,
        );
  }
}
