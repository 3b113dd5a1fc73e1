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
import type { Viewer, ViewingSessions } from "./viewing-sessions.ts";

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

type Until = { viewer: Viewer; isMet: () => boolean };
type OfTimeline = { viewer: Viewer; timeline: Timeline };

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
    const { broadcast, viewer, answered } = await this.#view(c, "multivariant playlist");
    if (!(await this.#wait(c, broadcast, { viewer, isMet: () => broadcast.isPlayable }))) throw tooManyWait();
    answered();
    return answerPlaylist(c, broadcast.multivariantPlaylist(), PLAIN_MAX_AGE_S);
  };

  mediaPlaylist = async (c: Context): Promise<Response> => {
    const rendition = readRendition(c);
    const { block, isDelta } = readDirectives(new URL(c.req.url).searchParams);
    const { broadcast, viewer, answered } = await this.#view(c, "media playlist");
    if (!(await this.#wait(c, broadcast, { viewer, isMet: () => broadcast.isPlayable }))) throw tooManyWait();
    const timeline = broadcast.timelineOf(rendition);
    if (!timeline) throw new FairleadError("not_found");
    if (!(await this.#wait(c, broadcast, { viewer, isMet: () => timeline.isPlayable }))) throw tooManyWait();
    // One that finds no place to wait in is told how things stand now, and asks again.
    const isMet = block ? await this.#waitFor(c, broadcast, { viewer, timeline, block }) : false;
    answered();
    const maxAgeS = isMet && !timeline.isEnded ? BLOCKING_MAX_AGE_S : PLAIN_MAX_AGE_S;
    return answerPlaylist(c, broadcast.mediaPlaylist(rendition, { isDelta }), maxAgeS);
  };

  media = async (c: Context): Promise<Response> => {
    const rendition = readRendition(c);
    const name = c.req.param("file") ?? "";
    if (!PIECE_NAME.test(name)) throw new FairleadError("not_found");
    const { broadcast, viewer } = await this.#view(c, "media");
    const timeline = broadcast.timelineOf(rendition);
    if (!timeline) throw new FairleadError("not_found");
    const chunks = timeline.find(name) ?? (await this.#hinted(c, broadcast, { viewer, timeline, name }));
    if (!chunks) throw new FairleadError("not_found");
    return answerMedia(c, chunks, `${rendition}/${name}`);
  };

  /** Lets its viewer in and notes what it asks for, and gives the means to note that the answer has come. */
  async #view(
    c: Context,
    wanted: "multivariant playlist" | "media playlist" | "media",
  ): Promise<{ broadcast: FollowedBroadcast; viewer: Viewer; answered: () => void }> {
    const { access, viewers, broadcasts, clientAddress } = this.#deps;
    const broadcastId = readBroadcastId(c);
    const view = await access.check(broadcastId, readToken(c));
    const viewer = { ...view, address: clientAddress(c) };
    const isCounting = wanted === "media playlist" || (wanted === "multivariant playlist" && view.isAdmitted);
    if (isCounting) viewers.asked(broadcastId, viewer);
    const answered = () => viewers.answered(broadcastId, viewer);
    return { broadcast: broadcasts.get(broadcastId), viewer, answered };
  }

  /** @returns As `#wait`. @throws {FairleadError} `invalid_request`: too far ahead. */
  async #waitFor(
    c: Context,
    broadcast: FollowedBroadcast,
    { viewer, timeline, block }: OfTimeline & { block: NonNullable<DeliveryDirectives["block"]> },
  ): Promise<boolean> {
    const { sequence, part } = block;
    const isMet = () => timeline.reaches(sequence, part);
    if (!isMet() && isTooFarAhead(timeline, sequence, part))
      throw new FairleadError("invalid_request", { message: "that is too far ahead" });
    return this.#wait(c, broadcast, { viewer, isMet });
  }

  /** @returns false: too many wait already. @throws {StalledError} It did not come. */
  async #wait(c: Context, broadcast: FollowedBroadcast, until: Until): Promise<boolean> {
    if (until.isMet()) return true;
    const isMet = await this.#blocked(c, broadcast, until);
    if (isMet === null) return false;
    if (isMet) return true;
    if (broadcast.isClosed) throw new FairleadError("shutting_down");
    if (broadcast.isEnded) throw new FairleadError("broadcast_ended");
    throw new StalledError();
  }

  /** A part that a playlist hinted at is waited for (RFC 8216bis § 6.2.6), unless something else comes in its place. */
  async #hinted(
    c: Context,
    broadcast: FollowedBroadcast,
    { viewer, timeline, name }: OfTimeline & { name: string },
  ): Promise<Uint8Array[] | null> {
    const isHinted = () => timeline.isPlayable && timeline.hintedName === name;
    if (!isHinted()) return null;
    const isMet = await this.#blocked(c, broadcast, { viewer, isMet: () => !isHinted() });
    if (isMet === null) throw tooManyWait();
    return timeline.find(name);
  }

  /** @returns null: too many wait already. */
  #blocked(c: Context, broadcast: FollowedBroadcast, { viewer, isMet }: Until): Promise<boolean | null> {
    const { signal } = c.req.raw;
    return this.#deps.blocked.run(viewer, () => broadcast.until(isMet, { timeoutMs: WAIT_MS, signal }));
  }
}

/** Players try again after it. */
function tooManyWait(): FairleadError {
  return new FairleadError("no_capacity", { message: "too many requests wait", retryAfterMs: 1_000 });
}

/** RFC 8216bis § 6.2.5.2: more than two segments, or more parts than three seconds have. */
function isTooFarAhead(timeline: Timeline, sequence: number, part: number | undefined): boolean {
  const ahead = sequence - timeline.lastSequence;
  if (ahead > MOST_SEGMENTS_AHEAD) return true;
  const { partTarget } = timeline.tell();
  const parts = partTarget < 1 ? Math.ceil(3 / partTarget) : 3;
  return part !== undefined && part >= parts + (ahead === 1 ? timeline.openParts : 0);
}
