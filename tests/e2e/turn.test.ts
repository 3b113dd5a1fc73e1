import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import { expectMedia } from "../support/expect-media.ts";
import type { EnterChoice } from "../support/sdk-page/script.ts";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { type StandaloneProcess, startStandalone } from "../support/start-standalone.ts";
import { type Coturn, startCoturn, TURN_SECRET } from "../support/turn/start-coturn.ts";

declare global {
  /** By how much a page's clock is ahead. */
  var aheadMs: number;
}

const EVERYTHING = { publish: ["camera", "microphone"], subscribe: true, data: true, moderate: false };

describe("a browser that may use relays only", () => {
  let coturn: Coturn;
  let chromium: Chromium;
  /** Its clients use TURN over UDP. */
  let server: StandaloneProcess;
  let room = "";
  let rooms = 0;
  beforeAll(async () => {
    // Where a machine's own address is the node's, as here, it must be allowed; deploy/coturn allows no loopback.
    coturn = await startCoturn({ nodes: ["127.0.0.1"], lines: ["allow-loopback-peers", "verbose"] });
    // Of this machine's certificates Chromium knows no authority.
    chromium = await launchChromium({ args: ["--ignore-certificate-errors"] });
    server = await startServer([coturn.urls.udp]);
  });
  beforeEach(() => {
    room = `room-${++rooms}`;
  });
  afterAll(async () => {
    await server?.stop();
    await chromium?.close();
    await coturn?.close();
  });

  const startServer = (urls: readonly string[]) =>
    startStandalone({
      FAIRLEAD_TURN_URLS: urls.join(),
      FAIRLEAD_TURN_SECRET: TURN_SECRET,
      FAIRLEAD_ANNOUNCED_ADDRESS: "127.0.0.1",
      FAIRLEAD_LOG_LEVEL: "debug",
    });

  async function startOwnServer(urls: readonly string[]): Promise<StandaloneProcess> {
    const own = await startServer(urls);
    onTestFinished(() => own.stop());
    return own;
  }

  async function open(): Promise<SdkPage> {
    const page = await SdkPage.open(chromium.context);
    onTestFinished(() => page.close());
    return page;
  }

  const ticketOf = async (identity: string, at = server, grants = EVERYTHING) =>
    (await at.ticket(room, { identity, name: identity, grants })).ticket;

  /** On a page of its own, with a camera and a microphone. */
  async function join(
    identity: string,
    iceTransportPolicy: RTCIceTransportPolicy,
    at = server,
  ): Promise<SdkPage> {
    const page = await open();
    await page.join(at.url, [await ticketOf(identity, at)], { iceTransportPolicy });
    return page;
  }

  it.each(["udp", "tcp", "tls"] as const)("has media both ways through TURN over %s", async (protocol) => {
    const at = protocol === "udp" ? server : await startOwnServer([coturn.urls[protocol]]);
    const ada = await join("ada", "relay", at);
    const ben = await join("ben", "all", at);
    await Promise.all([expectMedia(ada, { from: 1 }), expectMedia(ben, { from: 1 })]);
    // One to send and one to receive.
    expect((await ada.media()).paths).toMatchObject(
      Array(2).fill({ type: "relay", relayProtocol: protocol }),
    );
    expect([...at.output, ...coturn.log].join("\n")).not.toContain(TURN_SECRET);
  });

  it("has none without a TURN server", async () => {
    const without = await startOwnServer([]);
    const ada = await join("ada", "relay", without);
    const ben = await join("ben", "all", without);
    const cleo = await join("cleo", "all", without);
    await Promise.all([expectMedia(ben, { from: 1 }), expectMedia(cleo, { from: 1 })]);
    expect(await ada.media()).toMatchObject({ paths: [], turnUsers: [] });
  });

  it("joins while the TURN server is away: its connection is lost, and its media flows once the server is back", async () => {
    await coturn.kill();
    const ada = await join("ada", "relay");
    const ben = await join("ben", "all");
    const quality = async () => (await ada.facts())[0]?.quality;
    await expect.poll(quality, { timeout: 40_000 }).toBe("lost");
    await coturn.restart();
    await Promise.all([expectMedia(ada, { from: 1 }), expectMedia(ben, { from: 1 })]);
    await expect.poll(quality, { timeout: 20_000 }).not.toBe("lost");
  });

  it("gets fresh credentials before its first connect if those from the join may have expired", async () => {
    const ada = await open();
    const commands = recordCommands(ada);
    // coturn refuses what the join brought, as if its time were over.
    await ada.page.evaluate(() => {
      const now = Date.now;
      globalThis.aheadMs = 0;
      Date.now = () => now() + globalThis.aheadMs;
      globalThis.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(given: RTCConfiguration = {}) {
          const iceServers = given.iceServers?.map((one) => ({ ...one, credential: "expired" }));
          super({ ...given, iceServers });
        }
      };
    });
    const choice: EnterChoice = { iceTransportPolicy: "relay" };
    // Whoever may send data connects at once.
    const ticket = await ticketOf("ada", server, { ...EVERYTHING, data: false });
    await ada.enter(server.url, ticket, choice);
    // For the page half a minute passes, in which nothing is published.
    await ada.page.evaluate(() => {
      globalThis.aheadMs = 31_000;
    });
    const ben = await join("ben", "all");
    await ada.page.evaluate(async () => {
      const [room] = window.sdk.rooms();
      await Promise.all([room?.publishCamera({ simulcast: false }), room?.publishMicrophone()]);
    });
    await Promise.all([expectMedia(ada, { from: 1 }), expectMedia(ben, { from: 1 })]);
    // Of either transport, before it found out that it does not connect.
    expect([...commands.values()]).toEqual(Array(2).fill(["transport.restart_ice", "transport.connect"]));
  });

  it("gets fresh credentials when its ICE restarts, and its media goes on with these", async () => {
    const ada = await join("ada", "relay");
    const ben = await join("ben", "all");
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

/** Of each transport, in order: the commands that name it. */
function recordCommands({ page }: SdkPage): Map<string, string[]> {
  const commands = new Map<string, string[]>();
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => {
      const { name, data } = JSON.parse(String(payload));
      if (data?.transportId)
        commands.set(data.transportId, [...(commands.get(data.transportId) ?? []), name]);
    }),
  );
  return commands;
}
