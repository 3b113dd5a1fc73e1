import type { Nodes } from "@fairlead/api-client";
import { FairleadError, type GroupCapacity } from "@fairlead/protocol";
import type { Logger, Metrics } from "@fairlead/telemetry";
import { decide } from "../decide/decide.ts";
import {
  type Action,
  DRAINED_BY,
  type Observation,
  type ScaleRules,
  type SeenInstance,
  type SeenNode,
} from "../decide/observation.ts";
import type { NodeDriver, NodeInstance } from "../drivers/node-driver.ts";
import { InstanceWatch } from "./instance-watch.ts";
import { FindingTeller } from "./tell-findings.ts";

export type ScaledGroupOptions = {
  group: string;
  rules: ScaleRules;
  driver: NodeDriver;
  nodes: Pick<Nodes, "drain" | "undrain" | "read">;
  metrics: Pick<Metrics, "count" | "observe">;
  log: Logger;
  /** Whether this process is the one that acts: asked before each action. */
  mayAct: () => boolean;
  now: () => number;
  wallNow: () => number;
};

/** A node whose drain came to nothing is drained again after so many times the longest drain, at the earliest. */
const SPARED_FOR_DRAINS = 6;
/** A driver that takes longer than this to tell what there is can't be asked: what the registry said is old by then, ms. */
const LIST_WITHIN_MS = 20_000;
/** A start that failed may have been taken all the same: so much of a start's time shows. */
const DOUBT_SHARE = 1 / 6;

/** One group: looked at, decided about, and acted upon, one action after the other. */
export class ScaledGroup {
  readonly #options: ScaledGroupOptions;
  readonly #watch: InstanceWatch;
  readonly #teller: FindingTeller;
  /** Until when, by node id. */
  readonly #spared = new Map<string, number>();
  /** The same of instances that the driver has promised to remove. */
  readonly #removed = new Map<string, number>();
  /** Ids of those that were late, to count each once. */
  #late = new Set<string>();
  #lastAtMs: number | null = null;
  #nodeIds: readonly string[] = [];

  constructor(options: ScaledGroupOptions) {
    const { now, wallNow, group, metrics } = options;
    this.#options = { ...options, log: options.log.child({ group }) };
    const onBorn = (ms: number) => metrics.observe("scale.start", ms, group);
    this.#watch = new InstanceWatch({ now, wallNow, onBorn });
    this.#teller = new FindingTeller(this.#options.log, now);
  }

  get group(): string {
    return this.#options.group;
  }

  /** Nobody knows how the group is. */
  lose(): void {
    this.#watch.pause();
  }

  /**
   * @param capacity null: the registry knows other groups, and nobody of this one.
   * @param elsewhere The groups of all other nodes, by node id.
   * Never rejects.
   */
  async step(
    capacity: GroupCapacity | null,
    nodes: readonly SeenNode[],
    elsewhere: ReadonlyMap<string, string> = new Map(),
  ): Promise<void> {
    if (capacity && this.#isOld(capacity, nodes)) return this.lose();
    this.#nodeIds = nodes.map(({ nodeId }) => nodeId);
    const instances = await this.#look([...this.#nodeIds, ...elsewhere.keys()]);
    const now = this.#options.now();
    const seen: Observation = {
      ...{ capacity, nodes, elsewhere, instances, unlisted: this.#watch.unlisted },
      ...{ spared: namesUntil(this.#spared, now), removed: namesUntil(this.#removed, now) },
    };
    const { actions, findings } = decide(seen, this.#options.rules);
    this.#teller.tell(findings);
    for (const action of actions) {
      if (!this.#options.mayAct()) return;
      await this.#attempt(action);
    }
  }

  /** Answers of one clock that come in another order, or half of an answer: after a failover of Redis, or from a replica. */
  #isOld({ atMs }: GroupCapacity, nodes: readonly SeenNode[]): boolean {
    const lastAtMs = this.#lastAtMs;
    this.#lastAtMs = atMs;
    const isOld = (lastAtMs !== null && atMs <= lastAtMs) || nodes.length === 0;
    if (isOld) this.#options.log.warn("scale.signal_old", { atMs, lastAtMs, nodes: nodes.length });
    return isOld;
  }

  /** @param living Ids of all nodes that beat. @returns null: the driver can't be asked. */
  async #look(living: readonly string[]): Promise<SeenInstance[] | null> {
    const { log, metrics, group } = this.#options;
    const listed = await this.#list().catch((error) => {
      metrics.count("scale.failed", group);
      log.debug("scale.driver_away", { error });
      return null;
    });
    const instances = listed && this.#watch.look(listed, new Set(living));
    if (instances) this.#countLate(instances);
    return instances;
  }

  async #list(): Promise<NodeInstance[]> {
    const { driver, now } = this.#options;
    const fromMs = now();
    const listed = await driver.list();
    const tookMs = now() - fromMs;
    if (tookMs > LIST_WITHIN_MS) throw new Error(`the driver took ${Math.round(tookMs)} ms to list`);
    return listed;
  }

  #countLate(instances: readonly SeenInstance[]): void {
    const { rules, metrics, group } = this.#options;
    const late = instances.filter(({ hasBeaten, ageMs }) => !hasBeaten && ageMs >= rules.startMs);
    for (const { id } of late) if (!this.#late.has(id)) metrics.count("scale.never_came", group);
    this.#late = new Set(late.map(({ id }) => id));
  }

  async #attempt(action: Action): Promise<void> {
    const { metrics, log, group } = this.#options;
    try {
      await this.#act(action);
    } catch (error) {
      metrics.count("scale.failed", group);
      log.warn("scale.failed", { ...action, error });
      const nodeId = refusedNode(action, error);
      if (nodeId !== null) this.#spare(nodeId);
    }
  }

