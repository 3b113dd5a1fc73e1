import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import { expectMedia } from "../support/expect-media.ts";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { type StandaloneProcess, startStandalone } from "../support/start-standalone.ts";
import { type Coturn, startCoturn, TURN_SECRET } from "../support/turn/start-coturn.ts";

const EVERYTHING = { publish: ["camera", "microphone"], subscribe: true, data: true, moderate: false };

describe("a browser that may use relays only", () => {
  let coturn: Coturn;
  let chromium: Chromium;
  beforeAll(async () => {
    // Where a machine's own address is the node's, as here, it must be allowed; deploy/coturn allows no loopback.
    coturn = await startCoturn({ nodes: ["127.0.0.1"], lines: ["allow-loopback-peers", "verbose"] });
    // Of this machine's certificates Chromium knows no authority.
    chromium = await launchChromium({ args: ["--ignore-certificate-errors"] });
  });
  afterAll(async () => {
    await chromium?.close();
    await coturn?.close();
  });

  async function startServer(urls: readonly string[]): Promise<StandaloneProcess> {
    const server = await startStandalone({
      FAIRLEAD_TURN_URLS: urls.join(),
      FAIRLEAD_TURN_SECRET: TURN_SECRET,
      FAIRLEAD_ANNOUNCED_ADDRESS: "127.0.0.1",
      FAIRLEAD_LOG_LEVEL: "debug",
    });
    onTestFinished(() => server.stop());
    return server;
  }

  async function join(
    server: StandaloneProcess,
    identity: string,
    iceTransportPolicy: RTCIceTransportPolicy,
  ) {
    const page = await SdkPage.open(chromium.context);
    onTestFinished(() => page.close());
    const { ticket } = await server.ticket("relayed", { identity, name: identity, grants: EVERYTHING });
    await page.join(server.url, [ticket], { iceTransportPolicy });
    return page;
  }

  it.each(["udp", "tcp", "tls"] as const)("has media both ways through TURN over %s", async (protocol) => {
    const server = await startServer([coturn.urls[protocol]]);
    const ada = await join(server, "ada", "relay");
    const ben = await join(server, "ben", "all");
    await Promise.all([expectMedia(ada, { from: 1 }), expectMedia(ben, { from: 1 })]);
    // One to send and one to receive.
    expect((await ada.media()).paths).toMatchObject(
      Array(2).fill({ type: "relay", relayProtocol: protocol }),
    );
    expect([...server.output, ...coturn.log].join("\n")).not.toContain(TURN_SECRET);
  });

  it("has none without a TURN server", async () => {
    const server = await startServer([]);
    const ada = await join(server, "ada", "relay");
    const ben = await join(server, "ben", "all");
    const cleo = await join(server, "cleo", "all");
    await Promise.all([expectMedia(ben, { from: 1 }), expectMedia(cleo, { from: 1 })]);
    expect(await ada.media()).toMatchObject({ paths: [], turnUsers: [] });
  });

  it("gets fresh credentials when its ICE restarts, and its media goes on with these", async () => {
    const server = await startServer([coturn.urls.udp]);
    const ada = await join(server, "ada", "relay");
    const ben = await join(server, "ben", "all");
    await Promise.all([expectMedia(ada, { from: 1 }), expectMedia(ben, { from: 1 })]);
    const before = await ada.media();
    const [first = ""] = before.turnUsers;
    expect(first).toMatch(/^\d+:[\w-]+$/);

    // Its allocations are gone with it, and so is the way of the media.
    await coturn.restart();
    // The SDK would notice it within some seconds; it restarts ICE at once when the browser is online again.
    await ada.online();
    const users = async () => (await ada.media()).turnUsers.filter((user) => user !== first).length;
    await expect.poll(users, { timeout: 20_000, message: "transports with fresh credentials" }).toBe(2);
    await Promise.all([expectMedia(ada, { from: 1 }), expectMedia(ben, { from: 1 })]);

    const { turnUsers, paths, connections } = await ada.media();
    expect(paths.map(({ type }) => type)).toEqual(["relay", "relay"]);
    expect(connections).toBe(before.connections);
    for (const user of turnUsers) {
      const [[endBefore, peerBefore], [end, peer]] = [first.split(":"), user.split(":")];
      expect(Number(end)).toBeGreaterThan(Number(endBefore));
      expect(peer).toBe(peerBefore);
      expect(coturn.log.join("\n")).toContain(`new, realm=<turn.example.org>, username=<${user}>`);
    }
  });
});
