import { describe, expect, it, onTestFinished } from "vitest";
import { expectMedia } from "../support/expect-media.ts";
import { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { startUpgradeProxy, type UpgradeMode } from "../support/upgrade-proxy.ts";
import { useMeetings } from "../support/use-meetings.ts";

const GRACE_MS = 15_000;
/** A leave takes milliseconds; nothing that waits for the grace time passes for one. */
const AT_ONCE = { state: "detached", timeout: GRACE_MS / 2 } as const;
/** For a busy machine: a try takes some round trips. */
const UPGRADE_MS = 20_000;

const meetings = useMeetings({ env: { FAIRLEAD_GRACE_MS: String(GRACE_MS) } });

async function startProxy(mode: UpgradeMode) {
  const proxy = await startUpgradeProxy(meetings.server.port, mode);
  onTestFinished(() => proxy.close());
  return proxy;
}

describe("a network that lets no WebSocket through", () => {
  it.each(["strip", "hang"] as const)(
    "(upgrades: %s) is no hindrance: two tabs meet over HTTP",
    async (mode) => {
      const proxy = await startProxy(mode);
      const ada = await meetings.join("Ada", proxy.url);
      const ben = await meetings.join("Ben", proxy.url);
      await Promise.all([expectMedia(ada, { from: 1 }), expectMedia(ben, { from: 1 })]);
      const session = /^GET \/v1\/sessions\/[\w-]+\/events\?/;
      expect(proxy.requests.filter((line) => line === "POST /v1/sessions")).toHaveLength(2);
      expect(proxy.requests.filter((line) => session.test(line))).toHaveLength(2);
      await ada.button("Mute microphone").click();
      await ben.mutedMark("Ada").waitFor();
    },
  );

  it("is remembered: the next page asks for no WebSocket before it is in the room", async () => {
    const proxy = await startProxy("strip");
    await meetings.join("Ada", proxy.url);
    const { upgrades } = proxy;
    expect(upgrades).toBe(1);
    const ben = await meetings.join("Ben", proxy.url);
    await ben.tile("Ada").waitFor();
    expect(proxy.upgrades).toBe(upgrades);
  });

  it.each([
    ["leaves", "button"],
    ["closes its tab", "close"],
    ["goes to another page", "goto"],
  ] as const)("a peer that %s is gone at once", async (_, how) => {
    const proxy = await startProxy("strip");
    const ada = await meetings.join("Ada", proxy.url);
    const ben = await meetings.join("Ben");
    await ben.tile("Ada").waitFor();
    await ada.untilIdle();
    if (how === "button") await ada.button("Leave").click();
    else if (how === "close") await ada.closeTab();
    else await ada.goToAnotherPage();
    await ben.tile("Ada").waitFor(AT_ONCE);
  });
});

describe("a network that lets WebSockets through again", () => {
  it("gets the session moved to one, and no event is lost or seen twice", async () => {
    const proxy = await startProxy("strip");
    const { room, server } = meetings;
    const ticketOf = async (identity: string) => (await server.ticket(room, { identity })).ticket;
    const tab = await SdkPage.open(meetings.context);
    await tab.join(proxy.url, [await ticketOf("ada"), await ticketOf("ben")]);
    const cleo = await ProtocolClient.join(server.url, { ticket: await ticketOf("cleo") });
    const { producerId } = await cleo.command("producer.create", {
      kind: "audio",
      source: "microphone",
      rtpParameters: rtpParameters("opus"),
    } as never);
    await expectMedia(tab, { from: 2 });
    const transports = async () => (await tab.facts()).map(({ transport }) => transport);
    expect(await transports()).toEqual(["http", "http"]);

    let toggles = 0;
    const toggle = async () => {
      const name = toggles % 2 === 0 ? "producer.pause" : "producer.resume";
      await cleo.command(name, { producerId });
      toggles += 1;
    };
    proxy.become("pass");
    for (let before = 0; before < 5; before += 1) await toggle();
    // A try for a WebSocket is due within 30 s, and at once when the browser is online again.
    await tab.online();
    const isMoved = async () => (await transports()).every((transport) => transport === "websocket");
    const until = performance.now() + UPGRADE_MS;
    while (!(await isMoved()) && performance.now() < until) await toggle();
    expect(await transports()).toEqual(["websocket", "websocket"]);
    for (let more = 0; more < 20; more += 1) await toggle();

    const expected = Array.from({ length: toggles }, (__, index) => index % 2 === 0);
    const facts = async () =>
      (await tab.facts()).map(({ mutes, state, moves, ended }) => ({ mutes, state, moves, ended }));
    const whole = { mutes: expected, state: "connected", moves: [], ended: null };
    await expect.poll(facts, { timeout: 10_000 }).toEqual([whole, whole]);
    await expectMedia(tab, { from: 2 });
    await cleo.leave();
  });
});
