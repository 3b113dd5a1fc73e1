import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "./rendered-manifests.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Beside the packages, so that the compiler finds them. */
const FOLDER = join(ROOT, "node_modules/.cache/manifests");

/** Where Kubernetes' own kinds are described. */
const MODULES: Record<string, string> = {
  ConfigMap: "v1",
  Service: "v1",
  ServiceAccount: "v1",
  Deployment: "apps/v1",
  PodDisruptionBudget: "policy/v1",
  Ingress: "networking.k8s.io/v1",
  Role: "rbac.authorization.k8s.io/v1",
  RoleBinding: "rbac.authorization.k8s.io/v1",
};

export function isOfKubernetes({ kind }: Manifest): boolean {
  return MODULES[kind] !== undefined;
}

/**
 * Compiles the manifests against the types that are made from Kubernetes' API: a literal with a field that its type lacks, or one of another type, does not compile.
 * (The validators of the same package let unknown fields pass.)
 * @returns What the compiler says; empty: nothing is wrong.
 */
export function faultsOfFields(manifests: readonly Manifest[]): string {
  mkdirSync(FOLDER, { recursive: true });
  const lines = manifests.map((manifest, index) => {
    const { kind } = manifest;
    const type = `import("kubernetes-models/${MODULES[kind]}").I${kind}`;
    return `export const manifest${index}: ${type} = ${JSON.stringify(manifest, null, 2)};`;
  });
  const file = join(FOLDER, "manifests.ts");
  writeFileSync(file, `${lines.join("\n")}\n`);
  const options =
    "--noEmit --strict --skipLibCheck --ignoreConfig --module nodenext --target es2024 --types node";
  const args = [join(ROOT, "node_modules/typescript/bin/tsc"), ...options.split(" "), file];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  return status === 0 ? "" : stdout + stderr;
}
