import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { startStandalone } from "../support/start-standalone.ts";

const ALLOWED = 100;

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
