import type { PlacementPolicy } from "../../placement/placement-policy.ts";

/**
 * The policy as constants of the script's text: an argument would have to be parsed at each call. Registries of one cluster
 * share their policy, so Redis caches one version of each script.
 */
export function policyConstants(policy: PlacementPolicy): string {
  return Object.entries(policy)
    .map(([name, value]) => `local ${toConstantName(name)} = ${integer(value)}`)
    .join("\n");
}

/** `nodeTtlMs` → `NODE_TTL_MS`. */
function toConstantName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`a policy consists of integers, not ${value}`);
  return value.toString();
}
