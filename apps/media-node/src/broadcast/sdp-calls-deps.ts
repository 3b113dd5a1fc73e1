import type { Lease } from "@fairlead/protocol";
import type { Hooks } from "../hooks/hooks.ts";
import type { PipeReach } from "../room/pipe-end.ts";
import type { Room } from "../room/room.ts";
import type { Joins, JoinsOptions } from "../rooms/joins.ts";
import type { Seating } from "../rooms/seating.ts";
import type { SdpSessions } from "../sdp/sdp-sessions.ts";
import type { Broadcasts } from "./broadcasts.ts";
import type { Ingests } from "./ingests.ts";

/** What the calls for WHIP and WHEP need of their node. */
export type SdpCallsDeps = {
  broadcasts: Broadcasts;
  hooks: Hooks;
  seating: Seating;
  joins: Pick<Joins, "openRoom">;
  sessions: SdpSessions;
  keys: JoinsOptions["keys"];
  now: () => number;
  arrivals: {
    /** What the debit was made for is in. `core`: where it sits. */
    note(arrival: { debitId: string; lease: Lease; core: number }): void;
    noteGone(debitId: string): void;
  };
  /** Whether the room is still this node's. @throws {FairleadError} `lease_lost`. */
  confirm: (room: Room) => Promise<void>;
};

/** And those for publishers whose media comes by a pipe. */
export type IngestCallsDeps = SdpCallsDeps & {
  ingests: Ingests;
  /** Default `performance.now`. */
  elapsed?: () => number;
  /** `publicIp`: where pipes of other hosts come in; absent: none do. */
  pipeReach: PipeReach & { publicIp?: string };
};
