import { FairleadError, fromErrorBody, PROTOCOL_VERSION, type ResumeRequest } from "@fairlead/protocol";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type Caller, callerOf } from "../http/caller.ts";
import { readSessionTicket } from "../http/session-ticket.ts";
import { assertBus } from "../session/admit-opening.ts";
import { answerFrames } from "../session/answer-frames.ts";
import { type ClientConnection, OPENING_COST } from "../session/client-connection.ts";
import type { Clients } from "../session/clients.ts";
import { FrameStream } from "../session/frame-stream.ts";
import { joinSession } from "../session/join-session.ts";
import { leaveSession } from "../session/leave-session.ts";
import { checkLength } from "../session/read-frame.ts";
import { SessionRates } from "../session/session-rates.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import { events, leave, open, send } from "./session-operations.ts";

/** Sessions over HTTP: the same frames, handled by the same code, as on the WebSocket. */
export function addSessionRoutes(app: OpenAPIHono, shared: SignalingProcess, clients: Clients): void {
  const rates = new SessionRates(shared.limits, shared.now);

  app.openapi(open, async (c) => {
    clients.refuseNewcomers();
    const join = c.req.valid("json");
    return c.json(await joinSession(callerOf(shared, c), clients.links, join, isWanted(c)), 201);
  });

  app.openapi(send, async (c) => {
    assertBus(shared);
    const { session } = await readSessionTicket(c, shared, c.req.valid("param").session);
    const { frames } = c.req.valid("json");
    for (const frame of frames) checkLength(JSON.stringify(frame));
    rates.take(session.session, frames.length);
    return c.json({ frames: await answerFrames(callerOf(shared, c), session, frames, isWanted(c)) }, 200);
  });

  app.openapi(leave, async (c) => {
    assertBus(shared);
    const { session } = await readSessionTicket(c, shared, c.req.valid("param").session);
    rates.take(session.session, 1);
    await leaveSession(callerOf(shared, c), session);
    return c.body(null, 204);
  });

  app.openapi(events, async (c) => {
    // Hono answers HEAD by what GET does, and would leave the stream to nobody.
    if (c.req.method === "HEAD") throw new FairleadError("method_not_allowed");
    assertBus(shared);
    const { session, sessionTicket } = await readSessionTicket(c, shared, c.req.valid("param").session);
    clients.refuseNewcomers();
    rates.take(session.session, OPENING_COST);
    const position = c.req.valid("header")["last-event-id"];
    const takesSeveral = c.req.valid("query").takesSeveral === "true";
    const resume = { sessionTicket, position, takesSeveral };
    const body = await follow(c, callerOf(shared, c), clients, resume);
    return c.body(body, 200, {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store, no-transform",
      // Nginx would hold messages back until it has a bufferful.
      "X-Accel-Buffering": "no",
    });
  });
}

function isWanted(c: Context): () => boolean {
  return () => !c.req.raw.signal.aborted;
}

/**
 * Resumes the session as a client of a WebSocket would; the frames to it become the stream.
 * @throws {FairleadError} The refusal, if it comes before anything else.
 */
async function follow(
  c: Context,
  caller: Caller,
  clients: Clients,
  resume: Pick<ResumeRequest, "sessionTicket" | "position" | "takesSeveral">,
): Promise<ReadableStream> {
  const { signal } = c.req.raw;
  // A signal tells only once, and somebody may have gone while the ticket was read.
  if (signal.aborted) throw nobodyWaits();
  const stream = new FrameStream(() => connection.disconnected(), caller.shared.limits.endedStreamMs);
  const connection: ClientConnection = clients.accept(stream, caller);
  // Not every runtime cancels a body that nobody reads yet, nor tells by the signal once somebody does.
  signal.addEventListener("abort", () => stream.cancel(), { once: true });
  connection.receive(JSON.stringify({ type: "resume", protocolVersion: PROTOCOL_VERSION, ...resume }));
  const first = await stream.first;
  if (first === null) throw nobodyWaits();
  if (first.type === "error") throw fromErrorBody(first.error);
  return stream.body;
}

function nobodyWaits(): FairleadError {
  return new FairleadError("session_gone", { message: "nobody waits for this" });
}
