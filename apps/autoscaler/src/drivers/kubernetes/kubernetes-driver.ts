import type { MayAct, NodeDriver, NodeInstance } from "../node-driver.ts";
import { pauseUntil } from "../pause-until.ts";
import { DELETION_COST, goesBefore, LOWEST_COST } from "./goes-before.ts";
import { type KubernetesAccess, KubernetesApi, KubernetesError } from "./kubernetes-api.ts";
import { isActive, isReady, type Pod, PodPage, Pod as PodRecord, Scale } from "./kubernetes-records.ts";

export type KubernetesDriverOptions = KubernetesAccess & {
  namespace: string;
  /** The Deployment of the group's media nodes. Each pod's `FAIRLEAD_NODE_ID` is its name. */
  deployment: string;
  /** Milliseconds since 1970. */
  now?: () => number;
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
};

/** Of a list, so that no answer is large. */
const PAGE = 200;
/** Others that change the number at the same time: an operator, mostly. */
const CONFLICTS_MAX = 5;
/** How long the kubelet may take to find that a node takes no rooms any more. */
const UNREADY_WITHIN_MS = 10_000;
/** How long the ReplicaSet's controller may take to choose a pod. */
const GONE_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 500;

/** What there is of the Deployment at one time. */
type Observed = { scale: Scale; active: Pod[] };

/**
 * The pods of a Deployment are the group's nodes. The Deployment's number is changed by its `scale` alone, which is all of it that this account may write; the pod that
 * is to go is marked before the number is lowered, and looked for afterwards.
 */
export class KubernetesDriver implements NodeDriver {
  readonly #api: KubernetesApi;
  readonly #podsPath: string;
  readonly #scalePath: string;
  readonly #now: () => number;
  /** Replicas that have no pod yet. Nothing in Kubernetes tells since when, so it is when they were first missed here. */
  #missing: NodeInstance[] = [];
  #missed = 0;
  /** Changes of the number come one after the other. */
  #change: Promise<unknown> = Promise.resolve();

  constructor(options: KubernetesDriverOptions) {
    const { namespace, deployment, now = Date.now, pause = pauseUntil } = options;
    this.#api = new KubernetesApi(options, pause);
    this.#podsPath = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
    this.#scalePath = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/deployments/${encodeURIComponent(deployment)}/scale`;
    this.#now = now;
  }

  async list(): Promise<NodeInstance[]> {
    const { scale, active } = await this.#observe();
    const missing = Math.max(0, scale.spec.replicas - active.length);
    this.#missing.splice(0, this.#missing.length - missing);
    while (this.#missing.length < missing) this.#missing.push(this.#miss());
    return [...active.map(instanceOf), ...this.#missing];
  }

  start(count: number, mayAct: MayAct = () => true): Promise<void> {
    return this.#inTurn(() => this.#changeNumber(({ scale }) => scale.spec.replicas + count, mayAct));
  }

  /** Not while the pod is ready: another autoscaler, or an operator, may have had its node take rooms again. */
  remove({ id }: NodeInstance, mayAct: MayAct = () => true): Promise<void> {
    return this.#inTurn(() =>
      id.startsWith(WITHOUT_POD) ? this.#giveUpMissing(mayAct) : this.#removePod(id, mayAct),
    );
  }

  async close(): Promise<void> {
    this.#api.close();
  }

  /** No node will ever beat by this id, so it is given up in time. */
  #miss(): NodeInstance {
    this.#missed += 1;
    const id = `${WITHOUT_POD}${this.#missed}`;
    return { id, nodeId: id, askedAtMs: this.#now() };
  }

  #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#change.then(change);
    this.#change = turn.catch(() => {});
    return turn;
  }

