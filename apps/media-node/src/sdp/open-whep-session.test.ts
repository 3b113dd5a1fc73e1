import { parse } from "sdp-transform";
import { expect, it, vi } from "vitest";
import { addPublisher } from "../room/add-publisher.ts";
import { banIdentity } from "../room/moderate.ts";
import { openRoom } from "../room/testing/open-room.ts";
import { useTwoCores } from "../room/testing/use-two-cores.ts";
import type { Viewer } from "../room/viewer.ts";
import { openWhepSession } from "./open-whep-session.ts";
import { openWhipSession } from "./open-whip-session.ts";
import {
  H264,
  type MadeCodec,
  type MadeOffer,
  MID,
  makeOffer,
  OPUS,
  TRANSPORT_CC,
  VP8,
} from "./testing/make-offer.ts";

const cores = useTwoCores();
const ENCODER = { identity: "encoder", name: "Encoder", metadata: "" };
const VIDEO_AND_SOUND: MadeOffer = { sections: [{ kind: "audio" }, { kind: "video", codecs: [H264] }] };
/** Payload types of the nodes' own routers. */
const OWN = { opus: 100, h264: 105 };

function viewerOffer(opusPt: number, h264Pt: number, more: Partial<MadeCodec> = {}): MadeOffer {
  return {
    sections: [
      { kind: "audio", direction: "recvonly", codecs: [{ ...OPUS, pt: opusPt }] },
      {
        kind: "video",
        direction: "recvonly",
        codecs: [
          { pt: 45, name: "AV1/90000" },
          { ...H264, pt: h264Pt, rtx: h264Pt + 1, ...more },
        ],
      },
    ],
  };
}

/** As if its client had got through. */
function connect({ transport }: Viewer): void {
  vi.spyOn(transport, "dtlsState", "get").mockReturnValue("connected");
  transport.emit("dtlsstatechange", "connected");
}

async function setUp(published: MadeOffer | null = VIDEO_AND_SOUND) {
  const opened = await openRoom(cores);
  const { room, home, guest } = opened;
  const publisher = addPublisher({ room, seat: home }, ENCODER);
  if (published) await openWhipSession({ room, seat: home, publisher, offer: makeOffer(published) });
  const watch = async (offer: MadeOffer, identity: string | null = null) => {
    const session = await openWhepSession({ room, seat: guest, identity, offer: makeOffer(offer) });
    const viewer = [...room.viewers.values()].at(-1) ?? expect.fail("no viewer");
    return { session, viewer, answer: parse(session.answer), consumers: [...viewer.consumers.values()] };
  };
  const publish = async (offer: MadeOffer) => {
    const other = addPublisher({ room, seat: home }, ENCODER);
    return openWhipSession({ room, seat: home, publisher: other, offer: makeOffer(offer) });
  };
  const agree = () => cores.expectAgreement([home, guest]);
  return { ...opened, publisher, publish, watch, agree };
}

it("a viewer is answered with its own payload types, without RTX, and with SSRCs to tell streams by", async () => {
  const { watch, guest, surplus, agree } = await setUp();
  const { answer, consumers, session } = await watch(viewerOffer(109, 126));
  expect(answer).toMatchObject({ icelite: "ice-lite", groups: [{ mids: "0 1" }] });
  expect(answer.media.map(({ payloads, direction }) => [payloads, direction])).toEqual([
    [109, "sendonly"],
    [126, "sendonly"],
  ]);
  expect(answer.media[1]?.rtcpFb).toEqual([
    { payload: 126, type: "nack" },
    { payload: 126, type: "nack", subtype: "pli" },
    { payload: 126, type: "ccm", subtype: "fir" },
  ]);
  expect(answer.media.map(({ ssrcs }) => ssrcs?.[0]?.id)).toEqual(
    consumers.map(({ rtpParameters }) => rtpParameters.encodings?.[0]?.ssrc),
  );
  expect(guest.payloadTypeSeats.all).toHaveLength(1);
  expect(surplus()).toEqual([]);
  await agree();
  session.close();
  await session.ended;
});

it("viewers of one map share its router and pipe; payload types of the room's own need neither", async () => {
  const { watch, guest, home } = await setUp();
  await watch(viewerOffer(109, 126));
  await watch(viewerOffer(109, 126));
  await watch({ sections: [{ kind: "audio", direction: "recvonly", codecs: [{ ...OPUS, pt: 109 }] }] });
  expect(guest.payloadTypeSeats.all).toHaveLength(1);
  const { viewer } = await watch(viewerOffer(OWN.opus, OWN.h264));
  const dump = await guest.router.dump();
  expect(dump.transportIds).toContain(viewer.transport.id);
  expect(home.payloadTypeSeats.all).toHaveLength(0);
});

