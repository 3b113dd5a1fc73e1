import { readFileSync } from "node:fs";
import * as z from "zod";
import type { KubernetesDriverOptions } from "./kubernetes-driver.ts";

/** What Kubernetes mounts into each pod whose service account it is to have. */
const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

const ResourceName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);

/** All but the Deployment has a default that is right inside the cluster. */
export const KubernetesDriverSettings = z.strictObject({
  kind: z.literal("kubernetes"),
  /** Of the group's media nodes. */
  deployment: ResourceName,
  /** Default: the one that the autoscaler's own pod is in. */
  namespace: ResourceName.optional(),
  url: z.url({ protocol: /^https?$/ }).default("https://kubernetes.default.svc"),
  tokenFile: z.string().min(1).default(`${ACCOUNT}/token`),
  caFile: z.string().min(1).default(`${ACCOUNT}/ca.crt`),
});

/** @throws {Error} No namespace is named, and this is no pod with a service account. */
export function kubernetesOptions(
  settings: z.output<typeof KubernetesDriverSettings>,
): KubernetesDriverOptions {
  const { kind: _kind, namespace, ...options } = settings;
  return { ...options, namespace: namespace ?? readFileSync(`${ACCOUNT}/namespace`, "utf8").trim() };
}
