import { FairleadError, RTP_EGRESSES_PER_ROOM } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { useTwoCores } from "../room/testing/use-two-cores.ts";
import { LOOPBACK, onlyTrack, openUdpPair, rtpPacket, setUpRtp } from "./testing/set-up-rtp.ts";

const cores = useTwoCores();
const refusal = (code: string) => expect.objectContaining({ code });

/** A room with a sender that a test has the port of. */
async function setUp(reach = LOOPBACK) {
  const parts = await setUpRtp(cores, { reach });
  const { rtp } = await openUdpPair();
  const tracks = [{ source: "microphone", codec: "opus", senderPort: rtp.port }];
  const ingest = await parts.openIngest({ encrypted: false, senderAddress: "127.0.0.1", tracks });
  let sequence = 0;
  const send = () => {
    sequence += 1;
    return rtp.send(rtpPacket(onlyTrack(ingest), sequence), onlyTrack(ingest).port);
  };
  return { ...parts, ingest, send };
}

describe("an egress by RTP", () => {
  it("brings what its SDP says to its receiver's port, and ends with its publisher", async () => {
    const { openEgress, send, rtpEgresses, rtpIngests, ingest, room, surplus } = await setUp();
    const receiver = await openUdpPair();
    const opened = await openEgress({ encrypted: false, receiverPort: receiver.rtp.port });
    const track = onlyTrack(opened);
    expect(track.sdp).toContain(`m=audio ${receiver.rtp.port} RTP/AVPF ${track.payloadType}\r\n`);
    expect(track.sdp).toContain(`a=rtpmap:${track.payloadType} opus/48000/2\r\n`);
    expect(track.sdp).not.toContain("crypto");
    await expect
      .poll(async () => {
        await send();
        return receiver.rtp.received.length;
      })
      .toBeGreaterThan(3);
    const [packet = Buffer.alloc(12)] = receiver.rtp.received;
    expect([packet.readUInt8(1) & 0x7f, packet.readUInt32BE(8)]).toEqual([track.payloadType, track.ssrc]);
    expect([opened.peerId, rtpEgresses.list(room).length, surplus()]).toEqual([ingest.peerId, 1, []]);
    rtpIngests.find(room, ingest.ingestId).close();
    await expect.poll(() => [rtpEgresses.list(room), room.egresses.size]).toEqual([[], 0]);
    expect(() => rtpEgresses.find(room, opened.egressId)).toThrow(FairleadError);
  });

  it("is encrypted by default, with a key that its SDP has and no packet betrays", async () => {
    const { openEgress, send } = await setUp({ networks: ["127.0.0.0/8"], ip: "127.0.0.1" });
    const receiver = await openUdpPair();
    const track = onlyTrack(await openEgress({ receiverPort: receiver.rtp.port }));
    expect(track.sdp).toContain(`a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${track.srtp?.mediaKey}\r\n`);
    await expect
      .poll(async () => {
        await send();
        return receiver.rtp.received.length;
      })
      .toBeGreaterThan(0);
    const silence = Buffer.from([0xf8, 0xff, 0xfe]);
    expect(receiver.rtp.received.filter((packet) => packet.includes(silence))).toEqual([]);
  });

  it("ends after its time, or when it is told to, and nothing is left of it", async () => {
    const { openEgress, rtpEgresses, room, clock, surplus } = await setUp();
    await openEgress({ ttlS: 60 });
    const other = await openEgress({ receiverPort: 5_006 });
    clock.nowMs += 59_999;
    rtpEgresses.sweep();
    expect(rtpEgresses.list(room)).toHaveLength(2);
    clock.nowMs += 1;
    rtpEgresses.sweep();
    expect(rtpEgresses.list(room)).toEqual([expect.objectContaining({ egressId: other.egressId })]);
    rtpEgresses.find(room, other.egressId).close();
    expect([rtpEgresses.list(room), room.egresses.size, surplus()]).toEqual([[], 0, []]);
  });

  it("is one of 8 of its room, however many ask at once", async () => {
    const { openEgress } = await setUp();
    const answers = await Promise.allSettled(
      Array.from({ length: RTP_EGRESSES_PER_ROOM + 1 }, () => openEgress()),
    );
    expect(answers.filter(({ status }) => status === "rejected")).toEqual([
      { status: "rejected", reason: refusal("rtp_limit") },
    ]);
  });

  it.each([
    ["a peer that is not there", { peerId: "nobody" }, "peer_not_found"],
    ["a source that nobody sends", { sources: ["camera"] }, "producer_not_found"],
    ["an address elsewhere", { receiverAddress: "10.0.0.1" }, "rtp_refused"],
    ["a cloud's metadata", { receiverAddress: "169.254.169.254" }, "rtp_refused"],
    ["this host by another name", { receiverAddress: "0.0.0.0" }, "rtp_refused"],
    ["loopback of the other family", { receiverAddress: "::1" }, "rtp_refused"],
    ["IPv4 that is written out as IPv6", { receiverAddress: "0:0:0:0:0:ffff:7f00:1" }, "rtp_refused"],
  ])("is refused for %s", async (_, wish, code) => {
    const { openEgress, room, rtpEgresses } = await setUp();
    await expect(openEgress(wish)).rejects.toEqual(refusal(code));
    expect([rtpEgresses.list(room), room.egresses.size]).toEqual([[], 0]);
  });

  it("goes nowhere by default, and by plain RTP only from a private address", async () => {
    const nowhere = await setUpRtp(cores, { reach: {} });
    await nowhere.openIngest({});
    await expect(nowhere.openEgress()).rejects.toEqual(refusal("rtp_refused"));
  });

  it("names its peer where several send, and is refused where nobody does", async () => {
    const { openEgress, openIngest, rtpIngests, room, ingest } = await setUp();
    await openIngest({});
    await expect(openEgress()).rejects.toEqual(refusal("invalid_request"));
    expect((await openEgress({ peerId: ingest.peerId })).peerId).toBe(ingest.peerId);
    for (const { ingestId } of rtpIngests.list(room)) rtpIngests.find(room, ingestId).close();
    await expect(openEgress()).rejects.toEqual(refusal("producer_not_found"));
  });

  it.each([
    ["its publisher leaves", "producer_not_found"],
    ["the room closes", "lease_lost"],
  ])("is refused, and leaves nothing, when %s while it is being opened", async (what, code) => {
    const { openEgress, rtpIngests, rtpEgresses, room, ingest, confirm } = await setUp();
    confirm.mockImplementationOnce(async () => {
      if (code === "lease_lost") room.close("room_closed", what);
      else rtpIngests.find(room, ingest.ingestId).close();
    });
    await expect(openEgress()).rejects.toEqual(refusal(code));
    expect([rtpEgresses.list(room), room.egresses.size]).toEqual([[], 0]);
  });
});
