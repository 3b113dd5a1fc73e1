import { createMemoryBus } from "@fairlead/bus/memory";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { describe, expect, it } from "vitest";
import { EXAMPLES } from "../openapi/examples.ts";
import { refusalOf, setUpHttp } from "../testing/http-setup.ts";

const setUp = () => setUpHttp(createMemoryBus(), createMemoryRegistry({ now: () => 1_800_000_000_000 }));
const INGEST = { kind: "rtp", tracks: [{ source: "camera", codec: "h264" }] };
const EGRESS = { kind: "rtp", receiverAddress: "10.0.0.9", receiverPort: 5_004 };

describe("RTP over HTTP", () => {
  it("shows keys and SDP when it is opened, and never again", async () => {
    const { call } = await setUp();
    const opened = await call("POST", "/v1/rooms/a/ingests", INGEST);
    expect([opened.status, await opened.text()]).toEqual([201, expect.stringContaining("mediaKey")]);
    const egress = await call("POST", "/v1/rooms/a/egresses", EGRESS);
    const { egressId, tracks } = (await egress.json()) as { egressId: string; tracks: { sdp: string }[] };
    expect(tracks[0]?.sdp).toContain("a=crypto:");
    const ingestId = "q8Vb7Jt3kQ2xWm5rYzLA0b";
    for (const path of ["ingests", `ingests/${ingestId}`, "egresses", `egresses/${egressId}`]) {
      const read = await call("GET", `/v1/rooms/a/${path}`, undefined, {
        Authorization: "Bearer key-of-readers",
      });
      expect([read.status, /Key|sdp|srtp|crypto/.test(await read.text())], path).toEqual([200, false]);
    }
  });

  it("opens a room that nobody serves for an ingest, and none for an egress", async () => {
    const { call, node } = await setUp();
    expect(await refusalOf(await call("POST", "/v1/rooms/b/egresses", EGRESS))).toEqual([
      404,
      "room_not_found",
    ]);
    expect(await refusalOf(await call("GET", "/v1/rooms/b/ingests"))).toEqual([404, "room_not_found"]);
    expect((await call("POST", "/v1/rooms/b/ingests", INGEST)).status).toBe(201);
    expect(node.callsTo("rtp_ingest.open")).toHaveLength(1);
  });

  it("says so where it is gone", async () => {
    const { call, place } = await setUp();
    await place("a");
    for (const method of ["GET", "DELETE"])
      for (const what of ["ingest", "egress"] as const) {
        const plural = what === "ingest" ? "ingests" : "egresses";
        const refusal = await refusalOf(await call(method, `/v1/rooms/a/${plural}/x`));
        expect(refusal, `${method} ${what}`).toEqual([404, `${what}_not_found`]);
      }
  });

  it("is closed again when whoever asked has gone", async () => {
    const { node, signaling, place } = await setUp();
    await place("a");
    for (const [what, body, example] of [
      ["ingest", INGEST, EXAMPLES.IngestWithKeys],
      ["egress", EGRESS, EXAMPLES.EgressWithSdp],
    ] as const) {
      const gone = new AbortController();
      node.answer(`rtp_${what}.open`, () => {
        gone.abort();
        return example as never;
      });
      await signaling.app.request(`/v1/rooms/a/${what === "ingest" ? "ingests" : "egresses"}`, {
        method: "POST",
        headers: { Authorization: "Bearer key-of-rooms", "Content-Type": "application/json" },
        body: JSON.stringify(body),
        signal: gone.signal,
      });
      expect(node.callsTo(`rtp_${what}.close`), what).toHaveLength(1);
    }
  });

  it("is refused in words where the room's node is of an older build", async () => {
    const { call, node, place } = await setUp();
    await place("a");
    for (const [name, path, body] of [
      ["rtp_ingest.open", "ingests", INGEST],
      ["rtp_egress.open", "egresses", EGRESS],
    ] as const) {
      node.refuseNext(name, "unknown_command");
      const refused = await call("POST", `/v1/rooms/a/${path}`, body);
      expect(await refused.json()).toMatchObject({
        error: { code: "no_capacity", message: expect.stringContaining("older build") },
      });
    }
  });

  it.each([
    ["a name for an address", { ...EGRESS, receiverAddress: "localhost" }],
    ["a URL", { ...EGRESS, receiverAddress: "http://10.0.0.9" }],
    ["an IPv4 address in IPv6's clothes", { ...EGRESS, receiverAddress: "::ffff:10.0.0.9" }],
    ["the same in hexadecimal", { ...EGRESS, receiverAddress: "::FFFF:a00:9" }],
    ["an address in octal", { ...EGRESS, receiverAddress: "0177.0.0.1" }],
    ["an address as a number", { ...EGRESS, receiverAddress: "2130706433" }],
    ["a port of the system's", { ...EGRESS, receiverPort: 53 }],
    ["ports beyond the last one", { ...EGRESS, receiverPort: 65_530 }],
    ["a time without end", { ...EGRESS, ttlS: 86_401 }],
  ])("an egress is refused for %s", async (_, body) => {
    const { call, place, node } = await setUp();
    await place("a");
    expect(await refusalOf(await call("POST", "/v1/rooms/a/egresses", body))).toEqual([
      400,
      "invalid_request",
    ]);
    expect(node.callsTo("rtp_egress.open")).toEqual([]);
  });

  it("needs the scope of rooms, and a room of the key's prefix", async () => {
    const { call } = await setUp();
    const as = async (key: string, room: string) =>
      (await call("POST", `/v1/rooms/${room}/ingests`, INGEST, { Authorization: `Bearer ${key}` })).status;
    expect(await as("key-of-readers", "a")).toBe(403);
    expect(await as("key-of-broadcasts", "a")).toBe(403);
    expect(await as("key-of-acme", "a")).toBe(403);
    expect(await as("key-of-acme", "acme-a")).toBe(201);
  });
});
