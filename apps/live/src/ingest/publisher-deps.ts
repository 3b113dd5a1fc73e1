import type { Bus } from "@fairlead/bus";
import type { IngestPlace } from "@fairlead/signaling/ingest";
import type { Counters, Logger } from "@fairlead/telemetry";
import type { EncoderMedia } from "../media/encoder-media.ts";
import type { PipeReach } from "../media/outgoing-pipe.ts";
import type { StartedTracks } from "./open-ingest.ts";

export type PublisherDeps = {
  bus: Bus;
  counters: Counters;
  reach: PipeReach;
  log: Logger;
  /** Milliseconds. */
  now: () => number;
  /** Places the broadcast again, and claims it there. @throws {FairleadError} As `openIngest` of signaling. */
  openAgain: (isWanted: () => boolean) => Promise<IngestPlace>;
  openMedia: (tracks: StartedTracks) => Promise<EncoderMedia>;
  /** It is over, however it ended. */
  onClosed?: () => void;
  /** Default 1,000. */
  proveEveryMs?: number;
};
