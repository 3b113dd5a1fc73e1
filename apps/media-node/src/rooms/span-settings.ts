import * as z from "zod";

const PORTS = "ports like 42000-42999";
const HOME = "a number from 0 to 1";
const FULL = "a number from 0.05 to 1";

/** `MIN-MAX`. */
const Ports = z
  .string()
  .regex(/^\d{1,5}-\d{1,5}$/)
  .transform((text) => text.split("-").map(Number))
  .pipe(z.tuple([z.int().min(1_024).max(65_535), z.int().min(1_024).max(65_535)]))
  .refine(([min, max]) => min < max)
  .transform(([min, max]) => ({ min, max }));

/** How a room spreads over the cores of its node. */
export const spanSettings = {
  FAIRLEAD_PIPE_PORTS: Ports.optional().describe(PORTS),
  FAIRLEAD_PIPE_IP: z
    .union([z.ipv4(), z.ipv6()])
    .optional()
    .describe("an address of this host that others reach by their private network"),
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
