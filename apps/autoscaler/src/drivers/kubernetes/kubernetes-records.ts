import * as z from "zod";

/** The parts that the driver reads of what Kubernetes answers. */

/** Of a Deployment: `GET /apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale`. */
export const Scale = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string() }),
  /** Left out: 0. */
  spec: z.looseObject({ replicas: z.int().default(0) }).default({ replicas: 0 }),
  status: z.looseObject({
    /** Of its pods, in the form of a query. */
    selector: z.string().min(1),
  }),
});
export type Scale = z.infer<typeof Scale>;

export const Pod = z.object({
  metadata: z.object({
    name: z.string(),
    creationTimestamp: z.iso.datetime(),
    deletionTimestamp: z.string().optional(),
    annotations: z.record(z.string(), z.string()).default({}),
    ownerReferences: z.array(z.object({ uid: z.string(), controller: z.boolean().optional() })).default([]),
  }),
  spec: z.object({ nodeName: z.string().default("") }),
  status: z.object({
    phase: z.string().default("Unknown"),
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
  }),
});
export type Pod = z.infer<typeof Pod>;

export const PodPage = z.object({
  metadata: z.object({ continue: z.string().default("") }),
  items: z.array(Pod),
});

/** What a ReplicaSet counts: a pod that was evicted or is being deleted has its successor already. */
export function isActive({ metadata, status }: Pod): boolean {
  return (
    metadata.deletionTimestamp === undefined && status.phase !== "Succeeded" && status.phase !== "Failed"
  );
}

/** A media node is ready while it takes rooms. */
export function isReady({ status }: Pick<Pod, "status">): boolean {
  return status.conditions.some((condition) => condition.type === "Ready" && condition.status === "True");
}
