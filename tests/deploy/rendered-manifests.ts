import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { needProgram } from "../setup/programs.ts";

export const KUBERNETES = join(import.meta.dirname, "../../deploy/kubernetes");

type EnvVar = {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef?: { name: string; key: string }; fieldRef?: { fieldPath: string } };
};

export type Container = {
  name: string;
  image: string;
  env: EnvVar[];
  securityContext: Record<string, unknown>;
  lifecycle?: { preStop: { exec: { command: string[] } } };
};

/** As far as tests look at it. */
export type Manifest = {
  kind: string;
  metadata: { name: string; namespace?: string };
  rules?: { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }[];
  data?: Record<string, string>;
  spec?: {
    template?: {
      spec: {
        serviceAccountName?: string;
        automountServiceAccountToken?: boolean;
        enableServiceLinks?: boolean;
        terminationGracePeriodSeconds: number;
        containers: [Container];
      };
    };
    advanced?: { scalingModifiers: { formula: string } };
  };
};

/** @param folder Below `deploy/kubernetes`. @returns What `kubectl apply -k` would send. */
export function renderManifests(folder: string): Manifest[] {
  const yaml = execFileSync(needProgram("kubectl"), ["kustomize", join(KUBERNETES, folder)], {
    encoding: "utf8",
    env: { ...process.env, KUBECONFIG: "/dev/null" },
  });
  return parseAllDocuments(yaml).map((document) => document.toJS() as Manifest);
}

export type Workload = {
  name: string;
  container: Container;
  pod: NonNullable<NonNullable<Manifest["spec"]>["template"]>["spec"];
};

export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    const pod = spec?.template?.spec;
    return kind === "Deployment" && pod ? [{ name: metadata.name, pod, container: pod.containers[0] }] : [];
  });
}