it("a ninth map takes the place of one that nobody uses, or is connected to, and is refused where each has a viewer", async () => {
  const { watch, guest, agree } = await setUp();
  const watched = [];
  for (let index = 0; index < 8; index++) watched.push(await watch(viewerOffer(112 + index, 35 + index)));
  const [, second, third] = guest.payloadTypeSeats.all;
  for (const [index, { viewer }] of watched.entries()) if (index !== 2) connect(viewer);
  watched[1]?.session.close();
  const ninth = await watch(viewerOffer(110, 97));
  expect([second?.closed, third?.closed]).toEqual([true, false]);
  connect(ninth.viewer);
  const tenth = await watch(viewerOffer(120, 50));
  expect(third?.closed).toBe(true);
  await watched[2]?.session.ended;
  connect(tenth.viewer);
  await expect(watch(viewerOffer(121, 51))).rejects.toMatchObject({ code: "not_acceptable" });
  expect(guest.payloadTypeSeats.all).toHaveLength(8);
  await agree();
});

it("a client that never connects is freed after 30 s, and after 10 s where nobody knows whose it is", async () => {
  const { watch, room } = await setUp();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const [known, unknown] = [await watch(viewerOffer(109, 126), "ann"), await watch(viewerOffer(109, 126))];
    vi.advanceTimersByTime(9_999);
    expect(room.viewers.size).toBe(2);
    vi.advanceTimersByTime(1);
    expect([known.session.isClosed, unknown.session.isClosed]).toEqual([false, true]);
    vi.advanceTimersByTime(20_000);
    expect(known.session.isClosed).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

it("only header extensions with the router's own ids are sent", async () => {
  const { watch } = await setUp();
  const section = viewerOffer(109, 126).sections[1] ?? expect.fail("no video");
  const { answer, viewer } = await watch({
    sections: [{ ...section, ext: { 1: MID, 3: TRANSPORT_CC, 8: "urn:other" } }],
  });
  expect(answer.media[0]?.ext).toEqual([{ value: 1, uri: MID }]);
  expect([...viewer.consumers.values()].map(({ rtpParameters }) => rtpParameters.mid)).toEqual(["0"]);
  const long = await watch({ sections: [{ ...section, mid: "video-section", ext: { 1: MID } }] });
  expect(long.answer.media[0]?.ext ?? []).toEqual([]);
});

it("sections that the broadcast has nothing for are rejected, and what has no section is left out", async () => {
  const { watch } = await setUp({ sections: [{ kind: "video", codecs: [H264] }] });
  const [audio, video] = viewerOffer(109, 126).sections;
  if (!audio || !video) return expect.fail("no sections");
  const { answer, consumers } = await watch({
    sections: [{ kind: "application" as const }, audio, video, video].map((one, index) => ({
      ...one,
      mid: `m${index}`,
    })),
  });
  expect(answer.media.map(({ port }) => port > 0)).toEqual([false, false, true, false]);
  expect([answer.groups, consumers.map(({ kind }) => kind)]).toEqual([
    [{ type: "BUNDLE", mids: "m2" }],
    ["video"],
  ]);
});

it("High is carried by the name that every receiver takes: decoders go by the stream", async () => {
  const profile = (id: string) => ({ fmtp: `packetization-mode=1;profile-level-id=${id}` });
  const high = await setUp({ sections: [{ kind: "video", codecs: [{ ...H264, ...profile("640028") }] }] });
  for (const id of ["42e01f", "640c1f"]) {
    const { answer } = await high.watch(viewerOffer(109, 126, profile(id)));
    expect(answer.media[1]?.fmtp[0]?.config).toContain(`profile-level-id=${id}`);
  }
});

it("Baseline is decoded where only High is offered", async () => {
  const { watch } = await setUp();
  const { answer } = await watch(
    viewerOffer(109, 126, { fmtp: "packetization-mode=1;profile-level-id=64001f" }),
  );
  expect(answer.media[1]?.fmtp[0]?.config).toContain("profile-level-id=64001f");
});

it("nobody who sends, no codec in common, one payload type for two: refused, and nothing is left", async () => {
  const { watch, room, publisher, agree } = await setUp();
  const vp8: MadeOffer = { sections: [{ kind: "video", direction: "recvonly", codecs: [VP8] }] };
  await expect(watch(vp8)).rejects.toMatchObject({ code: "not_acceptable" });
  await expect(watch(VIDEO_AND_SOUND), "sendonly").rejects.toMatchObject({ code: "not_acceptable" });
  await expect(watch(viewerOffer(126, 126))).rejects.toMatchObject({ code: "sdp_unprocessable" });
  publisher.close();
  await expect(watch(viewerOffer(109, 126))).rejects.toMatchObject({ code: "broadcast_not_live" });
  expect(room.viewers.size).toBe(0);
  await agree();
});

it("a session ends when what it watches is over, and when its transport closes", async () => {
  const { watch, publisher, room } = await setUp();
  const [one, two] = [await watch(viewerOffer(109, 126)), await watch(viewerOffer(OWN.opus, OWN.h264))];
  one.viewer.close();
  await one.session.ended;
  publisher.close();
  await two.session.ended;
  expect(room.viewers.size).toBe(0);
});

const SOUND: MadeOffer = { sections: [{ kind: "audio" }] };
const PICTURE: MadeOffer = { sections: [{ kind: "video", codecs: [H264] }] };

it("a session ends when somebody publishes what one of its sections has room for, once its client can hear of it", async () => {
  const { watch, room, publish } = await setUp(PICTURE);
  const [, video] = viewerOffer(109, 126).sections;
  const content = await watch({ sections: video ? [video] : [] });
  const [lacking, late] = [await watch(viewerOffer(109, 126)), await watch(viewerOffer(109, 126))];
  for (const { viewer } of [content, lacking]) connect(viewer);
  await publish(SOUND);
  await lacking.session.ended;
  await room.recalls.push(async () => {});
  expect([...room.viewers.values()]).toEqual([content.viewer, late.viewer]);
  connect(late.viewer);
  await late.session.ended;
  const anew = await watch(viewerOffer(109, 126));
  connect(anew.viewer);
  await publish(PICTURE);
  await room.recalls.push(async () => {});
  expect(anew.consumers.map(({ kind }) => kind)).toEqual(["audio", "video"]);
  expect([anew.session.isClosed, content.session.isClosed]).toEqual([false, false]);
});

it("one whose picture is over ends when there is another, which may be there already", async () => {
  const { watch, room, publish } = await setUp(SOUND);
  const first = await publish(PICTURE);
  const { session, viewer } = await watch(viewerOffer(109, 126));
  connect(viewer);
  first.close();
  await vi.waitFor(() => expect(viewer.consumers.size).toBe(1));
  await room.recalls.push(async () => {});
  expect(session.isClosed).toBe(false);
  const second = await publish(PICTURE);
  await session.ended;
  const other = await watch(viewerOffer(109, 126));
  connect(other.viewer);
  await publish(PICTURE);
  second.close();
  await other.session.ended;
});

it("one that could not be answered with what is new stays as it is", async () => {
  const { watch, room, publish } = await setUp(PICTURE);
  const { session, viewer } = await watch(viewerOffer(126, 126));
  connect(viewer);
  await publish(SOUND);
  await room.recalls.push(async () => {});
  expect(session.isClosed).toBe(false);
});

it("a seat is not given back while a viewer sits beside it, and its routers go with it", async () => {
  const { watch, room, guest, clock, agree } = await setUp();
  const { session } = await watch(viewerOffer(109, 126));
  for (const nowMs of [40_000, 80_000]) {
    clock.nowMs = nowMs;
    room.span.sweep();
  }
  expect([session.isClosed, guest.closed]).toEqual([false, false]);
  session.close();
  clock.nowMs = 200_000;
  room.span.sweep();
  expect([guest.closed, guest.payloadTypeSeats.all]).toEqual([true, []]);
  await agree();
});

it("a ban ends the sessions of that identity alone", async () => {
  const { watch, room } = await setUp();
  const banned = await watch(viewerOffer(109, 126), "mallory");
  const other = await watch(viewerOffer(109, 126), "ann");
  await banIdentity(room, "mallory", "banned");
  await banned.session.ended;
  expect(other.session.isClosed).toBe(false);
});

it("a viewer's consumers wait for its DTLS", async () => {
  const { watch } = await setUp();
  const { consumers } = await watch(viewerOffer(109, 126));
  expect(consumers.map(({ paused }) => paused)).toEqual([true, true]);
});
