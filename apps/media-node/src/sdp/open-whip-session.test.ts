import { parse } from "sdp-transform";
import { describe, expect, it } from "vitest";
import { addPublisher } from "../room/add-publisher.ts";
import { openRoom } from "../room/testing/open-room.ts";
import { useTwoCores } from "../room/testing/use-two-cores.ts";
import { openWhipSession } from "./open-whip-session.ts";
import { H264, type MadeOffer, MID, makeOffer, OPUS, RID, VP8 } from "./testing/make-offer.ts";

const cores = useTwoCores();
const ENCODER = { identity: "encoder", name: "Encoder", metadata: "" };

async function setUp() {
  const opened = await openRoom(cores);
  const { room, guest } = opened;
  const open = async (offer: MadeOffer | string) => {
    const publisher = addPublisher({ room, seat: guest }, ENCODER);
    const sdp = typeof offer === "string" ? offer : makeOffer(offer);
    try {
      const session = await openWhipSession({ room, seat: guest, publisher, offer: sdp });
      return {
        publisher,
        session,
        answer: parse(session.answer),
        producers: [...publisher.producers.values()],
      };
    } catch (error) {
      publisher.close();
      throw error;
    }
  };
  return { ...opened, open };
}

const BOTH: MadeOffer = { sections: [{ kind: "audio" }, { kind: "video" }] };

