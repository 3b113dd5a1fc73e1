import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { generate } from "selfsigned";
import { describe, expect, it, onTestFinished } from "vitest";
import type { NodeInstance } from "../node-driver.ts";
import { KubernetesDriver, type KubernetesDriverOptions } from "./kubernetes-driver.ts";
import { FakeKubernetes } from "./testing/fake-kubernetes.ts";
import { type FakePod, isCounted } from "./testing/replica-set.ts";

/** However busy the machine is. */
const SOON = { timeout: 15_000 };
const SCALE = "/apis/apps/v1/namespaces/fairlead/deployments/media-node/scale";
const PODS = "/api/v1/namespaces/fairlead/pods";

/** Pauses last no time, and are noted. */
async function setUp(replicas: number, options: Partial<KubernetesDriverOptions> = {}) {
  const api = await new FakeKubernetes(replicas).listen();
  return { api, ...drive(api, options) };
}

function drive(api: FakeKubernetes, options: Partial<KubernetesDriverOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-driver-"));
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, `${api.token}\n`);
  const pauses: number[] = [];
  const clock = { nowMs: 1_800_000_000_000 };
  const pause = async (ms: number) => {
    pauses.push(ms);
    await new Promise((resolve) => setImmediate(resolve));
    api.control();
  };
  const driver = new KubernetesDriver({
    ...{ url: api.url, tokenFile, namespace: "fairlead", deployment: "media-node" },
    ...{ now: () => clock.nowMs, pause, ...options },
  });
  onTestFinished(async () => {
    await driver.close();
    rmSync(folder, { recursive: true });
  });
  return { driver, tokenFile, folder, pauses, clock };
}

function atFirst(api: FakeKubernetes, question: string, act: () => void): void {
  api.beforeAnswer = (asked) => {
    if (asked !== question) return;
    api.beforeAnswer = () => {};
    act();
  };
}

const named = (id: string): NodeInstance => ({ id, nodeId: id, askedAtMs: 0 });
const podAt = (api: FakeKubernetes, index: number): FakePod => {
  const pod = api.pods[index];
  if (!pod) throw new Error(`no pod ${index}`);
  return pod;
};
/** Its node has been drained: it takes no rooms. */
function unready(api: FakeKubernetes, index: number): string {
  const pod = podAt(api, index);
  api.run(pod, { isReady: false });
  return pod.metadata.name;
}
const nameAt = (api: FakeKubernetes, index: number) => podAt(api, index).metadata.name;

describe("the list", () => {
  it("has every pod, under the name that is its node's id, however many pages they fill", async () => {
    const { api, driver } = await setUp(450);
    const instances = await driver.list();
    expect(instances.map(({ id }) => id)).toEqual(api.active);
    expect(instances[0]).toEqual({
      ...{ id: nameAt(api, 0), nodeId: nameAt(api, 0) },
      askedAtMs: Date.parse(podAt(api, 0).metadata.creationTimestamp),
    });
    expect(api.asked.filter((asked) => asked === `GET ${PODS}`)).toHaveLength(3);
  });

  it("is begun again when it expires between its pages", async () => {
    const { api, driver } = await setUp(450);
    api.faults.push({ of: `GET ${PODS}?labelSelector=app%3Dmedia-node&limit=200&continue=`, status: 410 });
    expect(await driver.list()).toHaveLength(450);
  });

  it("has pods that wait for a machine, and none that ends, has ended, was evicted or is another's", async () => {
    const { api, driver } = await setUp(5);
    const [, ending, evicted, over, stranger] = api.pods;
    if (!ending || !evicted || !over || !stranger) throw new Error("five pods");
    ending.metadata.deletionTimestamp = "2026-01-01T01:00:00Z";
    evicted.status = { ...evicted.status, phase: "Failed", reason: "Evicted" };
    over.status = { ...over.status, phase: "Succeeded" };
    stranger.metadata.labels.app = "signaling";
    api.replicas = 2;
    api.pods.push({
      ...structuredClone(stranger),
      spec: {},
      status: { phase: "Pending", conditions: [], restarts: 0 },
    });
    podAt(api, 5).metadata.labels.app = "media-node";
    podAt(api, 5).metadata.name = "waiting";
    expect((await driver.list()).map(({ id }) => id)).toEqual([nameAt(api, 0), "waiting"]);
  });

  it("has replicas that get no pod, with the time at which they were first missed", async () => {
    const { api, driver, clock } = await setUp(2);
    api.isOverQuota = true;
    await driver.start(1);
    const [, , first] = await driver.list();
    clock.nowMs += 60_000;
    await driver.start(1);
    const [, , ...missing] = await driver.list();
    expect(missing).toEqual([
      { id: "replica_without_pod_1", nodeId: "replica_without_pod_1", askedAtMs: 1_800_000_000_000 },
      { id: "replica_without_pod_2", nodeId: "replica_without_pod_2", askedAtMs: 1_800_000_060_000 },
    ]);
    expect(missing[0]).toEqual(first);
    api.isOverQuota = false;
    api.control();
    expect((await driver.list()).map(({ id }) => id)).toEqual(api.active);
  });
});

