import * as z from "zod";
import { optionalPortRange } from "./setting.ts";

/** Where media goes from one worker to another. */
export const pipeSettings = {
  FAIRLEAD_PIPE_PORTS: optionalPortRange("42000-42999"),
  FAIRLEAD_PIPE_IP: z
    .union([z.ipv4(), z.ipv6()])
    .optional()
    .describe("an address of this host that others reach by their private network"),
};
