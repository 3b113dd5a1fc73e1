import type { Heartbeat } from "@fairlead/protocol";
import { toPpm } from "../policy.ts";

/** How much of the loads that count is that of rooms that linger, which count where they are now. */
export function lingeringPpmOf({ cores, networkLoad }: Pick<Heartbeat, "cores" | "networkLoad">): number {
  const networkPpm = toPpm(networkLoad);
  return cores
    .filter(({ usable }) => usable)
    .map(({ cpuLoad, lingeringLoad = 0 }) => {
      const cpuPpm = toPpm(cpuLoad);
      return Math.max(cpuPpm, networkPpm) - Math.max(cpuPpm - toPpm(lingeringLoad), networkPpm);
    })
    .reduce((sum, ppm) => sum + ppm, 0);
}

export function roomsOf({ cores }: Pick<Heartbeat, "cores">): number {
  return cores.reduce((sum, { rooms }) => sum + rooms, 0);
}
