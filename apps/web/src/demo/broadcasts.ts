import * as z from "zod";
import { type Answer, askDemo } from "./ask-demo.ts";
import { Ticket } from "./request-ticket.ts";

export const VISIBILITIES = ["private", "public"] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** Runs a broadcast: whoever has the secret may. */
export type StudioRight = { broadcastId: string; secret: string };

const Created = z.object({ broadcastId: z.string(), secret: z.string(), streamKey: z.string() });
/** `ticket`: of a peer that publishes nothing and sees what comes in. `pass`: that viewers of a private broadcast need. */
const Studio = Ticket.extend({
  title: z.string(),
  visibility: z.enum(VISIBILITIES),
  pass: z.string().nullable(),
  whipUrl: z.string(),
});
const Key = z.object({ streamKey: z.string() });
const Seat = Ticket.extend({ title: z.string(), whepUrl: z.string() });
const Done = z.object({});

export type Created = z.infer<typeof Created>;
export type Studio = z.infer<typeof Studio>;
/** A viewer's place. */
export type Seat = z.infer<typeof Seat>;

export function createBroadcast(wish: { title: string; visibility: Visibility }): Promise<Answer<Created>> {
  return askDemo(Created, "broadcasts", wish);
}

export function openStudio(right: StudioRight, signal?: AbortSignal): Promise<Answer<Studio>> {
  return askStudio(Studio, right, "studio", signal);
}

export function requestPublisherTicket(right: StudioRight): Promise<Answer<Ticket>> {
  return askStudio(Ticket, right, "publisher");
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