describe("a start", () => {
  it("raises the number, from zero too", async () => {
    const { api, driver } = await setUp(0);
    await driver.start(3);
    expect(api.replicas).toBe(3);
  });

  it("adds to what somebody else made of the number meanwhile", async () => {
    const { api, driver } = await setUp(3);
    atFirst(api, `PUT ${SCALE}`, () => api.scaleTo(10));
    await driver.start(2);
    expect(api.replicas).toBe(12);
  });

  it("gives up where the number never stands still", async () => {
    const { api, driver } = await setUp(3);
    api.beforeAnswer = (question) => {
      if (question === `PUT ${SCALE}`) api.scaleTo(api.replicas + 1);
    };
    await expect(driver.start(2)).rejects.toMatchObject({ status: 409 });
    expect(api.replicas).toBe(8);
  });

  it("that was not answered is not repeated: nobody knows, and the list tells", async () => {
    const { api, driver } = await setUp(2);
    api.faults.push({ of: `PUT ${SCALE}`, isDone: true });
    await expect(driver.start(2)).rejects.toMatchObject({ status: null });
    expect(await driver.list()).toHaveLength(4);
    api.faults.push({ of: `PUT ${SCALE}`, status: 500 });
    await expect(driver.start(2)).rejects.toMatchObject({ status: 500 });
    expect(api.replicas).toBe(4);
  });
});

