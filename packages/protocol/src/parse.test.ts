import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_BUS_MESSAGE_BYTES } from "./bus-subjects.ts";
import { BATCH_LIMIT } from "./commands.ts";
import { formatPosition, Position, parsePosition, RoomEvent } from "./events.ts";
import { ClientFrame, ServerFrame } from "./frames.ts";
import { EVERY_SOURCE } from "./grants.ts";
import { PEERS_PER_PAGE, PeerPage } from "./http.ts";
import { SessionFrames } from "./http-sessions.ts";
import { Identity, RoomId, randomId, TicketId } from "./ids.ts";
import { NODE_CALLS } from "./node-calls.ts";
import { parse, parseJson } from "./parse.ts";
import { Label, Region } from "./registry-records.ts";
import { METADATA_LIMIT_BYTES, Metadata, TicketClaims } from "./ticket-claims.ts";

const token = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const position = fc.record({ epoch: fc.nat(2 ** 40), sequence: fc.nat(1_000_000) }).map(formatPosition);
const data = fc.jsonValue({ maxDepth: 8 });

const clientFrame = fc.oneof(
  fc.record({ type: fc.constant("ack"), position, resend: fc.boolean() }),
  fc
    .record({ id: fc.integer({ min: 1, max: 1_000 }), name: fc.string({ maxLength: 64 }), data })
    .map((command) => ({ type: "command", settledBelow: 1, ...command })),
  fc.record({ type: fc.constant("ping") }),
);
const serverFrame = fc.oneof(
  fc.record({ type: fc.constant("reply"), id: fc.nat(1_000), ok: fc.constant(true), data }),
  fc.record({ position, peerId: token }).map(({ position, peerId }) => ({
    type: "event",
    position,
    event: { name: "peer.left", data: { peerId, reason: "left" } },
  })),
  fc.record({ type: fc.constant("pong") }),
);

describe("frames", () => {
  it("are the same after a way through JSON", () => {
    fc.assert(
      fc.property(clientFrame, serverFrame, (client, server) => {
        expect(parseJson(ClientFrame, JSON.stringify(client))).toEqual(JSON.parse(JSON.stringify(client)));
        expect(parseJson(ServerFrame, JSON.stringify(server))).toEqual(JSON.parse(JSON.stringify(server)));
      }),
    );
  });

  it("are all that is let in: any other text is refused with invalid_frame, and nothing else is thrown", () => {
    const refusal = expect.objectContaining({ name: "FairleadError", code: "invalid_frame" });
    const noise = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constant('{"type":"join"}'),
      fc.constant('{"__proto__":1}'),
    );
    fc.assert(fc.property(noise, (text) => void expect(() => parseJson(ClientFrame, text)).toThrow(refusal)));
  });

  it.each([17, 5_000])(
    "with a command's data nested %i deep are refused on every way in, not walked",
    (depth) => {
      const command = (data: unknown) => ({
        type: "command",
        id: 1,
        settledBelow: 1,
        name: "session.leave",
        data,
      });
      const ways = (data: unknown) => [
        ClientFrame.safeParse(command(data)),
        SessionFrames.safeParse({ frames: [command(data)] }),
        NODE_CALLS["session.command"].request.safeParse({
          sessionId: "s",
          epoch: 1,
          connection: 1,
          command: command(data),
        }),
      ];
      const nested = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels));
      expect(ways(nested(16)).map(({ success }) => success)).toEqual([true, true, true]);
      // The innermost list, being empty, is no level of its own.
      expect(ways(nested(depth + 1)).map(({ success }) => success)).toEqual([false, false, false]);
    },
  );
});