describe("a WHIP session", () => {
  it("answers with ice-lite, every candidate, and the offer's own payload types and ids", async () => {
    const { open, surplus } = await setUp();
    const { session, answer, producers } = await open({
      sections: [
        { kind: "audio", codecs: [{ ...OPUS, pt: 97 }], ext: { 11: MID } },
        { kind: "video", codecs: [{ ...H264, pt: 98, rtx: 99 }, VP8], ext: { 11: MID } },
      ],
    });
    expect(answer).toMatchObject({ icelite: "ice-lite", groups: [{ type: "BUNDLE", mids: "0 1" }] });
    for (const [index, payloads] of ["97", "98 99"].entries())
      expect(answer.media[index]).toMatchObject({
        ...{ mid: index, direction: "recvonly", setup: "passive", rtcpMux: "rtcp-mux" },
        ...{ endOfCandidates: "end-of-candidates", ext: [{ value: 11, uri: MID }] },
        payloads: index === 0 ? 97 : payloads,
      });
    expect(answer.media[0]?.candidates?.map(({ transport, ip }) => [transport, ip])).toEqual([
      ["udp", "127.0.0.1"],
      ["tcp", "127.0.0.1"],
    ]);
    expect(producers.map(({ kind, appData }) => [kind, appData.source])).toEqual([
      ["audio", "microphone"],
      ["video", "camera"],
    ]);
    expect(surplus()).toEqual([]);
    session.close();
    await session.ended;
  });

  it("ends with its publisher, and its publisher with it", async () => {
    const { open } = await setUp();
    const [one, two] = [await open(BOTH), await open(BOTH)];
    one.publisher.close();
    await one.session.ended;
    two.session.close();
    await two.publisher.ended;
    expect([one.session.isClosed, two.session.isClosed]).toEqual([true, true]);
  });

  it("begins DTLS itself with a client that waits for it, as FFmpeg does", async () => {
    const { open } = await setUp();
    const { answer } = await open({ ...BOTH, setup: "passive" });
    expect(answer.media.map(({ setup }) => setup)).toEqual(["active", "active"]);
  });

  it("rejects with port 0 what it does not receive, and takes the rest", async () => {
    const { open } = await setUp();
    const { answer, producers } = await open({
      sections: [
        { kind: "application" },
        { kind: "audio", direction: "recvonly" },
        { kind: "video", direction: "sendrecv" },
        { kind: "video", ssrc: 7 },
      ],
    });
    expect(answer.media.map(({ port }) => port > 0)).toEqual([false, false, true, false]);
    expect(answer.groups).toEqual([{ type: "BUNDLE", mids: 2 }]);
    expect(producers.map(({ kind }) => kind)).toEqual(["video"]);
  });

  it("takes simulcast by RID, the smallest first as far as names tell", async () => {
    const { open } = await setUp();
    const section = { kind: "video", ext: { 4: MID, 5: RID } } as const;
    const { producers, answer } = await open({ sections: [{ ...section, rids: ["f", "h", "q"] }] });
    expect(producers[0]?.rtpParameters.encodings?.map(({ rid }) => rid)).toEqual(["q", "h", "f"]);
    expect(producers[0]?.type).toBe("simulcast");
    expect(answer.media[0]).toMatchObject({ simulcast: { dir1: "recv", list1: "f;h;q" } });
    const own = await open({ sections: [{ ...section, rids: ["a", "b"] }] });
    expect(own.producers[0]?.rtpParameters.encodings?.map(({ rid }) => rid)).toEqual(["a", "b"]);
  });

  it("takes H.264 of the profiles that browsers decode, and answers with the profile that was offered", async () => {
    const { open } = await setUp();
    for (const profile of ["42e01f", "42001f", "4d0028", "640028", "640c1f"]) {
      const fmtp = `packetization-mode=1;profile-level-id=${profile}`;
      const { answer } = await open({ sections: [{ kind: "video", codecs: [{ ...H264, fmtp }] }] });
      expect(answer.media[0]?.fmtp[0]?.config).toContain(profile);
    }
  });

  it.each<[string, MadeOffer["sections"]]>([
    ["packetization mode 0", [{ kind: "video", codecs: [{ ...H264, fmtp: "profile-level-id=42e01f" }] }]],
    [
      "High 4:4:4",
      [{ kind: "video", codecs: [{ ...H264, fmtp: "packetization-mode=1;profile-level-id=f4001f" }] }],
    ],
    ["HEVC alone", [{ kind: "video", codecs: [{ pt: 100, name: "H265/90000" }] }]],
    ["G.711 alone", [{ kind: "audio", codecs: [{ pt: 0, name: "PCMU/8000" }] }]],
  ])("%s is refused with not_acceptable", async (_, sections) => {
    const { open } = await setUp();
    await expect(open({ sections })).rejects.toMatchObject({ code: "not_acceptable" });
  });

  it.each<[string, MadeOffer | string, string]>([
    ["no SDP", "hello", "invalid_request"],
    ["an empty description", "v=0\r\n", "sdp_unprocessable"],
    ["no BUNDLE", { ...BOTH, bundle: null }, "sdp_unprocessable"],
    ["a section out of the BUNDLE", { ...BOTH, bundle: "0" }, "sdp_unprocessable"],
    ["no rtcp-mux", { sections: [{ kind: "video", without: ["a=rtcp-mux"] }] }, "sdp_unprocessable"],
    ["no mid", { sections: [{ kind: "video", without: ["a=mid"] }] }, "sdp_unprocessable"],
    [
      "one mid for two",
      {
        sections: [
          { kind: "audio", mid: "a" },
          { kind: "video", mid: "a" },
        ],
      },
      "sdp_unprocessable",
    ],
    ["nothing to receive", { sections: [{ kind: "video", direction: "recvonly" }] }, "sdp_unprocessable"],
    ["data alone", { sections: [{ kind: "application" }] }, "sdp_unprocessable"],
    ["neither SSRC nor mid", { sections: [{ kind: "video", ssrc: null }] }, "sdp_unprocessable"],
    ["a short password", { ...BOTH, pwd: "short" }, "sdp_unprocessable"],
    ["an unknown a=setup", { ...BOTH, setup: "holdconn" }, "sdp_unprocessable"],
    [
      "one SSRC for two",
      {
        sections: [
          { kind: "audio", ssrc: 5 },
          { kind: "video", ssrc: 5 },
        ],
      },
      "sdp_unprocessable",
    ],
    [
      "a parameter of Object's",
      { sections: [{ kind: "video", more: ["a=fmtp:96 hasOwnProperty=1"] }] },
      "sdp_unprocessable",
    ],
  ])("%s is refused, and leaves nothing", async (_, offer, code) => {
    const { open, room } = await setUp();
    await expect(open(offer)).rejects.toMatchObject({ code });
    expect(room.publishers.size).toBe(0);
  });

  it("takes a stream without SSRC where packets name their section", async () => {
    const { open } = await setUp();
    const { producers } = await open({ sections: [{ kind: "video", ssrc: null, ext: { 3: MID } }] });
    expect(producers).toHaveLength(1);
  });
});

