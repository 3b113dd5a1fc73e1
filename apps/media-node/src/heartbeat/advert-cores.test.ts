import { expect, it } from "vitest";
import type { Room } from "../room/room.ts";
import type { Core } from "../worker/core.ts";
import { advertCores } from "./compose-heartbeat.ts";

const roomOn = (core: number, consumers: number) => ({
  room: { lease: { core } } as Room,
  byCore: new Map([[core, { peers: 1, consumers }]]),
});

it("how much of a core's load is that of rooms that linger follows from their share of its consumers", () => {
  const cores = [0, 1].map((index) => ({ index, load: 0.8, isUsable: true }) as Core);
  const [first, second] = advertCores(cores, [roomOn(0, 30), roomOn(1, 4)], { lingering: [roomOn(0, 10)] });
  expect(first).toMatchObject({ cpuLoad: 0.8, lingeringLoad: 0.2, rooms: 1, consumers: 30 });
  expect(second).toMatchObject({ cpuLoad: 0.8, rooms: 1, consumers: 4 });
  expect(second).not.toHaveProperty("lingeringLoad");
});

it("rooms that linger without media take nothing", () => {
  const core = { index: 0, load: 0.3, isUsable: true } as Core;
  expect(advertCores([core], [], { lingering: [roomOn(0, 0)] })[0]).not.toHaveProperty("lingeringLoad");
});
