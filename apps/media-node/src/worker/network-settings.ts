import { setting } from "@fairlead/server-process";
import * as z from "zod";

/** As Linux allows: no slash, no space, no colon, at most 15 characters. */
const INTERFACE = z.string().regex(/^[^/\s:]{1,15}$/);

/** How a node tells how full its host's network is. */
export const networkSettings = {
  FAIRLEAD_NETWORK_BPS: setting.numberOr(1_000_000_000, 1_000_000, 10_000_000_000_000),
  FAIRLEAD_NETWORK_INTERFACES: setting
    .listOf(INTERFACE, "")
    .optional()
    .describe("names of interfaces, commas between, e.g. eth0"),
};

export type NetworkConfig = {
  networkCapacityBps: number;
  /** Undefined: those that carry the addresses where media listens. */
  networkInterfaces: string[] | undefined;
};

export function networkConfig(given: z.output<z.ZodObject<typeof networkSettings>>): NetworkConfig {
  return {
    networkCapacityBps: given.FAIRLEAD_NETWORK_BPS,
    networkInterfaces: given.FAIRLEAD_NETWORK_INTERFACES,
  };
}
