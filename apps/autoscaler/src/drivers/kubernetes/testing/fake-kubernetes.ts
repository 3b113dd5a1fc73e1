import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { type FakePod, inOrderOfRemoval, isCounted } from "./replica-set.ts";

export type Fault = {
  /** e.g. `PUT /apis/`: the next request whose method and path begin so. */
  of: string;
  /** undefined: the connection breaks. */
  status?: number | "none";
  headers?: Record<string, string>;
  /** In place of the answer's. */
  body?: string;
  /** What was asked for is done all the same. */
  isDone?: boolean;
};

type FakeScale = {
  metadata: { name: string; namespace: string; resourceVersion: string };
  spec: { replicas?: number };
};

const NAMESPACE = "/namespaces/fairlead";
const SCALE = `/apis/apps/v1${NAMESPACE}/deployments/media-node/scale`;
const PODS = `/api/v1${NAMESPACE}/pods`;
export const LABELS = { app: "media-node" };

/**
 * An API server with one Deployment and its ReplicaSet, over real HTTP: resource versions, pages, Status bodies, rights, and the controller that makes pods and chooses those that go.
 */
export class FakeKubernetes {
  url = "";
  token = "token-1";
  /** `get scale`, `update scale`, `list pods`, `get pods`, `patch pods`. */
  readonly rights = new Set(["get scale", "update scale", "list pods", "get pods", "patch pods"]);
  /** A second passes with each thing that happens. */
  clockMs = Date.parse("2026-01-01T00:00:00Z");
  replicas = 0;
  pods: FakePod[] = [];
  /** A quota lets it make no pod. */
  isOverQuota = false;
  /** Runs when a question has come, e.g. `GET /api/…`, before it is answered. */
  beforeAnswer: (question: string) => void = () => {};
  /** Runs before the controller looks. */
  beforeControl: () => void = () => {};
  isControllerDown = false;
  readonly faults: Fault[] = [];
  readonly asked: string[] = [];
  #version = 100;
  #count = 0;
  readonly #lists = new Map<string, FakePod[]>();

  constructor(replicas: number) {
    this.replicas = replicas;
    this.control();
    for (const pod of this.pods) this.run(pod);
  }

