import { setting } from "@fairlead/server-process";
import * as z from "zod";
import { isPrivate } from "./networks.ts";
import type { RtpOptions } from "./rtp-reach.ts";

const PRIVATE_IP = "an address of this host in a private network";
const NETWORKS = "networks like 10.0.0.0/8, commas between";

/** RTP of encoders and recorders. */
export const rtpSettings = {
  FAIRLEAD_RTP_IP: z.union([z.ipv4(), z.ipv6()]).refine(isPrivate).optional().describe(PRIVATE_IP),
  FAIRLEAD_RTP_PORTS: setting.optionalPortRange("43000-43999"),
  FAIRLEAD_RTP_NETWORKS: setting
    .listOf(z.union([z.cidrv4(), z.cidrv6()]), "")
    .default([])
    .describe(NETWORKS),
};

export type RtpConfig = { rtp: RtpOptions };

export function rtpConfig(given: z.output<z.ZodObject<typeof rtpSettings>>): RtpConfig {
  const { FAIRLEAD_RTP_IP: ip, FAIRLEAD_RTP_PORTS: ports, FAIRLEAD_RTP_NETWORKS: networks } = given;
  return { rtp: { networks, ...(ip === undefined ? {} : { ip }), ...(ports ? { ports } : {}) } };
}
