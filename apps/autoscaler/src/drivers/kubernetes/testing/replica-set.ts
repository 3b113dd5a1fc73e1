/** As the API has it, as far as the driver and a ReplicaSet look at it. */
export type FakePod = {
  metadata: {
    name: string;
    uid: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    creationTimestamp: string;
    deletionTimestamp?: string;
    ownerReferences: { kind: "ReplicaSet"; uid: string; controller: boolean }[];
  };
  spec: { nodeName?: string };
  status: {
    phase: string;
    reason?: string;
    conditions: { type: string; status: string; lastTransitionTime: string }[];
    restarts: number;
  };
};

/** FilterActivePods of Kubernetes' controllers. */
export function isCounted({ metadata, status }: FakePod): boolean {
  return !["Succeeded", "Failed"].includes(status.phase) && metadata.deletionTimestamp === undefined;
}

/**
 * Which pods a ReplicaSet removes first: the order of `ActivePodsWithRanks` in Kubernetes' pkg/controller/controller_utils.go.
 * @returns The comparison of an array's `sort`.
 */
export function inOrderOfRemoval(pods: readonly FakePod[]): (a: FakePod, b: FakePod) => number {
  const perMachine = (pod: FakePod) =>
    pods.filter(({ spec }) => spec.nodeName && spec.nodeName === pod.spec.nodeName).length;
  const rules: ((pod: FakePod) => number)[] = [
    ({ spec }) => (spec.nodeName ? 1 : 0),
    ({ status }) => ["Pending", "Unknown", "Running"].indexOf(status.phase),
    (pod) => (readySince(pod) === null ? 0 : 1),
    ({ metadata }) => Number(metadata.annotations["controller.kubernetes.io/pod-deletion-cost"] ?? 0),
    (pod) => -perMachine(pod),
    (pod) => -(readySince(pod) ?? 0),
    ({ status }) => -status.restarts,
    ({ metadata }) => -Date.parse(metadata.creationTimestamp),
  ];
  return (a, b) => rules.map((rule) => rule(a) - rule(b)).find((difference) => difference !== 0) ?? 0;
}

function readySince({ status }: FakePod): number | null {
  const ready = status.conditions.find(({ type }) => type === "Ready");
  return ready?.status === "True" ? Date.parse(ready.lastTransitionTime) : null;
}
