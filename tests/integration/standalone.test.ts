import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { ProtocolClient } from "../support/protocol-client.ts";
import { pushRtmp } from "../support/push-rtmp.ts";
import { startStandalone } from "../support/start-standalone.ts";

const ALLOWED = 100;

it("npm start names variables that it does not know, and keeps to the budgets that it is given", async () => {
  const env = { FAIRLEAD_CORES: "1", FAIRLEAD_BUDGETS: "joins=1/60", FAIRLEAD_BUGDETS: "joins=2/60" };
  const server = await startStandalone(env);
  onTestFinished(server.stop);
  const isNamed = (line: string) =>
    line.includes("settings.unknown_variable") && line.includes("FAIRLEAD_BUGDETS");
  expect(server.output.filter(isNamed)).toHaveLength(1);
  const { ticket } = await server.ticket("room", { identity: "ann" });
  await ProtocolClient.join(server.url, { ticket });
  await expect(ProtocolClient.join(server.url, { ticket })).rejects.toMatchObject({ code: "rate_limited" });
});

it("npm start prints a URL that answers, also where it listens on one address alone", async () => {
  const server = await startStandalone({ FAIRLEAD_CORES: "1", FAIRLEAD_HOST: "127.0.0.2" });
  onTestFinished(server.stop);
  expect(new URL(server.url).hostname).toBe("127.0.0.2");
  expect((await fetch(server.url)).status).toBe(200);
});

it("the server of npm start knows its clients' addresses: one with a hundred sockets without a join gets no other", async () => {
  const server = await startStandalone({ FAIRLEAD_CORES: "1" });
  onTestFinished(async () => {
    await server.stop();
  });
  const sockets = Array.from({ length: ALLOWED + 1 }, () => new WebSocket(`${server.url}/v1/connect`));
  const refused = await Promise.race(
    sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve))),
  );
  expect(refused).toBe(4418);
  for (const socket of sockets) socket.terminate();
});

it("npm start takes RTMP in: a broadcast's URL and stream key are what an encoder needs", async () => {
  const server = await startStandalone({ FAIRLEAD_CORES: "1" });
  onTestFinished(server.stop);
  expect(server.output.join("\n")).toMatch(/^Broadcasts: .*\/studio; .* at rtmp:\/\/localhost:\d+\/live$/m);
  const { broadcastId, streamKey, urls } = await server.api("POST", "/v1/broadcasts", {});
  const stranger = pushRtmp(`${urls.rtmp}/${streamKey.slice(0, -1)}`);
  await stranger.ended;
  expect(stranger.said()).toContain("This stream key is not valid");
  const encoder = pushRtmp(`${urls.rtmp}/${streamKey}`);
  onTestFinished(encoder.stop);
  const read = () => server.api("GET", `/v1/broadcasts/${broadcastId}`);
  await expect
    .poll(read)
    .toMatchObject({ state: "live", publisher: { kind: "rtmp", ingest: { isTranscoded: false } } });
  await server.api("POST", `/v1/broadcasts/${broadcastId}/end`);
  await encoder.ended;
  expect(encoder.said()).toContain("The broadcast has ended.");
  expect(server.output.join("\n")).not.toContain(streamKey);
});

it("npm start says what is missing for RTMP, and goes on without it", async () => {
  const server = await startStandalone({ FAIRLEAD_CORES: "1", FAIRLEAD_FFMPEG: "/nowhere/ffmpeg" });
  onTestFinished(server.stop);
  expect(server.output.join("\n")).toContain(
    "/studio; not by RTMP, as there is no ffmpeg that runs as /nowhere/ffmpeg (on Debian: apt-get install ffmpeg",
  );
  expect((await server.api("POST", "/v1/broadcasts", {})).urls).not.toHaveProperty("rtmp");
});