  #act(action: Action): Promise<void> {
    if (action.do === "start") return this.#start(action);
    if (action.do === "drain") return this.#drain(action);
    if (action.do === "undrain") return this.#undrain(action);
    return this.#remove(action);
  }

  async #start(action: Extract<Action, { do: "start" }>): Promise<void> {
    const { driver, metrics, log, rules, group, mayAct } = this.#options;
    const { count, wanted, ready, why } = action;
    log.info("scale.starting", { count, wanted, ready, why });
    try {
      await driver.start(count, mayAct);
      this.#watch.expect(count, rules.startMs);
      metrics.count("scale.started", group, count);
    } catch (error) {
      this.#watch.expect(count, rules.startMs * DOUBT_SHARE);
      throw error;
    }
  }

  async #drain({ nodeId, rooms, peers }: Extract<Action, { do: "drain" }>): Promise<void> {
    const { nodes, log } = this.#options;
    log.info("scale.draining", { nodeId, rooms, peers });
    const { by, state } = await nodes.drain(nodeId, { by: DRAINED_BY });
    if (by === DRAINED_BY) return;
    // An operator was faster, or the node or signaling is of a build that knows no names. Nobody else ends this drain then, and the next one would be the same.
    log.error("scale.drain_unmarked", { nodeId, by, state });
    for (const other of this.#nodeIds) this.#spare(other);
  }

  async #undrain({ nodeId, why }: Extract<Action, { do: "undrain" }>): Promise<void> {
    const { nodes, metrics, log, group } = this.#options;
    await nodes.undrain(nodeId, { by: DRAINED_BY });
    if (why !== "needed") {
      this.#spare(nodeId);
      metrics.count("scale.drain_given_up", group);
    }
    log.info("scale.undrained", { nodeId, why });
  }

  /** A node that is drained says itself that it has no room, whatever the registry says; and one that is given up may have come just now. */
  async #remove({ instance, why, drainedMs }: Extract<Action, { do: "remove" }>): Promise<void> {
    const { driver, metrics, log, group, rules, now, mayAct } = this.#options;
    const mayGo = why === "empty" ? await this.#isEmpty(instance) : await this.#isUnheard(instance);
    if (!mayGo || !mayAct()) return;
    await driver.remove(instance, mayAct);
    this.#removed.set(instance.id, now() + rules.startMs);
    if (why === "empty") metrics.count("scale.removed", group);
    if (drainedMs !== undefined) metrics.observe("scale.drain", drainedMs, group);
    log.info("scale.removed", { instance: instance.id, nodeId: instance.nodeId, why });
  }

  async #isEmpty({ nodeId }: NodeInstance): Promise<boolean> {
    if (nodeId === null) return false;
    const { by, rooms } = await this.#options.nodes.drain(nodeId, { by: DRAINED_BY });
    return by === DRAINED_BY && rooms === 0;
  }

  async #isUnheard({ nodeId }: NodeInstance): Promise<boolean> {
    if (nodeId === null) return false;
    try {
      await this.#options.nodes.read(nodeId);
      return false;
    } catch (error) {
      if (error instanceof FairleadError && error.code === "node_not_found") return true;
      throw error;
    }
  }

  #spare(nodeId: string): void {
    const { now, rules } = this.#options;
    this.#spared.set(nodeId, now() + SPARED_FOR_DRAINS * rules.drainMs);
  }
}

/** A node that says no, or is not there, would do so again, and so would a driver; where the API itself fails, no node is to blame. */
function refusedNode(action: Action, error: unknown): string | null {
  if (action.do === "undrain") return action.nodeId;
  if (action.do === "drain") return isOfNode(error) ? action.nodeId : null;
  const isGivenUp = action.do === "remove" && action.why !== "empty";
  return isGivenUp && !(error instanceof FairleadError) ? action.instance.nodeId : null;
}

function isOfNode(error: unknown): boolean {
  return error instanceof FairleadError && error.code.startsWith("node_");
}

function namesUntil(untilMs: Map<string, number>, nowMs: number): ReadonlySet<string> {
  for (const [name, endMs] of untilMs) if (endMs <= nowMs) untilMs.delete(name);
  return new Set(untilMs.keys());
}
