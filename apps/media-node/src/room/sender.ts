import type { Peer } from "./peer.ts";

/** Whoever sends into a room, a peer or a publisher, as the others see it. */
export type Sender = Pick<Peer, "peerId" | "identity" | "info" | "seat" | "producers">;
