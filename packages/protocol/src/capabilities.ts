import * as z from "zod";

export const CapabilitiesVersion = z.string().min(1).max(32);
export type CapabilitiesVersion = z.infer<typeof CapabilitiesVersion>;

/** The body of `GET /v1/capabilities`. */
export const Capabilities = z.object({
  version: CapabilitiesVersion,
  routerRtpCapabilities: z.object({
    codecs: z.array(z.record(z.string(), z.unknown())),
    headerExtensions: z.array(z.record(z.string(), z.unknown())),
  }),
});
export type Capabilities = z.infer<typeof Capabilities>;
