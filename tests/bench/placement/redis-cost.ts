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

function numberAfter(text: string, key: string): number {
  const at = text.indexOf(key);
  return at < 0 ? 0 : Number.parseFloat(text.slice(at + key.length));
}
