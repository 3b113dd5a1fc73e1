import { expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { ProtocolClient } from "../support/protocol-client.ts";
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
