import type { RedisServer } from "../../support/servers/start-redis.ts";

/** CPU time of Redis's one thread, and its count of scripts. */
export type RedisCost = { cpuMs: number; scripts: number; atMs: number };

export async function readRedisCost(server: RedisServer): Promise<RedisCost> {
  const cpu = await server.command("INFO cpu");
  const stats = await server.command("INFO commandstats");
  const seconds =
    numberAfter(cpu, "used_cpu_user_main_thread:") + numberAfter(cpu, "used_cpu_sys_main_thread:");
  const scripts = numberAfter(stats, "cmdstat_evalsha:calls=");
  return { cpuMs: seconds * 1_000, scripts, atMs: performance.now() };
}

/** @returns The share of a core that Redis had between the two, 0..1, and what each script cost with its way in and out. */
export function costBetween(before: RedisCost, after: RedisCost): { cpuShare: number; scriptMicros: number } {
  const cpuMs = after.cpuMs - before.cpuMs;
  return {
    cpuShare: cpuMs / (after.atMs - before.atMs),
    scriptMicros: (cpuMs * 1_000) / (after.scripts - before.scripts),
  };
}

/** From now on Redis counts how long its scripts take. */
export async function beginLatencies(server: RedisServer): Promise<void> {
  await server.command("CONFIG RESETSTAT");
}

/**
 * How long Redis's scripts took by its own clock since `beginLatencies`, heartbeats included, without their wait.
 * @returns The time that 99 of 100 don't pass, ms: to a power of two from its histogram, or by its own percentiles; null where it offers neither.
 */
export async function readP99(server: RedisServer): Promise<number | null> {
  const [, histogram = ""] = (await server.command("LATENCY HISTOGRAM evalsha")).split("histogram_usec");
  const numbers = [...histogram.matchAll(/^:(\d+)/gm)].map(([, digits]) => Number(digits));
  const bounds = numbers.filter((_, index) => index % 2 === 0);
  const counts = numbers.filter((_, index) => index % 2 === 1);
  const at = counts.findIndex((count) => count >= 0.99 * (counts.at(-1) ?? 0));
  const bound = bounds[at];
  if (bound !== undefined) return bound / 1_000;
  const percentiles = await server.command("INFO latencystats");
  const [, p99] = percentiles.match(/latency_percentiles_usec_evalsha:\S*p99=([\d.]+)/) ?? [];
  return p99 === undefined ? null : Number(p99) / 1_000;
}

function numberAfter(text: string, key: string): number {
  const at = text.indexOf(key);
  return at < 0 ? 0 : Number.parseFloat(text.slice(at + key.length));
}