describe("a PATCH", () => {
  const PWD = "0123456789abcdef01234567";
  const fragment = (ufrag: string, pwd = PWD, mid = "0") =>
    `a=ice-ufrag:${ufrag}\r\na=ice-pwd:${pwd}\r\nm=audio 9 RTP/AVP 0\r\na=mid:${mid}\r\n` +
    "a=candidate:1 1 udp 2122260223 192.0.2.7 51000 typ host\r\na=end-of-candidates\r\n";
  const trickled = { ...BOTH, ufrag: "mine", pwd: PWD, isTrickled: true };

  it("with the session's credentials trickles candidates, under its tag or any", async () => {
    const { open } = await setUp();
    const { session } = await open(trickled);
    const { etag } = session;
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    expect(await session.patch(fragment("mine"), etag)).toEqual({ etag });
    expect(await session.patch(fragment("mine"), `"other", ${etag}`)).toEqual({ etag });
    expect(await session.patch(fragment("mine"), "*")).toEqual({ etag });
    expect(await session.patch("a=end-of-candidates\r\n", etag)).toEqual({ etag });
  });

  it("with new credentials restarts ICE: other credentials, another tag", async () => {
    const { open } = await setUp();
    const { session } = await open(trickled);
    const before = session.etag;
    const { etag, fragment: answer = "" } = await session.patch(fragment("again"), "*");
    expect([etag, session.etag !== before]).toEqual([session.etag, true]);
    expect(answer).toMatch(
      /^a=ice-lite\r\n.*a=ice-ufrag:\w+\r\na=ice-pwd:\w+\r\nm=audio 9 .*\r\na=mid:0\r\n/s,
    );
    expect(answer).toMatch(/a=candidate:.* udp .* 127\.0\.0\.1 .*a=end-of-candidates\r\n$/s);
    await expect(session.patch(fragment("again"), before)).rejects.toMatchObject({
      code: "precondition_failed",
    });
    expect(await session.patch(fragment("again"), etag)).toEqual({ etag });
  });

  it("that is refused leaves the session as it was", async () => {
    const { open } = await setUp();
    const { session } = await open(trickled);
    const { etag } = session;
    const refused = (code: string) => expect.objectContaining({ code });
    const cases: [string, string | null, string][] = [
      [fragment("mine"), null, "precondition_required"],
      [fragment("mine"), '"other"', "precondition_failed"],
      [fragment("mine"), `W/${etag}`, "precondition_failed"],
      [fragment("again"), etag, "sdp_unprocessable"],
      [fragment("mine", `${PWD}00`), etag, "sdp_unprocessable"],
      [fragment("again", "short"), "*", "sdp_unprocessable"],
      [fragment("mine", PWD, "9"), etag, "sdp_unprocessable"],
      ["hello", "*", "invalid_request"],
    ];
    for (const [text, ifMatch, code] of cases)
      await expect(session.patch(text, ifMatch), `${ifMatch} ${text}`).rejects.toEqual(refused(code));
    expect([session.etag, session.isClosed]).toEqual([etag, false]);
    session.close();
    await expect(session.patch(fragment("mine"), etag)).rejects.toEqual(refused("sdp_session_not_found"));
  });
});