  async listen(tls?: { key: string; cert: string }): Promise<this> {
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer(request, response);
    const server = tls ? createTlsServer(tls, answer) : createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    this.url = `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this;
  }

  /** The pod's containers run and are ready. */
  run(pod: FakePod, { isReady = true, machine = `machine-${pod.metadata.name}` } = {}): void {
    pod.spec.nodeName = machine;
    const lastTransitionTime = this.#time();
    pod.status = {
      ...{ phase: "Running", restarts: 0 },
      conditions: [{ type: "Ready", status: isReady ? "True" : "False", lastTransitionTime }],
    };
  }

  scaleTo(replicas: number): void {
    this.replicas = replicas;
    this.#version += 1;
    this.control();
  }

  /** What the ReplicaSet's controller does when it looks. */
  control(): void {
    if (this.isControllerDown) return;
    this.beforeControl();
    const counted = this.pods.filter(isCounted);
    const surplus = [...counted]
      .sort(inOrderOfRemoval(counted))
      .slice(0, Math.max(0, counted.length - this.replicas));
    for (const { metadata } of surplus) metadata.deletionTimestamp = this.#time();
    if (this.isOverQuota) return;
    for (let count = counted.length; count < this.replicas; count += 1) this.pods.push(this.#makePod());
  }

  get active(): string[] {
    return this.pods.filter(isCounted).map(({ metadata }) => metadata.name);
  }

  /** Names of pods with the lowest cost. */
  get marked(): string[] {
    return this.pods
      .filter(({ metadata }) => Object.keys(metadata.annotations).length > 0)
      .map(({ metadata }) => metadata.name);
  }

  #makePod(): FakePod {
    this.#count += 1;
    const name = `media-node-7d9f8b5c6-${String(this.#count).padStart(5, "0")}`;
    const owner = { kind: "ReplicaSet" as const, uid: "set-1", controller: true };
    return {
      metadata: {
        ...{ name, uid: `uid-${this.#count}`, labels: { ...LABELS }, annotations: {} },
        ...{ creationTimestamp: this.#time(), ownerReferences: [owner] },
      },
      spec: {},
      status: { phase: "Pending", conditions: [], restarts: 0 },
    };
  }

  /** Kubernetes' times are whole seconds. */
  #time(): string {
    this.clockMs += 1_000;
    return new Date(this.clockMs).toISOString().replace(".000Z", "Z");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const body = await text(request);
    const question = `${method} ${url.split("?")[0]}`;
    this.asked.push(question);
    this.beforeAnswer(question);
    const fault = this.faults.find(({ of }) => `${method} ${url}`.startsWith(of));
    if (fault) this.faults.splice(this.faults.indexOf(fault), 1);
    if (fault?.status === "none") return;
    const [status, answer] =
      fault && !fault.isDone ? statusOf(fault.status ?? 0, "as the test wants it") : this.#act(request, body);
    if (fault && fault.status === undefined && fault.body === undefined) return void request.socket.destroy();
    response.writeHead(fault?.status ?? status, { "Content-Type": "application/json", ...fault?.headers });
    response.end(fault?.body ?? JSON.stringify(answer));
  }

  #act(request: IncomingMessage, body: string): [number, unknown] {
    const { method = "", headers } = request;
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    if (headers.authorization !== `Bearer ${this.token}`) return statusOf(401, "Unauthorized");
    const right = rightOf(method, pathname);
    if (right === null) return statusOf(404, "the server could not find the requested resource");
    if (!this.rights.has(right))
      return statusOf(403, `User "system:serviceaccount:fairlead:autoscaler" cannot ${right}`);
    if (pathname === SCALE) return method === "PUT" ? this.#putScale(JSON.parse(body)) : [200, this.#scale()];
    if (pathname === PODS) return this.#listPods(searchParams);
    const pod = this.pods.find(({ metadata }) => pathname === `${PODS}/${metadata.name}`);
    if (!pod) return statusOf(404, `pods "${pathname.split("/").at(-1)}" not found`);
    if (method === "GET") return [200, pod];
    return headers["content-type"] === "application/merge-patch+json"
      ? patchAnnotations(pod, JSON.parse(body))
      : statusOf(415, "the body of the request was in an unknown format");
  }

  #scale(): FakeScale {
    const { name, namespace } = { name: "media-node", namespace: "fairlead" };
    return {
      ...{
        kind: "Scale",
        apiVersion: "autoscaling/v1",
        status: { replicas: this.active.length, selector: "app=media-node" },
      },
      metadata: { name, namespace, resourceVersion: `${this.#version}` },
      // As Go writes it: a zero is left out.
      spec: this.replicas === 0 ? {} : { replicas: this.replicas },
    };
  }

  #putScale(scale: FakeScale): [number, unknown] {
    if (scale.metadata.resourceVersion !== `${this.#version}`)
      return statusOf(
        409,
        "the object has been modified; please apply your changes to the latest version and try again",
      );
    this.scaleTo(scale.spec.replicas ?? 0);
    return [200, this.#scale()];
  }

  /** A list with pages shows one moment. */
  #listPods(query: URLSearchParams): [number, unknown] {
    const limit = Number(query.get("limit") ?? 0);
    const selector = query.get("labelSelector") ?? "";
    const [id = "", at = "0"] = query.get("continue")?.split(":") ?? [];
    const list =
      this.#lists.get(id) ??
      structuredClone(
        this.pods.filter(({ metadata }) => selector === "" || selector === `app=${metadata.labels.app}`),
      );
    const next = Number(at) + limit;
    const key = id || `list-${this.#lists.size}`;
    this.#lists.set(key, list);
    const rest = limit > 0 && next < list.length ? { continue: `${key}:${next}` } : {};
    return [
      200,
      {
        kind: "PodList",
        metadata: { resourceVersion: `${this.#version}`, ...rest },
        items: list.slice(Number(at), limit > 0 ? next : undefined),
      },
    ];
  }
}

function rightOf(method: string, path: string): string | null {
  const resource = path === SCALE ? "scale" : path.startsWith(PODS) ? "pods" : null;
  if (resource === null) return null;
  const verb = path === PODS ? "list" : { GET: "get", PUT: "update", PATCH: "patch" }[method];
  return `${verb} ${resource}`;
}

function patchAnnotations(
  pod: FakePod,
  { metadata }: { metadata: { annotations: Record<string, string | null> } },
): [number, unknown] {
  for (const [name, value] of Object.entries(metadata.annotations))
    if (value === null) delete pod.metadata.annotations[name];
    else pod.metadata.annotations[name] = value;
  return [200, pod];
}

function statusOf(code: number, message: string): [number, unknown] {
  return [code, { kind: "Status", apiVersion: "v1", status: "Failure", message, code }];
}
