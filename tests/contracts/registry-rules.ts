import type { CoreStatus, Heartbeat, Lease, NodeStatus } from "@fairlead/protocol";
import type { Placement, PlaceRequest, Registry } from "@fairlead/registry";
import { DEFAULT_POLICY, fromPpm } from "@fairlead/registry/placement";
import { nodesOf, type RegistryAdapter } from "./registry-adapter.ts";

/**
 * The adapter, whose answers are held to the rules that no history may break: an epoch only rises, a node yields only to a
 * higher one, and a new room never lands on a core that is dead, draining, cut off, full, unusable, excluded, or not wished.
 * A breach is thrown to whoever called.
 */
export function holdToRules(adapter: RegistryAdapter): RegistryAdapter {
  let rules = new Rules(adapter);
  return {
    get registry() {
      return rules.registry;
    },
    now: adapter.now,
    advance: adapter.advance,
    skewed: adapter.skewed,
    close: () => adapter.close(),
    async flush() {
      await adapter.flush();
      rules = new Rules(adapter);
    },
  };
}

class Rules {
  readonly registry: Registry;
  readonly #inner: Registry;
  readonly #now: () => number;
  /** The highest epoch of each room that was seen anywhere. */
  readonly #epochs = new Map<string, number>();
  readonly #beats = new Map<string, { beat: Heartbeat; atMs: number }>();
  #lastBeatMs: number | null = null;
  #aliveFloorMs = 0;

  constructor({ registry, now }: RegistryAdapter) {
    this.#inner = registry;
    this.#now = now;
    this.registry = new Proxy(registry, {
      get: (target, name: keyof Registry) => {
        if (name === "heartbeat") return (beat: Heartbeat) => this.#heartbeat(beat);
        if (name === "place") return (request: PlaceRequest) => this.#place(request);
        return target[name].bind(target);
      },
    });
  }

  async #heartbeat(beat: Heartbeat) {
    const reply = await this.#inner.heartbeat(beat);
    const nowMs = this.#now();
    if (nowMs - (this.#lastBeatMs ?? 0) > DEFAULT_POLICY.gapMs) this.#aliveFloorMs = nowMs;
    this.#lastBeatMs = nowMs;
    this.#beats.set(beat.incarnation, { beat, atMs: nowMs });
    const named = new Map(beat.leases.named.map(({ roomId, epoch }) => [roomId, epoch]));
    const isHigher = ({ roomId, epoch }: Lease) => epoch > (named.get(roomId) ?? Number.POSITIVE_INFINITY);
    for (const lease of reply.lost) {
      claim(isHigher(lease), "lost to a lease that is not higher", lease);
      claim(lease.incarnation !== beat.incarnation, "lost to itself", lease);
    }
    for (const lease of reply.renewed)
      claim(isHigher(lease) && lease.incarnation === beat.incarnation, "renewed to the lower", lease);
    for (const lease of [...reply.lost, ...reply.renewed, ...beat.leases.named]) this.#see(lease);
    return reply;
  }

  async #place(request: PlaceRequest): Promise<Placement> {
    const room = await this.#inner.describeRoom(request.roomId);
    const nodes = await nodesOf(this.#inner);
    const placement = await this.#inner.place(request);
    const { lease, isNew } = placement;
    if (!isNew) claim(room?.lease?.epoch === lease.epoch, "not the lease in force", placement);
    else {
      claim(lease.epoch > (this.#epochs.get(lease.roomId) ?? 0), "an epoch that was there before", lease);
      claim(lease.epoch >= this.#now(), "an epoch before its time", lease);
      const silentMs = this.#now() - (this.#lastBeatMs ?? this.#now());
      claim(silentMs <= DEFAULT_POLICY.gapMs, "given away in a silence of all nodes", placement);
      const { options } = placement.room;
      const labels = [...options.labels, ...(request.labels ?? [])];
      const wish = { ...request, labels, nodeId: options.nodeId };
      const fault = this.#faultOf(lease, wish, nodes);
      claim(fault === null, `${fault} core chosen`, { placement, request });
    }
    this.#see(lease);
    return placement;
  }

  #faultOf(
    lease: Lease,
    wish: Pick<PlaceRequest, "exclude" | "labels" | "suspect"> & { nodeId?: string | undefined },
    nodes: NodeStatus[],
  ): string | null {
    const last = this.#beats.get(lease.incarnation);
    const node = nodes.find(({ incarnation }) => incarnation === lease.incarnation);
    const core = node?.cores.find((each) => each.core === lease.core);
    if (!last || !node || !core) return "unknown";
    const { nodeTtlMs, suspectTtlMs } = DEFAULT_POLICY;
    const ttlMs = wish.suspect === lease.incarnation ? suspectTtlMs : nodeTtlMs;
    if (this.#now() - Math.max(last.atMs, this.#aliveFloorMs) > ttlMs) return "dead";
    if (last.beat.state !== "ready") return "draining";
    if (!last.beat.busConnected) return "cut";
    if (wish.nodeId !== undefined && wish.nodeId !== node.nodeId) return "other than the pinned";
    if (wish.labels?.some((label) => !node.labels.includes(label))) return "unlabelled";
    const isExcluded = wish.exclude?.some(
      (each) => each.incarnation === lease.incarnation && each.core === lease.core,
    );
    return isExcluded ? "excluded" : faultOfCore(core, last.beat);
  }

  #see({ roomId, epoch }: Pick<Lease, "roomId" | "epoch">): void {
    this.#epochs.set(roomId, Math.max(this.#epochs.get(roomId) ?? 0, epoch));
  }
}

function faultOfCore(core: CoreStatus, beat: Heartbeat): string | null {
  const { cpuLoad, usable } = beat.cores.find((each) => each.core === core.core) ?? core;
  if (!usable) return "unusable";
  const load = Math.max(cpuLoad, beat.networkLoad);
  const { peerCostPpm, fullPpm } = DEFAULT_POLICY;
  return load + fromPpm(peerCostPpm) >= fromPpm(fullPpm) ? "full" : null;
}

function claim(isTrue: boolean, breach: string, detail: unknown): void {
  if (!isTrue) throw new Error(`${breach}: ${JSON.stringify(detail)}`);
}
