import { Broadcast, BroadcastCounts } from "@fairlead/protocol";
import * as z from "zod";
import { type Answer, askDemo } from "./ask-demo.ts";
import { Ticket } from "./request-ticket.ts";

export const VISIBILITIES = ["private", "public"] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** Runs a broadcast: whoever has the secret may. */
export type StudioRight = { broadcastId: string; secret: string };

const Created = z.object({ broadcastId: z.string(), secret: z.string(), streamKey: z.string() });
/** Times are milliseconds since 1970. `pass`: that viewers of a private broadcast need. */
const Settings = z.object({
  title: z.string(),
  visibility: z.enum(VISIBILITIES),
  startsAtMs: z.number().nullable(),
  endsAtMs: z.number().nullable(),
  maxViewers: z.number().nullable(),
  pass: z.string().nullable(),
});
/** `ticket`: of a peer that publishes nothing and sees what comes in. `rtmpUrl`: null where nobody takes RTMP in; `rtmpNote` says why. */
const Studio = Ticket.extend({
  settings: Settings,
  whipUrl: z.string(),
  rtmpUrl: z.string().nullable(),
  rtmpNote: z.string().nullable(),
});
const Ingest = BroadcastCounts.pick({ publisher: true, refused: true }).extend({ hls: Broadcast.shape.hls });
const Key = z.object({ streamKey: z.string() });
const Seat = Ticket.extend({ title: z.string(), whepUrl: z.string(), hlsUrl: z.string() });
const Done = z.object({});

/** Who sends, and how it comes in; null: nobody does. */
export type Publisher = z.infer<typeof Ingest>["publisher"];
/** Why the last encoder was sent away; undefined: it was not. */
export type Refused = z.infer<typeof Ingest>["refused"];
/** How it is served as HLS; undefined: it is not. */
export type Hls = z.infer<typeof Ingest>["hls"];
export type BroadcastSettings = z.infer<typeof Settings>;
export type SettingsWish = Omit<BroadcastSettings, "pass">;
export type Created = z.infer<typeof Created>;
export type Studio = z.infer<typeof Studio>;
/** A viewer's place. */
export type Seat = z.infer<typeof Seat>;

export function createBroadcast(wish: SettingsWish): Promise<Answer<Created>> {
  return askDemo(Created, "broadcasts", wish);
}

export function openStudio(right: StudioRight, signal?: AbortSignal): Promise<Answer<Studio>> {
  return askStudio(Studio, right, "studio", signal);
}

export function requestPublisherTicket(right: StudioRight): Promise<Answer<Ticket>> {
  return askStudio(Ticket, right, "publisher");
}

export function readIngest(right: StudioRight, signal: AbortSignal): Promise<Answer<z.infer<typeof Ingest>>> {
  return askStudio(Ingest, right, "ingest", signal);
}

export function changeSettings(
  { broadcastId, secret }: StudioRight,
  wish: SettingsWish,
): Promise<Answer<BroadcastSettings>> {
  return askDemo(Settings, `broadcasts/${broadcastId}/settings`, { secret, ...wish });
}

/** The key before it no longer counts. */
export function makeStreamKey(right: StudioRight): Promise<Answer<{ streamKey: string }>> {
  return askStudio(Key, right, "key");
}

export function endBroadcast(right: StudioRight): Promise<Answer<object>> {
  return askStudio(Done, right, "end");
}

/** @param pass Of the link; empty where it has none. */
export function requestSeat(
  { broadcastId, pass }: { broadcastId: string; pass: string },
  signal?: AbortSignal,
): Promise<Answer<Seat>> {
  return askDemo(Seat, `broadcasts/${broadcastId}/viewer`, { pass }, signal);
}

function askStudio<S extends z.ZodType>(
  schema: S,
  { broadcastId, secret }: StudioRight,
  what: string,
  signal?: AbortSignal,
): Promise<Answer<z.output<S>>> {
  return askDemo(schema, `broadcasts/${broadcastId}/${what}`, { secret }, signal);
}