describe("parsing", () => {
  it("says where the fault is, and never repeats what was sent", () => {
    const join = {
      type: "join",
      protocolVersion: "s3cret",
      joinId: "s3cret",
      ticket: { s3cret: 1 },
      rtpCapabilities: "s3cret",
    };
    const faults = [
      () => parse(ClientFrame, join),
      () => parse(RoomId, "s3cret room!"),
      () => parseJson(ClientFrame, "s3cret"),
    ];
    for (const fault of faults) {
      expect(fault).toThrow();
      expect(fault).not.toThrow(/s3cret/);
    }
    expect(faults[0]).toThrow(/ticket/);
  });

  it("keeps ids that would reach other subjects or keys out", () => {
    for (const id of ["a.b", "*", ">", "a b", "", "a".repeat(65), "a\n", "{x}"])
      expect(RoomId.safeParse(id).success).toBe(false);
    expect(RoomId.parse(randomId())).toHaveLength(22);
  });

  it("keeps what Redis could not store out of a record: half of a surrogate pair", () => {
    for (const schema of [Identity, TicketId, Region, Label]) {
      expect(schema.safeParse("eve\ud83d").success).toBe(false);
      expect(schema.safeParse("eve\ude00").success).toBe(false);
      expect(schema.parse("eve😀")).toBe("eve😀");
    }
    const claims = {
      iss: "fairlead",
      aud: "fairlead/room",
      sub: "eve",
      jti: "eve-1",
      iat: 1,
      exp: 2,
      room: "standup",
      grants: { publish: [], subscribe: true, data: true, moderate: false },
    };
    expect(TicketClaims.safeParse(claims).success).toBe(true);
    for (const half of [{ sub: "\ud83d" }, { jti: "\ud83d" }])
      expect(TicketClaims.safeParse({ ...claims, ...half }).success).toBe(false);
  });

  it("limits metadata to 4 KB of UTF-8, not of characters", () => {
    expect(Metadata.safeParse("€".repeat(Math.floor(METADATA_LIMIT_BYTES / 3))).success).toBe(true);
    expect(Metadata.safeParse("€".repeat(Math.ceil(METADATA_LIMIT_BYTES / 3))).success).toBe(false);
  });

  it("limits metadata to 8 KB as JSON: quotes may all be escaped, control characters may not", () => {
    expect(Metadata.safeParse('"'.repeat(METADATA_LIMIT_BYTES)).success).toBe(true);
    expect(Metadata.safeParse("\u0001".repeat(METADATA_LIMIT_BYTES)).success).toBe(false);
  });

  it("keeps the largest event and the largest page of peers below what the bus takes", () => {
    const peer = {
      peerId: "p".repeat(64),
      identity: "\u0001".repeat(128),
      name: "\u0001".repeat(128),
      metadata: Metadata.parse('"'.repeat(METADATA_LIMIT_BYTES)),
      joinedAtMs: 1_700_000_000_000.123,
    };
    const producer = {
      producerId: "i".repeat(64),
      peerId: peer.peerId,
      kind: "audio",
      source: "screen_audio",
      paused: false,
      muted: false,
    };
    const detail = {
      ...peer,
      grants: { publish: EVERY_SOURCE, subscribe: false, data: false, moderate: false },
      connected: false,
      producers: EVERY_SOURCE.map(() => producer),
    };
    const event = RoomEvent.parse({ name: "peers.joined", data: { peers: Array(BATCH_LIMIT).fill(peer) } });
    const page = PeerPage.parse({ peers: Array(PEERS_PER_PAGE).fill(detail), cursor: "c".repeat(128) });
    // The rest: envelopes around it.
    for (const content of [event, page])
      expect(JSON.stringify(content).length).toBeLessThan(MAX_BUS_MESSAGE_BYTES - 10_000);
  });

  it("reads positions as they were written, and no others", () => {
    fc.assert(
      fc.property(
        position,
        (text) => void expect(formatPosition(parsePosition(Position.parse(text)))).toBe(text),
      ),
    );
    for (const text of ["", "1", "1:", ":1", "-1:1", "1:1:1", "1:1e3", "1 :1", "1:1\n"])
      expect(Position.safeParse(text).success, text).toBe(false);
  });
});
