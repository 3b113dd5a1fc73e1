import { isIPv6 } from "node:net";
import { setting } from "@fairlead/server-process";
import * as z from "zod";
import { type ListenAddress, listenAddressesFor } from "./listen-addresses.ts";

/** As Linux allows: no slash, no space, no colon, at most 15 characters. */
const INTERFACE = z.string().regex(/^[^/\s:]{1,15}$/);

/** Both families have the same ports, so each has one socket for them. */
const AnnouncedAddresses = z
  .array(z.string().min(1))
  .max(2)
  .refine((addresses) => new Set(addresses.map(isIPv6)).size === addresses.length);

/** Where media is reached, and how a node tells how full its host's network is. */
export const networkSettings = {
  FAIRLEAD_ANNOUNCED_ADDRESS: setting
    .listOf(z.string(), "")
    .pipe(AnnouncedAddresses)
    .optional()
    .describe("one IPv4 address or host name, one IPv6 address, or one of each with a comma between"),
  FAIRLEAD_NETWORK_BPS: setting.numberOr(1_000_000_000, 1_000_000, 10_000_000_000_000),
  FAIRLEAD_NETWORK_INTERFACES: setting
    .listOf(INTERFACE, "")
    .optional()
    .describe("names of interfaces, commas between, e.g. eth0"),
};

export type NetworkConfig = {
  /** Undefined: on the addresses of this machine. */
  listenAddresses: readonly ListenAddress[] | undefined;
  networkCapacityBps: number;
  /** Undefined: those that carry the addresses where media listens. */
  networkInterfaces: string[] | undefined;
};

export function networkConfig(given: z.output<z.ZodObject<typeof networkSettings>>): NetworkConfig {
  const announced = given.FAIRLEAD_ANNOUNCED_ADDRESS;
  return {
    listenAddresses: announced && listenAddressesFor(announced),
    networkCapacityBps: given.FAIRLEAD_NETWORK_BPS,
    networkInterfaces: given.FAIRLEAD_NETWORK_INTERFACES,
  };
}
