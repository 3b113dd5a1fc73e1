import { FairleadError, randomId } from "@fairlead/protocol";
import { TARGET_DURATION_S } from "@fairlead/segments";
import type { Context } from "hono";
import type { HlsAccess } from "../hls-access.ts";
import { PIECE_NAME } from "../timeline/piece-names.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { answerMedia, answerPlaylist } from "./answers.ts";
import type { BlockedRequests } from "./blocked-requests.ts";
import { type DeliveryDirectives, readDirectives } from "./delivery-directives.ts";
import type { FollowedBroadcast } from "./followed-broadcast.ts";
import type { FollowedBroadcasts } from "./followed-broadcasts.ts";
import { readBroadcastId, readRendition, readToken } from "./read-path.ts";
import { StalledError } from "./refuse.ts";
import type { ViewingSessions } from "./viewing-sessions.ts";

/** RFC 8216bis § 6.2.5.2: a request waits for three target durations. */
const WAIT_MS = 3 * TARGET_DURATION_S * 1_000;
const PLAIN_MAX_AGE_S = TARGET_DURATION_S / 2;
/** An answer to a request that waited names its part in the query, and so can't be older than it. */
const BLOCKING_MAX_AGE_S = 6 * TARGET_DURATION_S;
const MOST_SEGMENTS_AHEAD = 2;

export type HlsHandlersDeps = {
  access: HlsAccess;
  broadcasts: FollowedBroadcasts;
  blocked: BlockedRequests;
  viewers: ViewingSessions;
  clientAddress: (c: Context) => string;
};

/** What the app answers with, by route. */
export class HlsHandlers {
  readonly #deps: HlsHandlersDeps;

  constructor(deps: HlsHandlersDeps) {
    this.#deps = deps;
  }

  /** A broadcast that anybody may watch is opened without a token, and gets one that counts its viewer. */
  open = async (c: Context): Promise<Response> => {
    await this.#deps.access.check(readBroadcastId(c), null);
    c.header("Cache-Control", "no-store");
    return c.redirect(`t/p-${randomId()}/index.m3u8`, 302);
  };

  multivariantPlaylist = async (c: Context): Promise<Response> => {
    readDirectives(new URL(c.req.url).searchParams);
    const { broadcast, count } = await this.#view(c);
    await this.#wait(c, broadcast, () => broadcast.isPlayable);
    count();
    return answerPlaylist(c, broadcast.multivariantPlaylist(), PLAIN_MAX_AGE_S);
  };

  mediaPlaylist = async (c: Context): Promise<Response> => {
    const rendition = readRendition(c);
    const { block, isDelta } = readDirectives(new URL(c.req.url).searchParams);
    const { broadcast, count } = await this.#view(c);
    await this.#wait(c, broadcast, () => broadcast.isPlayable);
    const timeline = broadcast.timelineOf(rendition);
    if (!timeline) throw new FairleadError("not_found");
    await this.#wait(c, broadcast, () => timeline.isPlayable);
    if (block) await this.#waitFor(c, broadcast, timeline, block);
    count();
    const maxAgeS = block && !timeline.isEnded ? BLOCKING_MAX_AGE_S : PLAIN_MAX_AGE_S;
    return answerPlaylist(c, broadcast.mediaPlaylist(rendition, { isDelta }), maxAgeS);
  };

  media = async (c: Context): Promise<Response> => {
    const rendition = readRendition(c);
    const name = c.req.param("file") ?? "";
    if (!PIECE_NAME.test(name)) throw new FairleadError("not_found");
    const { broadcast } = await this.#view(c, false);
    const timeline = broadcast.timelineOf(rendition);
    if (!timeline) throw new FairleadError("not_found");
    const bytes = timeline.find(name) ?? (await this.#hinted(c, broadcast, timeline, name));
    if (!bytes) throw new FairleadError("not_found");
    return answerMedia(c, bytes, `${rendition}/${name}`);
  };

  /** Counts whom it lets in, unless it is for media, and gives the means to count again when the answer comes. */
  async #view(c: Context, isPlaylist = true): Promise<{ broadcast: FollowedBroadcast; count: () => void }> {
    const broadcastId = readBroadcastId(c);
    const { viewId } = await this.#deps.access.check(broadcastId, readToken(c));
    const count = () => this.#deps.viewers.saw(broadcastId, viewId);
    if (isPlaylist) count();
    return { broadcast: this.#deps.broadcasts.get(broadcastId), count };
  }

  /** @throws {FairleadError} `invalid_request`: too far ahead. */
  async #waitFor(
    c: Context,
    broadcast: FollowedBroadcast,
    timeline: Timeline,
    { sequence, part }: NonNullable<DeliveryDirectives["block"]>,
  ): Promise<void> {
    const isMet = () => timeline.reaches(sequence, part);
    if (!isMet() && isTooFarAhead(timeline, sequence, part))
      throw new FairleadError("invalid_request", { message: "that is too far ahead" });
    await this.#wait(c, broadcast, isMet);
  }

  /** @throws {StalledError} It did not come. */
  async #wait(c: Context, broadcast: FollowedBroadcast, isMet: () => boolean): Promise<void> {
    if (isMet()) return;
    if (await this.#blocked(c, broadcast, isMet)) return;
    if (broadcast.isClosed) throw new FairleadError("shutting_down");
    if (broadcast.isEnded) throw new FairleadError("broadcast_ended");
    throw new StalledError();
  }

  /** A part that a playlist hinted at is waited for (RFC 8216bis § 6.2.6), unless something else comes in its place. */
  async #hinted(
    c: Context,
    broadcast: FollowedBroadcast,
    timeline: Timeline,
    name: string,
  ): Promise<Uint8Array | null> {
    const isHinted = () => timeline.isPlayable && timeline.hintedName === name;
    if (!isHinted()) return null;
    await this.#blocked(c, broadcast, () => !isHinted());
    return timeline.find(name);
  }

  #blocked(c: Context, broadcast: FollowedBroadcast, isMet: () => boolean): Promise<boolean> {
    const { signal } = c.req.raw;
    return this.#deps.blocked.run(this.#deps.clientAddress(c), () =>
      broadcast.until(isMet, { timeoutMs: WAIT_MS, signal }),
    );
  }
}

/** RFC 8216bis § 6.2.5.2: more than two segments, or more parts than three seconds have. */
function isTooFarAhead(timeline: Timeline, sequence: number, part: number | undefined): boolean {
  const ahead = sequence - timeline.lastSequence;
  if (ahead > MOST_SEGMENTS_AHEAD) return true;
  const { partTarget } = timeline.tell();
  const parts = partTarget < 1 ? Math.ceil(3 / partTarget) : 3;
  return part !== undefined && part >= parts + (ahead === 1 ? timeline.openParts : 0);
}
