import { createMemoryBus } from "@fairlead/bus/memory";
import { hashStreamKey, makeStreamKey } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { silentLogger } from "@fairlead/telemetry";
import { describe, expect, it } from "vitest";
import { createIngestOpener } from "./ingest.ts";
import { writeBroadcast } from "./testing/scripted-broadcasts.ts";
import { startScriptedNode } from "./testing/scripted-node.ts";

const NOW_MS = 1_800_000_000_000;
const LIMIT = { limit: 2, windowMs: 60_000 };

async function setUp() {
  const now = () => NOW_MS;
  const [bus, registry] = [createMemoryBus(), createMemoryRegistry({ now })];
  const node = await startScriptedNode(bus, registry);
  node.answer("ingest.open", () => ({ sessionId: "s", run: 1, epoch: 1 }));
  node.answer("ingest.close", () => ({}));
  const key = await writeBroadcast(registry, "launch");
  // Live under a lease, as its home has written.
  await registry.place({ roomId: "launch", peer: { identity: "ann", ticketId: "t" } });
  const openPlace = createIngestOpener({
    ...{ bus, registry, log: silentLogger, now },
    rateLimits: { address: LIMIT },
    limits: { retryDelaysMs: [1] },
  });
  const open = (given: { key?: string; isReturn?: boolean; isWanted?: () => boolean } = {}) =>
    openPlace({ key, address: "::ffff:192.0.2.7", isReturn: false, isWanted: () => true, ...given });
  return { node, registry, key, open };
}

describe("an encoder's place", () => {
  it("is claimed at the home of the broadcast that its key is of", async () => {
    const { open, node, key } = await setUp();
    expect(await open()).toEqual({ broadcastId: "launch", incarnation: node.incarnation, sessionId: "s" });
    expect(node.callsTo("ingest.open")).toEqual([
      expect.objectContaining({
        request: expect.objectContaining({
          ...{ kind: "rtmp", keyHash: await hashStreamKey(key), address: "192.0.2.7" },
          lease: expect.objectContaining({ roomId: "launch" }),
        }),
      }),
    ]);
  });

  it.each(["", "launch", "launch.short", makeStreamKey("launch"), makeStreamKey("another")])(
    "is refused with the key %j, and guessing has a limit of its own",
    async (key) => {
      const { open, node } = await setUp();
      for (const code of ["stream_key_invalid", "stream_key_invalid", "rate_limited", "rate_limited"])
        await expect(open({ key })).rejects.toMatchObject({ code });
      expect(node.callsTo("ingest.open")).toEqual([]);
    },
  );

  it("counts for its address, but not when it comes back since its room has moved", async () => {
    const { open } = await setUp();
    for (let index = 0; index < 3; index++) await open({ isReturn: true });
    await open();
    await open();
    await expect(open()).rejects.toMatchObject({ code: "rate_limited" });
    await open({ isReturn: true });
  });

  it("is refused after the broadcast's end, and given back if nobody waits for it any more", async () => {
    const { open, node, registry } = await setUp();
    const ended = await writeBroadcast(registry, "over", { state: "ended", endedAtMs: 1 });
    await expect(open({ key: ended })).rejects.toMatchObject({ code: "broadcast_ended" });
    await open({ isWanted: () => false });
    expect(node.callsTo("ingest.close")).toEqual([
      { name: "ingest.close", request: { roomId: "launch", sessionId: "s" } },
    ]);
  });

  it("is tried again at a full core; a build that knows no RTMP counts as one", async () => {
    const { open, node } = await setUp();
    node.refuseNext("ingest.open", "lease_lost");
    await open();
    node.refuseNext("ingest.open", "unknown_command");
    await expect(open()).rejects.toMatchObject({ code: "core_full" });
  });
});
