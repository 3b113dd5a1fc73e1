import * as z from "zod";
import { Epoch, Identity, Incarnation, RoomId, SessionId } from "./ids.ts";
import { PipeAddress, PipedTrack } from "./pipes.ts";

/** What a packager is to make of a publisher's media, as the broadcast's home says. */
export const HlsOrder = z.object({
  /** Of the publisher, or higher: fences what packagers before it still write. */
  run: z.int().min(1),
  /** Where nothing of the broadcast is stored yet, its first segment has this number or a higher one. */
  firstSequence: z.int().min(0),
  /** The highest `nextSequence` that any packager has reported: a packager that has stored something earlier goes on there, at least. */
  reportedSequence: z.int().min(0).optional(),
  /** What came before was a preview, which no viewer sees: milliseconds since 1970. Absent: there was none. */
  shownFromMs: z.number().optional(),
  /** A hook of the operator's is asked about every viewer: nobody comes in who did not come by the API. */
  asksAboutViewers: z.boolean().optional(),
});
export type HlsOrder = z.infer<typeof HlsOrder>;

/** What a packager tells of the HLS that it makes and serves. */
export const HlsReport = z.object({
  /** As it was ordered. */
  run: z.int().min(1),
  /** Of the segment that comes after all that are there. */
  nextSequence: z.int().min(0),
  /** Below it all of the broadcast is served; ends with `/`. Without a host: at the same one as the API. */
  url: z.string().max(2_048),
  /** Viewing sessions that asked for a playlist lately. */
  viewers: z.int().min(0).max(1_000_000_000),
  /** Those of them that came by the API: the limit on viewers counts no others. Absent: all of them did, as far as the packager's build knows. */
  admittedViewers: z.int().min(0).optional(),
  /** More than the source itself, or the source in another codec: encoded anew. */
  isTranscoded: z.boolean().optional(),
});
export type HlsReport = z.infer<typeof HlsReport>;

/** A job that nobody has proven for so long is given to another packager, ms. */
export const PACKAGER_SILENT_MS = 5_000;

const OfJob = z.object({ roomId: RoomId, jobId: SessionId });

/** Between a broadcast's home and the process that packages it (`apps/live`). */
export const HLS_CALLS = {
  /** May this viewer watch by HLS, and where? A viewer's ticket; null: it has none. */
  "hls.view": {
    request: z.object({
      roomId: RoomId,
      epoch: Epoch,
      ticket: z.string().max(16_384).nullable(),
      address: z.string().max(64).optional(),
    }),
    reply: z.object({
      /** As in `HlsReport`. */
      url: z.string().max(2_048),
      /** Of the ticket. */
      identity: Identity.optional(),
      /** The viewing session is over then, milliseconds since 1970. */
      endsAtMs: z.number().nullable(),
    }),
  },
  /** Asked on `subjects.liveJobs`: whichever process of the queue group takes it. `pipe`, `tracks`: the home's end, which sends. */
  "hls.package": {
    request: OfJob.extend({
      epoch: Epoch,
      /** The home's, for what its packager proves. */
      incarnation: Incarnation,
      order: HlsOrder,
      pipe: PipeAddress,
      tracks: z.array(PipedTrack).min(1).max(2),
    }),
    reply: z.object({ pipe: PipeAddress }),
  },
  /** The packager's proof to the home, every two seconds. Refused with `session_gone`: the job is over. `report` absent: nothing is made yet. */
  "hls.prove": { request: OfJob.extend({ report: HlsReport.optional() }), reply: z.object({}) },
  /** The packager gives the job up, and another one is asked at once. */
  "hls.leave": { request: OfJob, reply: z.object({}) },
} as const satisfies Record<string, { request: z.ZodType; reply: z.ZodType }>;
