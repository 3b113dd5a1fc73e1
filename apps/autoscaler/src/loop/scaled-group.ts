import type { Nodes } from "@fairlead/api-client";
import type { GroupCapacity } from "@fairlead/protocol";
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
  nodes: Pick<Nodes, "drain" | "undrain">;
  metrics: Pick<Metrics, "count" | "observe">;
  log: Logger;
  /** Whether this process is the one that acts: asked before each action. */
  mayAct: () => boolean;
  now: () => number;
  wallNow: () => number;
};

/** A node whose drain came to nothing is drained again after so many times the longest drain, at the earliest. */
const SPARED_FOR_DRAINS = 6;
/** A start that failed may have been taken all the same: so much of a start's time shows. */
const DOUBT_SHARE = 1 / 6;

/** One group: looked at, decided about, and acted upon, one action after the other. */
export class ScaledGroup {
  readonly #options: ScaledGroupOptions;
  readonly #watch: InstanceWatch;
  readonly #teller: FindingTeller;
  /** Until when, by node id. */
  readonly #spared = new Map<string, number>();
  /** Ids of those that were late, to count each once. */
  #late = new Set<string>();
  #lastAtMs: number | null = null;

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
   * Never rejects.
   */
  async step(capacity: GroupCapacity | null, nodes: readonly SeenNode[]): Promise<void> {
    if (capacity && this.#isOld(capacity, nodes)) return this.lose();
    const seen = await this.#observe(capacity, nodes);
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

  async #observe(capacity: GroupCapacity | null, nodes: readonly SeenNode[]): Promise<Observation> {
    const { driver, log, metrics, group } = this.#options;
    const listed = await driver.list().catch((error) => {
      metrics.count("scale.failed", group);
      log.debug("scale.driver_away", { error });
      return null;
    });
    const living = new Set(nodes.map(({ nodeId }) => nodeId));
    const instances = listed && this.#watch.look(listed, living);
    if (instances) this.#countLate(instances);
    return { capacity, nodes, instances, unlisted: this.#watch.unlisted, spared: this.#sparedNow() };
  }

  #countLate(instances: readonly SeenInstance[]): void {
    const { rules, metrics, group } = this.#options;
    const late = instances.filter(({ hasBeaten, ageMs }) => !hasBeaten && ageMs >= rules.startMs);
    for (const { id } of late) if (!this.#late.has(id)) metrics.count("scale.never_came", group);
    this.#late = new Set(late.map(({ id }) => id));
  }

  #sparedNow(): ReadonlySet<string> {
    for (const [nodeId, untilMs] of this.#spared)
      if (untilMs <= this.#options.now()) this.#spared.delete(nodeId);
    return new Set(this.#spared.keys());
  }

  async #attempt(action: Action): Promise<void> {
    const { metrics, log, group } = this.#options;
    try {
      await this.#act(action);
    } catch (error) {
      metrics.count("scale.failed", group);
      log.warn("scale.failed", { ...action, error });
      if (action.do === "drain" || action.do === "undrain") this.#spare(action.nodeId);
    }
  }

  #act(action: Action): Promise<void> {
    if (action.do === "start") return this.#start(action);
    if (action.do === "drain") return this.#drain(action);
    if (action.do === "undrain") return this.#undrain(action);
    return this.#remove(action);
  }

  async #start(action: Extract<Action, { do: "start" }>): Promise<void> {
    const { driver, metrics, log, rules, group } = this.#options;
    const { count, wanted, ready, why } = action;
    log.info("scale.starting", { count, wanted, ready, why });
    try {
      await driver.start(count);
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
    // An operator was faster, or the node or signaling is of a build that knows no names: nobody else ends this drain then.
    if (by !== DRAINED_BY) log.error("scale.drain_unmarked", { nodeId, by, state });
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

  /** A node that is drained says itself that it has no room, whatever the registry says. */
  async #remove({ instance, why, drainedMs }: Extract<Action, { do: "remove" }>): Promise<void> {
    const { driver, metrics, log, group } = this.#options;
    if (why === "empty" && !(await this.#isEmpty(instance))) return;
    if (!this.#options.mayAct()) return;
    await driver.remove(instance);
    if (why === "empty") metrics.count("scale.removed", group);
    if (drainedMs !== undefined) metrics.observe("scale.drain", drainedMs, group);
    log.info("scale.removed", { instance: instance.id, nodeId: instance.nodeId, why });
  }

  async #isEmpty({ nodeId }: NodeInstance): Promise<boolean> {
    if (nodeId === null) return false;
    const { by, rooms } = await this.#options.nodes.drain(nodeId, { by: DRAINED_BY });
    return by === DRAINED_BY && rooms === 0;
  }

  #spare(nodeId: string): void {
    const { now, rules } = this.#options;
    this.#spared.set(nodeId, now() + SPARED_FOR_DRAINS * rules.drainMs);
  }
}