describe("a removal", () => {
  it.each([0, 1, 2, 3])("has pod %i of four equal ones go, and no other", async (index) => {
    const { api, driver } = await setUp(4);
    const before = api.active;
    const name = unready(api, index);
    await driver.remove(named(name));
    expect(api.active).toEqual(before.filter((other) => other !== name));
    expect(api.replicas).toBe(3);
    expect(api.marked).toEqual([name]);
  });

  it("has exactly that pod go, or changes nothing, whatever state the others are in", async () => {
    const state = fc.record({
      ...{ isReady: fc.boolean(), isPending: fc.boolean(), hasMark: fc.boolean() },
      ...{ machine: fc.constantFrom("a", "b"), restarts: fc.nat(2) },
    });
    const cases = fc.tuple(fc.array(state, { minLength: 1, maxLength: 5 }), fc.nat(4));
    await fc.assert(
      fc.asyncProperty(cases, async ([states, chosen]) => {
        const { api, driver } = await setUp(states.length);
        for (const [index, { isReady, isPending, hasMark, machine, restarts }] of states.entries()) {
          const pod = podAt(api, index);
          api.run(pod, { isReady, machine });
          pod.status.restarts = restarts;
          if (hasMark) pod.metadata.annotations["controller.kubernetes.io/pod-deletion-cost"] = "-2147483648";
          if (isPending) pod.status = { phase: "Pending", conditions: [], restarts: 0 };
        }
        const before = api.active;
        const name = nameAt(api, chosen % states.length);
        const isDone = await driver.remove(named(name)).then(
          () => true,
          () => false,
        );
        expect(api.active).toEqual(isDone ? before.filter((other) => other !== name) : before);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ["waits for a machine", (pod: FakePod) => Object.assign(pod, { spec: {} })],
    ["does not run", (pod: FakePod) => Object.assign(pod.status, { phase: "Pending" })],
    [
      "is of another ReplicaSet",
      (pod: FakePod) => Object.assign(pod.metadata.ownerReferences[0] ?? {}, { uid: "set-2" }),
    ],
  ])("is refused while another pod %s: that one would go", async (_what, spoil) => {
    const { api, driver } = await setUp(3);
    spoil(podAt(api, 2));
    await expect(driver.remove(named(unready(api, 0)))).rejects.toThrow("is not removed");
    expect([api.replicas, api.marked]).toEqual([3, []]);
  });

  it("of one that never ran is no different", async () => {
    const { api, driver } = await setUp(2);
    await driver.start(1);
    await driver.remove(named(nameAt(api, 2)));
    expect(api.active).toEqual([nameAt(api, 0), nameAt(api, 1)]);
  });

  it("of one that is gone, ends or was evicted changes nothing", async () => {
    const { api, driver } = await setUp(3);
    podAt(api, 0).metadata.deletionTimestamp = "2026-01-01T01:00:00Z";
    podAt(api, 1).status.phase = "Failed";
    api.control();
    for (const id of [nameAt(api, 0), nameAt(api, 1), "never-was"]) await driver.remove(named(id));
    expect([api.replicas, api.marked]).toEqual([3, []]);
  });

  it("of a replica without a pod lowers the number, unless it has got one meanwhile", async () => {
    const { api, driver } = await setUp(2);
    api.isOverQuota = true;
    await driver.start(2);
    const [, , , last] = await driver.list();
    if (!last) throw new Error("two replicas are without");
    await driver.remove(last);
    expect(api.replicas).toBe(3);
    api.isOverQuota = false;
    api.control();
    await driver.remove(last);
    expect(api.active).toHaveLength(3);
    // Somebody has lowered the number, and the controller is late.
    api.isControllerDown = true;
    api.scaleTo(2);
    await driver.remove(last);
    expect(api.replicas).toBe(2);
  });

  it("lowers what somebody else made of the number meanwhile", async () => {
    const { api, driver } = await setUp(3);
    const name = unready(api, 1);
    atFirst(api, `PUT ${SCALE}`, () => {
      api.scaleTo(5);
      for (const pod of api.pods.slice(3)) api.run(pod);
    });
    await driver.remove(named(name));
    expect([api.replicas, api.active.includes(name)]).toEqual([4, false]);
  });

  it("that was not answered keeps its mark, and a second try does not lower the number again", async () => {
    const { api, driver } = await setUp(3);
    const name = unready(api, 0);
    api.isControllerDown = true;
    api.faults.push({ of: `PUT ${SCALE}`, isDone: true });
    await expect(driver.remove(named(name))).rejects.toMatchObject({ status: null });
    expect([api.replicas, api.marked]).toEqual([2, [name]]);
    await expect(driver.remove(named(name))).rejects.toThrow("has not removed pod");
    expect([api.replicas, api.marked]).toEqual([2, [name]]);
    api.isControllerDown = false;
    await driver.remove(named(name));
    expect([api.replicas, api.active.includes(name)]).toEqual([2, false]);
  });

  it.each([
    ["a gateway gives up", { status: 504 }],
    ["the answer is garbled", { body: "<html>" }],
  ])("keeps its mark when %s: the number may be lowered", async (_what, fault) => {
    const { api, driver } = await setUp(3);
    const name = unready(api, 0);
    api.isControllerDown = true;
    api.faults.push({ of: `PUT ${SCALE}`, isDone: true, ...fault });
    await expect(driver.remove(named(name))).rejects.toMatchObject({ mayBeDone: true });
    expect([api.replicas, api.marked]).toEqual([2, [name]]);
  });

  it("takes away the mark that an earlier one has left", async () => {
    const { api, driver } = await setUp(3);
    podAt(api, 2).metadata.annotations["controller.kubernetes.io/pod-deletion-cost"] = "-2147483648";
    await driver.remove(named(unready(api, 0)));
    expect(api.marked).toEqual([nameAt(api, 0)]);
    expect(api.active).toEqual([nameAt(api, 1), nameAt(api, 2)]);
  });

  it("tells which pod went in its place, if one fell ill just then, and takes the mark away", async () => {
    const { api, driver } = await setUp(3);
    api.beforeControl = () => {
      if (api.replicas === 2) podAt(api, 2).status = { phase: "Pending", conditions: [], restarts: 0 };
    };
    await expect(driver.remove(named(unready(api, 0)))).rejects.toThrow(`in its place: ${nameAt(api, 2)}`);
    expect(api.marked).toEqual([]);
  });

  it.each(["patch pods", "update scale"])(
    "without the right to %s says so, and leaves nothing behind",
    async (right) => {
      const { api, driver } = await setUp(3);
      api.rights.delete(right);
      await expect(driver.remove(named(unready(api, 0)))).rejects.toThrow(`403 User`);
      expect([api.replicas, api.marked]).toEqual([3, []]);
    },
  );

  it("waits for the one before it", async () => {
    const { api, driver } = await setUp(4);
    const names = [unready(api, 0), unready(api, 3)];
    await Promise.all(names.map((name) => driver.remove(named(name))));
    expect(api.active).toEqual([nameAt(api, 1), nameAt(api, 2)]);
  });

  it("waits until the kubelet has found that the node takes no rooms", async () => {
    const { api, driver, pauses } = await setUp(3);
    const name = nameAt(api, 0);
    api.beforeControl = () => {
      if (pauses.length === 3) unready(api, 0);
    };
    await driver.remove(named(name));
    expect([api.replicas, api.active.includes(name), pauses.length]).toEqual([2, false, 3]);
  });

  it("changes nothing while the pod is ready: its node takes rooms", async () => {
    const { api, driver } = await setUp(3);
    await expect(driver.remove(named(nameAt(api, 0)))).rejects.toThrow("takes rooms");
    expect([api.replicas, api.marked]).toEqual([3, []]);
  });

  it("changes nothing more once the pod is ready again, though it was marked", async () => {
    const { api, driver } = await setUp(3);
    const name = unready(api, 0);
    // Another autoscaler has taken the drain back, and the Deployment's status has changed by that.
    atFirst(api, `PUT ${SCALE}`, () => {
      api.run(podAt(api, 0));
      api.scaleTo(3);
    });
    await expect(driver.remove(named(name))).rejects.toThrow("takes rooms");
    expect([api.replicas, api.active.length, api.marked]).toEqual([3, 3, []]);
  });

  it.each([1, 2])("ends before step %i once another autoscaler acts", async (turns) => {
    const { api, driver } = await setUp(3);
    const name = unready(api, 0);
    let left = turns - 1;
    await expect(driver.remove(named(name), () => left-- > 0)).rejects.toThrow("another autoscaler acts now");
    expect([api.replicas, api.marked]).toEqual([3, turns === 1 ? [] : [name]]);
  });

  it("is not asked for again after 429 or 409 once another autoscaler acts; nor is a start", async () => {
    const { api, driver } = await setUp(3);
    for (const fault of [409, 429]) {
      let isOver = false;
      api.faults.push({ of: `PUT ${SCALE}`, status: fault });
      api.beforeAnswer = (question) => {
        isOver ||= question === `PUT ${SCALE}`;
      };
      await expect(driver.start(1, () => !isOver)).rejects.toThrow("another autoscaler acts now");
    }
    expect([api.replicas, api.faults]).toEqual([3, []]);
  });
});

describe("the API server", () => {
  it("is asked again when it says so, whatever was asked", async () => {
    const { api, driver, pauses } = await setUp(1);
    api.faults.push({ of: `PUT ${SCALE}`, status: 429, headers: { "Retry-After": "3" } });
    api.faults.push({ of: `GET ${SCALE}`, status: 429, headers: { "Retry-After": "3600" } });
    await driver.start(1);
    expect(api.replicas).toBe(2);
    expect(pauses).toEqual([10_000, 3_000]);
  });

  it("is asked again after 5xx, where nothing is changed by it, and not for ever", async () => {
    const { api, driver } = await setUp(1);
    api.faults.push({ of: "GET ", status: 503 }, { of: "GET " }, { of: "GET ", status: 500 });
    expect(await driver.list()).toHaveLength(1);
    for (let times = 0; times < 4; times += 1) api.faults.push({ of: "GET ", status: 503 });
    await expect(driver.list()).rejects.toMatchObject({ status: 503 });
  });

  it("is asked again when it does not answer in time", async () => {
    const { api, driver } = await setUp(1, { timeoutMs: 500 });
    api.faults.push({ of: "GET ", status: "none" });
    expect(await driver.list()).toHaveLength(1);
  });

  it("gets the token that the file has now", async () => {
    const { api, driver, tokenFile } = await setUp(1);
    await driver.list();
    api.token = "token-2";
    await expect(driver.list()).rejects.toMatchObject({ status: 401 });
    writeFileSync(tokenFile, "token-2");
    expect(await driver.list()).toHaveLength(1);
  });

  it("is believed by the cluster's own authority alone", async () => {
    const extensions = [
      { name: "subjectAltName" as const, altNames: [{ type: 7 as const, ip: "127.0.0.1" }] },
    ];
    const { private: key, cert } = await generate([{ name: "commonName", value: "kubernetes" }], {
      extensions,
    });
    const api = await new FakeKubernetes(2).listen({ key, cert });
    const strange = drive(api);
    await expect(strange.driver.list()).rejects.toThrow(/certificate/);
    const caFile = join(strange.folder, "ca.crt");
    writeFileSync(caFile, (await generate([{ name: "commonName", value: "kubernetes" }])).cert);
    const { driver } = drive(api, { caFile });
    await expect(driver.list()).rejects.toThrow(/certificate/);
    // It is replaced while the driver runs.
    writeFileSync(caFile, cert);
    expect(await driver.list()).toHaveLength(2);
  });

  it("is asked nothing more once the driver is closed", async () => {
    const { api, driver } = await setUp(1);
    api.faults.push({ of: "GET ", status: "none" });
    const asked = driver.list();
    await expect.poll(() => api.asked.length, SOON).toBe(1);
    await driver.close();
    await expect(asked).rejects.toThrow();
    await expect(driver.list()).rejects.toThrow();
    expect(api.asked).toHaveLength(1);
    expect(api.pods.filter(isCounted)).toHaveLength(1);
  });
});
