import { FairleadError } from "@fairlead/protocol";
import type { JoinOptions } from "./api/options.ts";
import type { Room } from "./api/room.ts";
import { ChannelOpener } from "./channel/channel-opener.ts";
import { requestLeave } from "./channel/fetch-signaling.ts";
import { HttpChannel } from "./channel/http-channel.ts";
import { TransportMemory } from "./channel/transport-memory.ts";
import { WebSocketChannel } from "./channel/web-socket-channel.ts";
import { ClientRoom } from "./client-room.ts";
import { Admission } from "./connection/admission.ts";
import { CapabilitiesCache } from "./connection/capabilities-cache.ts";
import { readTicket } from "./connection/read-ticket.ts";
import { exponentialBackoff } from "./connection/reconnect-policy.ts";
import { RoomLink, type RoomLinkHandlers } from "./connection/room-link.ts";
import { isSupported, MediaDevice, unsupported } from "./media/media-device.ts";
import { nextMacrotask } from "./next-macrotask.ts";
import { RunningClock } from "./running-clock.ts";

const JOIN_TIMEOUT_MS = 15_000;

/**
 * Joins the room that `ticket` names. Sends nothing before the next macrotask, so that a join which is given up in its own
 * task, as the first of React's StrictMode is, asks nobody for anything.
 *
 * @throws {FairleadError} The room's refusal: `ticket_expired`, `banned`, `room_full`, `no_capacity`, …;
 * `signaling_unreachable`; after `joinTimeoutMs` the last refusal, or `node_timeout` if nothing answered the join. Before it asks anybody:
 * `invalid_request` for a `url` or `ticket` that is none; `webrtc_unsupported`.
 * @throws The reason of `signal`, at once. Nothing stays open after either, except a socket whose join is not answered yet: it
 * leaves again when `joined` comes.
 */
export async function joinRoom(options: JoinOptions): Promise<Room> {
  options.signal?.throwIfAborted();
  const clock = new RunningClock(() => performance.now());
  const limit = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, limit.signal]) : limit.signal;
  let room: ClientRoom | null = null;
  const cancelLimit = clock.after(options.joinTimeoutMs ?? JOIN_TIMEOUT_MS, () =>
    limit.abort(room?.lastRefusal ?? new FairleadError("node_timeout", { message: "not joined in time" })),
  );
  try {
    room = await unlessAborted(prepareRoom(options, clock, signal), signal);
    await joinUnlessAborted(room, signal);
    return room;
  } catch (error) {
    if (room) room.close(error instanceof FairleadError ? error : new FairleadError("internal"));
    else clock.close();
    throw error;
  } finally {
    cancelLimit();
  }
}

/** @throws The reason of `signal`; {FairleadError} `invalid_request`, `webrtc_unsupported`; refusals of the request for capabilities. */
async function prepareRoom(
  options: JoinOptions,
  clock: RunningClock,
  signal: AbortSignal,
): Promise<ClientRoom> {
  const { ticket, autoSubscribe = true, pauseInvisibleVideo = true, iceTransportPolicy = "all" } = options;
  const claims = readTicket(ticket);
  const urls = baseUrls(options.url);
  if (!options.device && !isSupported()) throw unsupported();
  const admission = new Admission({ ticket, autoSubscribe });
  const device = new MediaDevice(options.device, admission);
  const cache = new CapabilitiesCache(urls.http);
  const opener = createChannelOpener(urls, options.transport ?? "auto", admission);
  const policy = options.reconnect ?? exponentialBackoff();
  await nextMacrotask();
  signal.throwIfAborted();
  await device.load(await cache.load({ policy, clock, random: Math.random, signal }));
  signal.throwIfAborted();
  const createLink = (handlers: RoomLinkHandlers) =>
    new RoomLink({
      admission,
      opener,
      policy,
      clock,
      random: Math.random,
      handlers: { ...handlers, capabilities: (fresh) => handlers.capabilities(cache.save(fresh)) },
    });
  // A browser may end a page before a frame on its WebSocket is sent; this request outlives the page.
  const leaveWithPage = (room: Room) => {
    const { isJoin, sessionId, sessionTicket } = admission;
    if (!isJoin) requestLeave(`${urls.http}/v1/sessions/${sessionId}`, sessionTicket).catch(() => {});
    void room.leave();
  };
  return new ClientRoom({
    device,
    claims,
    iceTransportPolicy,
    pauseInvisibleVideo,
    createLink,
    leaveWithPage,
  });
}

async function joinUnlessAborted(room: ClientRoom, signal: AbortSignal): Promise<void> {
  const giveUp = () => room.abandon(signal.reason);
  signal.addEventListener("abort", giveUp);
  try {
    await room.join();
    signal.throwIfAborted();
  } finally {
    // An app that aborts before it has got the room would never leave it.
    void nextMacrotask().then(() => signal.removeEventListener("abort", giveUp));
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/**
 * @param url `http(s)` or `ws(s)`; slashes at the end are ignored.
 * @throws {FairleadError} `invalid_request` for any other scheme, and for a query or fragment.
 */
function baseUrls(url: string): { http: string; webSocket: string } {
  const match = /^(?:http|ws)(s?):\/\/([^?#]+?)\/*$/.exec(url);
  if (!match)
    throw new FairleadError("invalid_request", {
      message: "url: expected http(s):// or ws(s)://, without a query or fragment",
    });
  const [, secure, rest] = match;
  return { http: `http${secure}://${rest}`, webSocket: `ws${secure}://${rest}` };
}

function createChannelOpener(
  urls: { http: string; webSocket: string },
  transport: NonNullable<JoinOptions["transport"]>,
  admission: Admission,
): ChannelOpener {
  const http = { url: urls.http, sessionId: () => admission.sessionId };
  return new ChannelOpener({
    transport,
    open: {
      websocket: (handlers) => new WebSocketChannel(`${urls.webSocket}/v1/connect`, handlers),
      http: (handlers) => new HttpChannel(http, handlers),
    },
    memory: new TransportMemory(urls.http, Date.now),
    random: Math.random,
  });
}
