import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createMemoryBus } from "@fairlead/bus/memory";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it, onTestFinished } from "vitest";
import { offerRtmp } from "./offer-rtmp.ts";

const OPTIONS = {
  ...{ bus: createMemoryBus(), registry: createMemoryRegistry(), log: silentLogger },
  // Nobody publishes: neither is started.
  ...{ workerBin: "/nowhere", ffmpeg: "/nowhere", host: "127.0.0.1" },
};

it("RTMP goes to another port where the usual one is taken, and that is told", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const { live, note } = await offerRtmp({ ...OPTIONS, port }, null);
  onTestFinished(async () => live?.close());
  expect(note).toBe(`port ${port} is taken`);
  expect(live?.port).toBeGreaterThan(0);
  expect(live?.port).not.toBe(port);
});

it("RTMP is not offered without ffmpeg; an address that is not this machine's is an error", async () => {
  const { live, note } = await offerRtmp({ ...OPTIONS, port: 0 }, "there is no ffmpeg");
  expect([live, note]).toEqual([
    null,
    "there is no ffmpeg (on Debian: apt-get install ffmpeg, then start again)",
  ]);
  await expect(offerRtmp({ ...OPTIONS, port: 0, host: "192.0.2.250" }, null)).rejects.toMatchObject({
    code: "EADDRNOTAVAIL",
  });
});
