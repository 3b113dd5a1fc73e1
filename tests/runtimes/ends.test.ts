import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ProtocolClient } from "../support/protocol-client.ts";
import { openHttp } from "../support/wires/open-http.ts";
import { openWebSocket } from "../support/wires/open-websocket.ts";
import { startBun } from "./start-bun.ts";
import { startDeno } from "./start-deno.ts";
import { type RuntimeCluster, startRuntimeCluster } from "./start-runtime-cluster.ts";

let cluster: RuntimeCluster;
beforeAll(async () => {
  cluster = await startRuntimeCluster({ name: "runtimes-ends", cores: 1 });
});
afterAll(() => cluster.close());

describe.each([
  ["bun", startBun],
  ["deno", startDeno],
] as const)("the end of signaling on %s", (runtime, start) => {
  it("comes by SIGTERM in good order: clients are told, and resume on another instance", async () => {
    const settings = cluster.settings({ nats: "tcp", redis: "resp" });
    const [leaving, staying] = await Promise.all(
      [1, 2].map((number) => start(settings, `runtimes-ends/${runtime}-${number}`)),
    );
    if (!leaving || !staying) throw new Error("two were started");
    const room = cluster.newRoom();
    const clients = await Promise.all(
      [openWebSocket, openHttp].map(async (openWire) =>
        ProtocolClient.join(leaving.url, { ticket: await cluster.ticket({ room }) }, openWire),
      ),
    );
    const ended = leaving.kill("SIGTERM");
    for (const client of clients) await client.until(() => !client.isConnected, "the end");
    for (const client of clients)
      expect(client.framesOf("error").map(({ error }) => error.code)).toEqual(["shutting_down"]);
    await ended;
    expect(await leaving.ended()).toBe(0);
    for (const client of clients) {
      await client.resume({ url: staying.url });
      await client.leave();
    }
    await staying.close();
  });
});
