import { createClient } from "@redis/client";

/** Calls that are shorter are not noted, µs. */
const NOTED_FROM_MICROS = 200;
const NOTED_MAX = 100_000;

export type RedisView = {
  /** @returns How many keys there are. */
  keys(): Promise<number>;
  /** From now on the longest script is noted. */
  begin(): Promise<void>;
  /** @returns The longest script, ms, without a stall in its middle. */
  longestMs(stall: Stall): Promise<number>;
  close(): void;
};

/** When Redis stood still, ms since 1970. */
export type Stall = { fromMs: number; untilMs: number };

/** What Redis itself tells: its slow log says how long its longest script took. It waits for an answer as long as that takes. */
export async function openRedisView(url: string): Promise<RedisView> {
  const redis = await createClient({ url, RESP: 2 }).connect();
  await redis.sendCommand(["CONFIG", "SET", "slowlog-log-slower-than", `${NOTED_FROM_MICROS}`]);
  await redis.sendCommand(["CONFIG", "SET", "slowlog-max-len", `${NOTED_MAX}`]);
  return {
    keys: async () => Number(await redis.sendCommand(["DBSIZE"])),
    begin: async () => void (await redis.sendCommand(["SLOWLOG", "RESET"])),
    longestMs: async (stall) => {
      const entries = (await redis.sendCommand(["SLOWLOG", "GET", `${NOTED_MAX}`])) as Entry[];
      const scripts = entries.filter(([, , , [name]]) => /^EVAL/i.test(name ?? ""));
      return Math.max(0, ...scripts.map((entry) => millisecondsOf(entry, stall)));
    },
    close: () => redis.destroy(),
  };
}

/** Number, when it began (s since 1970), how long it took (µs), the command. */
type Entry = [number, number, number, string[]];

function millisecondsOf([, beganS, tookMicros]: Entry, { fromMs, untilMs }: Stall): number {
  const tookMs = tookMicros / 1_000;
  const stalledMs = untilMs - fromMs;
  const wasStalled = tookMs >= stalledMs * 0.95 && Math.abs(beganS * 1_000 - fromMs) < 1_500 + tookMs;
  return wasStalled ? Math.max(0, tookMs - stalledMs) : tookMs;
}
