import { createMemoryBus } from "@fairlead/bus/memory";
import { FairleadError, type FairleadErrorOptions } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { silentLogger } from "@fairlead/telemetry";
import { generateKeySet } from "@fairlead/tickets";
import type { UpgradeWebSocket } from "hono/ws";
import { describe, expect, it } from "vitest";
import { createProcess } from "../signaling-process.ts";
import { ClientConnection } from "./client-connection.ts";
import { LiveLinks } from "./live-links.ts";

const noUpgrade = (() => () => Promise.resolve()) as unknown as UpgradeWebSocket;
const TICKET = "header.payload.signature";
const RESUME = { type: "resume", protocolVersion: 1, sessionTicket: TICKET, position: "1:0" };

/** A client whose resume is refused so, on a process whose clock the test sets. */
async function refused(code: "too_many_frames" | "rate_limited", options: FairleadErrorOptions) {
  const clock = { nowMs: 0 };
  const shared = createProcess({
    bus: createMemoryBus(),
    registry: createMemoryRegistry({ now: () => clock.nowMs }),
    ticketKeys: await generateKeySet(),
    sessionKeys: await generateKeySet(),
    upgradeWebSocket: noUpgrade,
    log: silentLogger,
    apiKeys: [],
    clientAddress: () => undefined,
    now: () => clock.nowMs,
  });
  shared.refusedTickets.note(TICKET, new FairleadError(code, options));
  const told: unknown[] = [];
  const channel = {
    isOneWay: false,
    send: (frame: unknown) => void told.push(frame),
    close: (closeCode: number) => void told.push(closeCode),
    bufferedBytes: () => 0,
  };
  const { bus, log } = shared;
  const caller = { shared, bus, log, address: undefined, onRates: () => {} };
  const connection = new ClientConnection(caller, new LiveLinks(shared), channel, {
    onExcused: () => {},
    onClosed: () => {},
  });
  connection.receive(JSON.stringify(RESUME));
  await new Promise((resolve) => setImmediate(resolve));
  return { clock, connection, told };
}

const refusal = (code: string, retryAfterMs: number) => ({
  type: "error",
  error: expect.objectContaining({ code, retryAfterMs }),
});

describe("a client that comes too often", () => {
  it("is told so a second later, and to wait for what is left", async () => {
    const { clock, connection, told } = await refused("rate_limited", { retryAfterMs: 1_000 });
    connection.tick();
    expect(told).toEqual([]);
    clock.nowMs = 900;
    connection.tick();
    expect(told).toEqual([refusal("rate_limited", 100), 4418]);
  });

  it("waits also near the end of its time, and may come again when it is told", async () => {
    const { clock, connection, told } = await refused("too_many_frames", { retryAfterMs: 300 });
    expect(told).toEqual([]);
    clock.nowMs = 400;
    connection.tick();
    expect(told).toEqual([refusal("too_many_frames", 0), 4429]);
  });

  it("that closes its socket meanwhile is told nothing", async () => {
    const { connection, told } = await refused("rate_limited", { retryAfterMs: 1_000 });
    connection.disconnected();
    for (let ticks = 0; ticks < 3; ticks += 1) connection.tick();
    expect(told).toEqual([]);
  });

  it("is sent away at once when its process shuts down", async () => {
    const { connection, told } = await refused("rate_limited", { retryAfterMs: 1_000 });
    connection.refuse("shutting_down");
    expect(told).toEqual([expect.objectContaining({ type: "error" }), 4504]);
  });
});

it.each(["address", "room"])("a client whose %s has had too many is told at once", async (rate) => {
  const { told } = await refused("rate_limited", { retryAfterMs: 1_000, detail: { rate } });
  expect(told).toEqual([refusal("rate_limited", 1_000), 4418]);
});
