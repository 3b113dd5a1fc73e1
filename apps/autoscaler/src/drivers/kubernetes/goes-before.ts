import { isReady, type Pod } from "./kubernetes-records.ts";

/** An annotation: of pods that are equally well, a ReplicaSet first removes the one whose number is lowest. */
export const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";

/** What the pod that is to go gets: nothing is lower. */
export const LOWEST_COST = String(-(2 ** 31));

const PHASES = ["Pending", "Unknown", "Running"];

/**
 * Whether a ReplicaSet that must remove one of both may take `other`, although `chosen` has the lowest cost: the cost only decides between pods that have a machine, run and
 * are ready alike.
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset
 */
export function goesBefore(other: Pod, chosen: Pod): boolean {
  const [a, b] = [wellnessOf(other), wellnessOf(chosen)];
  const differing = a.findIndex((value, index) => value !== b[index]);
  return differing >= 0 && Number(a[differing]) < Number(b[differing]);
}

/** Compared from left to right: the lower goes first. */
function wellnessOf({ spec, status }: Pod): number[] {
  return [spec.nodeName === "" ? 0 : 1, PHASES.indexOf(status.phase), isReady({ status }) ? 1 : 0];
}