  /** The replica may get its pod just now: of the pods that there are then, a new one that does not run yet goes first. */
  #giveUpMissing(mayAct: MayAct): Promise<void> {
    return this.#changeNumber(
      ({ scale: { spec }, active }) => spec.replicas - (active.length < spec.replicas ? 1 : 0),
      mayAct,
    );
  }

  async #removePod(name: string, mayAct: MayAct): Promise<void> {
    await this.#untilUnready(name);
    const { active } = await this.#observe();
    const chosen = active.find(isNamed(name));
    if (!chosen) return;
    checkThatItWouldGo(chosen, active);
    await this.#markOnly(chosen, active, mayAct);
    try {
      await this.#changeNumber((observed) => numberWithout(name, observed), mayAct);
    } catch (error) {
      // The number may be lowered all the same: the mark is needed then.
      if (!(error instanceof KubernetesError && error.mayBeDone))
        await this.#annotate(name, null, mayAct).catch(() => {});
      throw error;
    }
    await this.#untilGone(name, active, mayAct);
  }

  /** A mark that was left by an earlier try would have another pod go. */
  async #markOnly(chosen: Pod, active: readonly Pod[], mayAct: MayAct): Promise<void> {
    for (const { metadata } of active)
      if (metadata.name !== chosen.metadata.name && metadata.annotations[DELETION_COST] === LOWEST_COST)
        await this.#annotate(metadata.name, null, mayAct);
    if (chosen.metadata.annotations[DELETION_COST] !== LOWEST_COST)
      await this.#annotate(chosen.metadata.name, LOWEST_COST, mayAct);
  }

  async #annotate(name: string, cost: string | null, mayAct: MayAct): Promise<void> {
    const body = { metadata: { annotations: { [DELETION_COST]: cost } } };
    try {
      await this.#api.patch(this.#pathOf(name), body, mayAct);
    } catch (error) {
      // It went by itself.
      if (!(error instanceof KubernetesError && error.status === 404)) throw error;
    }
  }

  async #untilUnready(name: string): Promise<void> {
    for (let waitedMs = 0; waitedMs < UNREADY_WITHIN_MS; waitedMs += LOOK_EVERY_MS) {
      const pod = await this.#read(name);
      if (!pod || !isReady(pod)) return;
      await this.#api.pause(LOOK_EVERY_MS);
    }
  }

  /** @throws {Error} It is still there: because the controller is late, or because another one went. */
  async #untilGone(name: string, before: readonly Pod[], mayAct: MayAct): Promise<void> {
    for (let waitedMs = 0; waitedMs < GONE_WITHIN_MS; waitedMs += LOOK_EVERY_MS) {
      if (!(await this.#read(name))) return;
      await this.#api.pause(LOOK_EVERY_MS);
    }
    const { scale, active } = await this.#observe();
    if (!active.some(isNamed(name))) return;
    if (active.length > scale.spec.replicas)
      throw new Error(`the ReplicaSet has not removed pod ${name} within ${GONE_WITHIN_MS} ms`);
    await this.#annotate(name, null, mayAct);
    const left = new Set(active.map(({ metadata }) => metadata.name));
    const gone = before.map(({ metadata }) => metadata.name).filter((other) => !left.has(other));
    throw new Error(`pod ${name} is still there, and these went in its place: ${gone.join(", ") || "none"}`);
  }

  /** @returns null: it is gone, or going. */
  async #read(name: string): Promise<Pod | null> {
    try {
      const pod = PodRecord.parse(await this.#api.get(this.#pathOf(name)));
      return isActive(pod) ? pod : null;
    } catch (error) {
      if (error instanceof KubernetesError && error.status === 404) return null;
      throw error;
    }
  }

  /** @param next The number that is to be; the present one: nothing is written. */
  async #changeNumber(next: (observed: Observed) => number, mayAct: MayAct): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const observed = await this.#observe();
      const { scale } = observed;
      const replicas = Math.max(0, next(observed));
      if (replicas === scale.spec.replicas) return;
      try {
        await this.#api.put(this.#scalePath, { ...scale, spec: { ...scale.spec, replicas } }, mayAct);
        return;
      } catch (error) {
        const isConflict = error instanceof KubernetesError && error.status === 409;
        if (!isConflict || tries === CONFLICTS_MAX) throw error;
      }
    }
  }

  async #observe(): Promise<Observed> {
    const scale = Scale.parse(await this.#api.get(this.#scalePath));
    return { scale, active: (await this.#listPods(scale.status.selector)).filter(isActive) };
  }

  /** A list that expires between its pages (410) is begun again. */
  async #listPods(selector: string): Promise<Pod[]> {
    for (let tries = 1; ; tries += 1)
      try {
        return await this.#listPages(selector);
      } catch (error) {
        const hasExpired = error instanceof KubernetesError && error.status === 410;
        if (!hasExpired || tries === CONFLICTS_MAX) throw error;
      }
  }

  async #listPages(labelSelector: string): Promise<Pod[]> {
    const pods: Pod[] = [];
    let next = "";
    do {
      const query = new URLSearchParams({ labelSelector, limit: `${PAGE}`, ...(next && { continue: next }) });
      const page = PodPage.parse(await this.#api.get(`${this.#podsPath}?${query}`));
      pods.push(...page.items);
      next = page.metadata.continue;
    } while (next !== "");
    return pods;
  }

  #pathOf(pod: string): string {
    return `${this.#podsPath}/${encodeURIComponent(pod)}`;
  }
}

/** No pod has such a name: there is no underscore in them. */
const WITHOUT_POD = "replica_without_pod_";

function instanceOf({ metadata }: Pod): NodeInstance {
  return { id: metadata.name, nodeId: metadata.name, askedAtMs: Date.parse(metadata.creationTimestamp) };
}

function isNamed(name: string): (pod: Pod) => boolean {
  return ({ metadata }) => metadata.name === name;
}

/** With fewer replicas than pods the number is lowered already: an earlier try was not answered, or the controller is late. */
function numberWithout(name: string, { scale, active }: Observed): number {
  const { replicas } = scale.spec;
  const chosen = active.find(isNamed(name));
  if (!chosen || active.length > replicas) return replicas;
  checkThatItWouldGo(chosen, active);
  return replicas - 1;
}

/** @throws {Error} It has come back, or another one might go in its place: nothing is changed. */
function checkThatItWouldGo(chosen: Pod, active: readonly Pod[]): void {
  const { name } = chosen.metadata;
  if (isReady(chosen)) throw new Error(`pod ${name} is not removed: it is ready, so its node takes rooms`);
  const sets = new Set(active.map(({ metadata }) => metadata.ownerReferences.find(isController)?.uid));
  // Each ReplicaSet of a rollout chooses for itself.
  if (sets.size > 1) throw new Error(`pod ${name} is not removed while a rollout is under way`);
  const first = active.find((other) => other !== chosen && goesBefore(other, chosen));
  if (first)
    throw new Error(
      `pod ${name} is not removed: ${first.metadata.name}, which is not as well as it, would go in its place`,
    );
}

function isController({ controller }: { controller?: boolean | undefined }): boolean {
  return controller === true;
}
