import type { LiveBeat, LiveStatus } from "@fairlead/protocol";
import type { PlacementPolicy } from "../policy.ts";

type Run = Pick<LiveBeat, "nodeId" | "incarnation">;

/** Processes that take RTMP in. They stand apart from nodes, so that no placement and no burial ever meets one. */
export class LiveTable {
  readonly #policy: PlacementPolicy;
  readonly #lives = new Map<string, LiveStatus>();

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
  }

  hear(beat: LiveBeat, nowMs: number): void {
    this.#forgetSilent(nowMs);
    this.#lives.set(nameOf(beat), { ...beat, lastBeatMs: nowMs });
  }

  remove(run: Run): void {
    this.#lives.delete(nameOf(run));
  }

  /** In order of name. @param after A name. @param nodeId Only of this name. */
  living(nowMs: number, { after, nodeId }: { after: string; nodeId: string | undefined }): LiveStatus[] {
    this.#forgetSilent(nowMs);
    return [...this.#lives]
      .filter(([name, live]) => name > after && (nodeId === undefined || live.nodeId === nodeId))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, live]) => live);
  }

  #forgetSilent(nowMs: number): void {
    for (const [name, { lastBeatMs }] of this.#lives)
      if (nowMs - lastBeatMs > this.#policy.nodeTtlMs) this.#lives.delete(name);
  }
}

function nameOf({ nodeId, incarnation }: Run): string {
  return `${nodeId} ${incarnation}`;
}
