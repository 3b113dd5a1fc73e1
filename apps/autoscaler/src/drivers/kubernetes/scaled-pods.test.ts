import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FairleadError } from "@fairlead/protocol";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it, onTestFinished } from "vitest";
import { capacityOf, drainingOf, nodeOf } from "../../decide/testing/observations.ts";
import { ScaledGroup } from "../../loop/scaled-group.ts";
import { KubernetesDriver } from "./kubernetes-driver.ts";
import { FakeKubernetes } from "./testing/fake-kubernetes.ts";

const RULES = { min: 2, max: 9, startMs: 60_000, settleMs: 0, drainMs: 60_000 };

/** A group of a Deployment's pods: each one that is ready, or drains, is a node that beats. */
async function setUp(replicas: number) {
  const api = await new FakeKubernetes(replicas).listen();
  const folder = mkdtempSync(join(tmpdir(), "fairlead-driver-"));
  writeFileSync(join(folder, "token"), api.token);
  const access = { url: api.url, tokenFile: join(folder, "token") };
  const driver = new KubernetesDriver({ ...access, namespace: "fairlead", deployment: "media-node" });
  onTestFinished(async () => {
    await driver.close();
    rmSync(folder, { recursive: true });
  });
  const draining = new Set<string>();
  const podOf = (nodeId: string) => api.pods.find(({ metadata }) => metadata.name === nodeId);
  const answerOf = (nodeId: string) => ({ nodeId, state: "draining" as const, rooms: 0, by: "autoscaler" });
  const group = new ScaledGroup({
    ...{ group: "default", rules: RULES, driver, log: silentLogger, mayAct: () => true },
    ...{ now: () => api.clockMs, wallNow: () => api.clockMs },
    metrics: { count: () => {}, observe: () => {} },
    nodes: {
      drain: async (nodeId) => {
        draining.add(nodeId);
        // Its /readyz says so.
        const pod = podOf(nodeId);
        if (pod) api.run(pod, { isReady: false });
        return answerOf(nodeId);
      },
      undrain: async (nodeId) => answerOf(nodeId),
      read: async () => {
        throw new FairleadError("node_not_found");
      },
    },
  });
  const step = async (neededNodes: number) => {
    api.clockMs += 10_000;
    const beating = api.active.filter((name) => podOf(name)?.status.phase === "Running");
    const nodes = beating.map((name) => (draining.has(name) ? drainingOf(name) : nodeOf(name)));
    await group.step(capacityOf({ atMs: api.clockMs, neededNodes, wantedNodes: neededNodes }), nodes);
  };
  return { api, draining, step };
}

it("pods that are needed are asked for once; one that never runs is replaced and given up, and no other", async () => {
  const { api, step } = await setUp(2);
  await step(3);
  await step(3);
  const [first, second, late] = api.active;
  expect([api.replicas, api.active.length]).toEqual([3, 3]);
  api.clockMs += RULES.startMs;
  await step(3);
  const successor = api.pods[3];
  if (!successor) throw new Error("another one was asked for");
  api.run(successor);
  for (let minutes = 0; minutes < 10; minutes += 1) {
    api.clockMs += 60_000;
    await step(3);
  }
  expect(api.active).toEqual([first, second, successor.metadata.name]);
  expect(api.active).not.toContain(late);
});

it("a replica that a quota leaves without a pod is given up too", async () => {
  const { api, step } = await setUp(2);
  api.isOverQuota = true;
  await step(3);
  expect(api.replicas).toBe(3);
  for (let minutes = 0; minutes < 10; minutes += 1) {
    api.clockMs += 60_000;
    await step(2);
  }
  expect([api.replicas, api.active.length]).toEqual([2, 2]);
});

it("the pod that was drained goes, and it alone", async () => {
  const { api, draining, step } = await setUp(4);
  const before = api.active;
  await step(3);
  expect([api.replicas, draining.size]).toEqual([4, 1]);
  await step(3);
  await step(3);
  expect(api.active).toEqual(before.filter((name) => !draining.has(name)));
  expect([api.replicas, draining.size]).toEqual([3, 1]);
});
