import type { BroadcastInfo, BroadcastRecord } from "@fairlead/protocol";
import type { Peer } from "./peer.ts";

/** A room's broadcast, as far as the room itself goes by it. */
export type BroadcastView = {
  readonly record: BroadcastRecord;
  readonly info: BroadcastInfo;
  readonly viewers: number;
  /** The room stays open for it without anybody in it. */
  readonly holdsRoom: boolean;
  /**
   * The peer is to publish: the broadcast has one publisher, whichever way it sends.
   * @throws {FairleadError} `publisher_active`, `broadcast_ended`, `hook_refused`, `hook_unreachable`.
   */
  admitPublisher(peer: Peer): Promise<void>;
  /** Everybody is told, and let go; then the room closes. */
  end(): void;
};
