import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { findProgram } from "../setup/programs.ts";
import { skipBecause } from "../support/skip-because.ts";
import { faultsOfFields, isOfKubernetes } from "./field-faults.ts";
import { ScaledObject, TriggerAuthentication } from "./keda-kinds.ts";
import { settingsOf } from "./process-settings.ts";
import { KUBERNETES, renderManifests, workloadsOf } from "./rendered-manifests.ts";

const reason = findProgram("kubectl") ? null : "there is no kubectl whose kustomize knows components";
const render = (folder: string) => (reason === null ? renderManifests(folder) : []);

const autoscaled = render("overlays/autoscaled");
const byKeda = render("overlays/keda");
const all = [...autoscaled, ...byKeda];
const workloads = workloadsOf(autoscaled);

/** Undefined: the kubelet fills it in. */
const settingOf = (name: string, setting: string) =>
  workloads.find((workload) => workload.name === name)?.container.env.find((each) => each.name === setting)
    ?.value;

beforeEach((test) => skipBecause(reason, test));

describe("the manifests", () => {
  it("have no field that Kubernetes does not know, and none of another type", () => {
    expect(faultsOfFields(all.filter(isOfKubernetes))).toBe("");
  });

  it("would not pass with a wrong field", () => {
    const [wrong] = structuredClone(autoscaled.filter(({ kind }) => kind === "Deployment"));
    if (!wrong?.spec?.template) throw new Error("a Deployment has pods");
    Object.assign(wrong.spec.template.spec, { terminationGracePeriod: 90 });
    expect(faultsOfFields([wrong])).toContain("terminationGracePeriod");
  });

  it("have no field that KEDA does not know", () => {
    const ofKeda = byKeda.filter((manifest) => !isOfKubernetes(manifest));
    expect(ofKeda.map(({ kind }) => kind).sort()).toEqual(["ScaledObject", "TriggerAuthentication"]);
    for (const manifest of ofKeda)
      (manifest.kind === "ScaledObject" ? ScaledObject : TriggerAuthentication).parse(manifest);
  });

  it.each(workloads.map((workload) => [workload.name, workload] as const))(
    "give %s only settings that it reads",
    (name, { container }) => {
      const cluster = all.find(({ kind }) => kind === "ConfigMap")?.data ?? {};
      const given = [...container.env.map((each) => each.name), ...Object.keys(cluster)];
      expect(given.filter((setting) => !settingsOf(name).has(setting))).toEqual([]);
      expect(new Set(given).size).toBe(given.length);
    },
  );

  it("name only secrets that README.md says how to make", () => {
    const keys = all.flatMap((manifest) => JSON.stringify(manifest).match(/"key":"[a-z-]+"/g) ?? []);
    const readme = readFileSync(join(KUBERNETES, "README.md"), "utf8");
    const missing = keys.filter((key) => !readme.includes(`${key.slice(7, -1)}=`));
    expect([...new Set(missing)]).toEqual([]);
  });

  it("let no Service of the namespace set variables", () => {
    expect(workloads.map(({ pod }) => pod.enableServiceLinks)).toEqual(workloads.map(() => false));
  });

  it("run everything as nobody in particular, on a file system that can't be written to", () => {
    for (const { container } of workloads)
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
  });
});

describe("the group", () => {
  const ofNodes = (manifests: typeof all) =>
    workloadsOf(manifests)
      .find(({ name }) => name === "media-node")
      ?.container.env.find(({ name }) => name === "FAIRLEAD_GROUP")?.value;

  it("that the autoscaler scales is the one that its Deployment's nodes say they are of, whatever their region", () => {
    const groups = JSON.parse(settingOf("autoscaler", "FAIRLEAD_SCALE_GROUPS") ?? "");
    expect(groups).toMatchObject([
      { group: ofNodes(autoscaled), driver: { kind: "kubernetes", deployment: "media-node" } },
    ]);
  });

  it("that KEDA asks for is that one too", () => {
    expect(JSON.stringify(byKeda)).toContain(`/v1/capacity?group=${ofNodes(byKeda)}"`);
  });
});

describe("the grace time", () => {
  const graceMs = (name: string) =>
    1_000 * (workloads.find((workload) => workload.name === name)?.pod.terminationGracePeriodSeconds ?? 0);

  it("of a media node has room for its drain, and for its close", () => {
    expect(graceMs("media-node")).toBeGreaterThanOrEqual(
      Number(settingOf("media-node", "FAIRLEAD_DRAIN_MS")) + 20_000,
    );
  });

  it("of signaling has room for the delay before it closes", () => {
    const delayMs = Number(settingOf("signaling", "FAIRLEAD_SHUTDOWN_DELAY_MS"));
    expect(graceMs("signaling")).toBeGreaterThanOrEqual(delayMs + 20_000);
  });

  it("of live has room for its preStop hook", () => {
    const [, seconds] =
      workloads.find(({ name }) => name === "live")?.container.lifecycle?.preStop.exec.command ?? [];
    expect(Number(seconds)).toBeGreaterThan(0);
    expect(graceMs("live")).toBeGreaterThanOrEqual(1_000 * Number(seconds) + 40_000);
  });
});

describe("rights", () => {
  it("are those of the autoscaler's driver, and no other pod has an account", () => {
    const rules = autoscaled.filter(({ kind }) => kind === "Role").flatMap((role) => role.rules ?? []);
    expect(rules).toEqual([
      {
        apiGroups: ["apps"],
        resources: ["deployments/scale"],
        resourceNames: ["media-node"],
        verbs: ["get", "update"],
      },
      { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "patch"] },
    ]);
    const withAccount = workloads.filter(({ pod }) => pod.automountServiceAccountToken !== false);
    expect(withAccount.map(({ name, pod }) => [name, pod.serviceAccountName])).toEqual([
      ["autoscaler", "autoscaler"],
    ]);
    const kinds = new Set(all.map(({ kind }) => kind));
    expect([kinds.has("ClusterRole"), kinds.has("ClusterRoleBinding")]).toEqual([false, false]);
  });
});

describe("the number that KEDA is told", () => {
  const formula =
    byKeda.find(({ kind }) => kind === "ScaledObject")?.spec?.advanced?.scalingModifiers.formula ?? "";
  // KEDA's expressions and JavaScript's mean the same here.
  const stepOf = new Function("wanted", `const { ceil } = Math; return ${formula}`) as (
    wanted: number,
  ) => number;
  const steps = [...new Set(Array.from({ length: 319 }, (_, index) => stepOf(index + 1)))];

  it("is never less than is wanted, and at most a fifth more", () => {
    for (let wanted = 1; wanted <= 319; wanted += 1) {
      expect(stepOf(wanted)).toBeGreaterThanOrEqual(wanted);
      expect(stepOf(wanted)).toBeLessThanOrEqual(wanted * 1.2);
    }
  });

  it("changes by more than the ±10 % that a HorizontalPodAutoscaler overlooks, in both directions", () => {
    expect(steps.slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
    for (const [index, step] of steps.entries()) {
      const next = steps[index + 1] ?? Number.POSITIVE_INFINITY;
      expect([next / step > 1.1, Math.abs(1 - step / next) > 0.1]).toEqual([true, true]);
    }
  });
});
