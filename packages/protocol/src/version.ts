import * as z from "zod";

/** Both sides name theirs in the first frame; signaling refuses one it does not speak with `protocol_unsupported`. */
export const PROTOCOL_VERSION = 1;

export const ProtocolVersion = z.int().min(1).max(1_000_000);
export type ProtocolVersion = z.infer<typeof ProtocolVersion>;

/** Versions that this build speaks, newest first. */
export const SUPPORTED_PROTOCOL_VERSIONS: readonly number[] = [PROTOCOL_VERSION];
