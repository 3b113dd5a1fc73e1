import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { fileURLToPath } from "node:url";
import { connectNatsWebSocketBus } from "@fairlead/bus/nats-websocket";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { describeBusContract } from "./bus-contract.ts";
import { describeNatsFaults } from "./bus-nats-faults.ts";
import { describeNatsPermissions } from "./bus-nats-permissions.ts";
import { describeNatsTls } from "./bus-nats-tls.ts";
import { useNats } from "./nats-adapter.ts";

const webSocket = {
  connect: connectNatsWebSocketBus,
  urlOf: ({ websocketUrl }: { websocketUrl: string }) => websocketUrl,
};

describeBusContract("nats-websocket", useNats(webSocket));
describeNatsFaults("nats-websocket", webSocket);
describeNatsPermissions("nats-websocket", webSocket);
describeNatsTls("nats-websocket", webSocket, (ca) => {
  // As NODE_EXTRA_CA_CERTS does it at a start.
  setDefaultCACertificates([...getCACertificates(), ca]);
  return {};
});

it("certificates given are refused, as a WebSocket can't use them", async () => {
  const options = { servers: ["wss://127.0.0.1:1"], tls: { ca: "a certificate" } };
  await expect(connectNatsWebSocketBus(options)).rejects.toThrow("takes no certificates");
});

it("needs nothing of Node: it is bundled for an edge without imports left", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(import.meta.resolve("@fairlead/bus/nats-websocket"))],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    conditions: ["workerd", "worker"],
  });
  expect(outputFiles).toHaveLength(1);
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
});
