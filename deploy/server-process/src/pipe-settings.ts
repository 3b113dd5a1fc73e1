import * as z from "zod";

const PORTS = "ports like 42000-42999";

/** `MIN-MAX`. */
const Ports = z
  .string()
  .regex(/^\d{1,5}-\d{1,5}$/)
  .transform((text) => text.split("-").map(Number))
  .pipe(z.tuple([z.int().min(1_024).max(65_535), z.int().min(1_024).max(65_535)]))
  .refine(([min, max]) => min < max)
  .transform(([min, max]) => ({ min, max }));

/** Where media goes from one worker to another. */
export const pipeSettings = {
  FAIRLEAD_PIPE_PORTS: Ports.optional().describe(PORTS),
  FAIRLEAD_PIPE_IP: z
    .union([z.ipv4(), z.ipv6()])
    .optional()
    .describe("an address of this host that others reach by their private network"),
};
