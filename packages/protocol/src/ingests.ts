import * as z from "zod";
import { IngestHealth, IngestRefusal, KeyHash } from "./broadcasts.ts";
import { HlsOrder, HlsReport } from "./hls.ts";
import { Epoch, RoomId, SessionId } from "./ids.ts";
import { PipeAddress, PipedTrack } from "./pipes.ts";
import { Lease, Mute, RoomOptions } from "./registry-records.ts";

const OfIngest = z.object({ roomId: RoomId, sessionId: SessionId });

/** An ingest that is not proven for so long is over, ms. */
export const INGEST_SILENT_MS = 5_000;

/** Calls for publishers whose media another process takes in (`apps/live`): it brings it by a pipe. */
export const INGEST_CALLS = {
  /** The broadcast is this publisher's from now on, or the refusal says why not; before the first byte of media is used. */
  "ingest.open": {
    request: z.object({
      lease: Lease,
      options: RoomOptions,
      mutes: z.array(Mute),
      debitId: z.string().max(64),
      kind: z.literal("rtmp"),
      /** Of the stream key. */
      keyHash: KeyHash,
      /** The encoder's. */
      address: z.string().max(64).optional(),
    }),
    reply: z.object({ sessionId: SessionId, run: z.int(), epoch: Epoch }),
  },
  /** `pipe`: the caller's end. The home's end is made at the first call. */
  "ingest.connect": {
    request: OfIngest.extend({ pipe: PipeAddress, tracks: z.array(PipedTrack).min(1).max(2) }),
    reply: z.object({ pipe: PipeAddress }),
  },
  /** Proves about once a second that its publisher is there. */
  "ingest.prove": {
    request: OfIngest.extend({
      health: IngestHealth,
      /** Absent: it packages nothing now. */
      hls: HlsReport.optional(),
    }),
    reply: z.object({
      /** What it may package from now on; absent: nothing, as before the start. */
      hls: HlsOrder.optional(),
    }),
  },
  /** `refused`: what the encoder was told as it was sent away. */
  "ingest.close": {
    request: OfIngest.extend({ refused: IngestRefusal.shape.words.optional() }),
    reply: z.object({}),
  },
} as const satisfies Record<string, { request: z.ZodType; reply: z.ZodType }>;
