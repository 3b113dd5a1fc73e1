import { pipeSettings } from "@fairlead/server-process";
import * as z from "zod";

const HOME = "a number from 0 to 1";
const FULL = "a number from 0.05 to 1";

/** How a room spreads over the cores of its node. */
export const spanSettings = {
  ...pipeSettings,
  FAIRLEAD_HOME_LOAD: z.coerce.number().min(0).max(1).optional().describe(HOME),
  FAIRLEAD_FULL_LOAD: z.coerce.number().min(0.05).max(1).optional().describe(FULL),
};

export type SpanConfig = {
  /** Undefined: free ones. */
  pipePorts?: { min: number; max: number };
  /** Where pipes of other hosts come in; undefined: none do. */
  pipeIp?: string;
  /** Up to this load a room's home core takes the room's peers itself. */
  homeLoad?: number;
  /** Above this load a core takes no peer more. */
  fullLoad?: number;
};

export function spanConfig(given: z.output<z.ZodObject<typeof spanSettings>>): SpanConfig {
  const {
    FAIRLEAD_PIPE_PORTS: pipePorts,
    FAIRLEAD_PIPE_IP: pipeIp,
    FAIRLEAD_HOME_LOAD: homeLoad,
    FAIRLEAD_FULL_LOAD: fullLoad,
  } = given;
  return {
    ...(pipePorts ? { pipePorts } : {}),
    ...(pipeIp === undefined ? {} : { pipeIp }),
    ...(homeLoad === undefined ? {} : { homeLoad }),
    ...(fullLoad === undefined ? {} : { fullLoad }),
  };
}
