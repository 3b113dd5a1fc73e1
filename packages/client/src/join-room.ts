import { FairleadError } from "@fairlead/protocol";
import type { JoinOptions } from "./api/options.ts";
import type { Room } from "./api/room.ts";
import { ChannelOpener } from "./channel/channel-opener.ts";
import { HttpChannel } from "./channel/http-channel.ts";
import { TransportMemory } from "./channel/transport-memory.ts";
import { WebSocketChannel } from "./channel/web-socket-channel.ts";
import { ClientRoom } from "./client-room.ts";
import { Admission } from "./connection/admission.ts";
import { CapabilitiesCache } from "./connection/capabilities-cache.ts";
import { exponentialBackoff } from "./connection/reconnect-policy.ts";
import { RoomLink, type RoomLinkHandlers } from "./connection/room-link.ts";
import { MediaDevice } from "./media/media-device.ts";

const JOIN_TIMEOUT_MS = 15_000;

/**
 * Joins the room that `ticket` names.
 * @throws {FairleadError} The room's refusal: `ticket_expired`, `banned`, `room_full`, `no_capacity`, …;
 * `signaling_unreachable`; after `joinTimeoutMs` the last refusal, or `node_timeout` if there was none. Nothing stays open then.
 */
export async function joinRoom(options: JoinOptions): Promise<Room> {
  const urls = baseUrls(options.url);
  const {
    ticket,
    autoSubscribe = true,
    pauseInvisibleVideo = true,
    iceTransportPolicy = "all",
    joinTimeoutMs = JOIN_TIMEOUT_MS,
    transport = "auto",
  } = options;
  const admission = new Admission({ ticket, autoSubscribe });
  const device = new MediaDevice(options.device ?? {}, admission);
  const cache = new CapabilitiesCache(urls.http);
  const policy = options.reconnect ?? exponentialBackoff();
  const opener = createChannelOpener(urls, transport, admission);
  const createLink = (handlers: RoomLinkHandlers) =>
    new RoomLink({
      admission,
      opener,
      policy,
      now: () => performance.now(),
      random: Math.random,
      handlers: {
        ...handlers,
        capabilities: (fresh) => handlers.capabilities(cache.save(fresh)),
      },
    });
  const timeout = AbortSignal.timeout(joinTimeoutMs);
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
  await device.load(await cache.load(signal));
  const room = new ClientRoom({ device, iceTransportPolicy, pauseInvisibleVideo, createLink });
  await joinWithin(room, signal);
  return room;
}

/**
 * @param url `http(s)` or `ws(s)`; slashes at the end are ignored.
 * @throws {FairleadError} `invalid_request` for any other scheme.
 */
function baseUrls(url: string): { http: string; webSocket: string } {
  const match = /^(?:http|ws)(s?):\/\/(.+?)\/*$/.exec(url);
  if (!match) throw new FairleadError("invalid_request", { message: "url: expected http(s):// or ws(s)://" });
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

async function joinWithin(room: ClientRoom, signal: AbortSignal): Promise<void> {
  const giveUp = () => room.giveUp(new FairleadError("node_timeout", { message: "not joined in time" }));
  signal.addEventListener("abort", giveUp);
  try {
    if (signal.aborted) giveUp();
    await room.join();
  } catch (error) {
    room.close(error instanceof FairleadError ? error : new FairleadError("internal", { cause: error }));
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
