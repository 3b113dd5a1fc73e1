import { describe, expect, it, onTestFinished } from "vitest";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { startTcpRelay } from "../support/tcp-relay.ts";
import { startUpgradeProxy } from "../support/upgrade-proxy.ts";
import { useMeetings } from "../support/use-meetings.ts";
import { findWorkerByPort } from "../support/worker-processes.ts";

/** For a busy machine. */
const SOON = { timeout: 30_000 };
const EVERYTHING = { publish: [], subscribe: true, data: true, moderate: false };

type Sent = { text: string; to: string[]; told: string | null };
type DataLog = {
  sent: Sent[];
  /** By identity, in the order of arrival: sender and text. */
  got: Record<string, string[]>;
  /** Sends so many messages over three labels, and says what became of each. Resolves when the last one is settled. */
  say(from: string, count: number): Promise<void>;
};
declare global {
  interface Window {
    dataLog: DataLog;
  }
}

/** Runs in the page. */
function keepLog(): void {
  const log: DataLog = {
    sent: [],
    got: {},
    async say(from, count) {
      const room = window.sdk.rooms().find(({ self }) => self.identity === from);
      if (!room) throw new Error(`no ${from}`);
      const settled: Promise<void>[] = [];
      for (let index = 0; index < count; index += 1) {
        const label = `label-${index % 3}`;
        const sent: Sent = { text: `${from} ${label} ${index}`, told: "pending", to: [] };
        sent.to = [...room.peers.values()].map(({ identity }) => identity);
        log.sent.push(sent);
        const tell = (told: string | null) => {
          sent.told = told;
        };
        settled.push(
          room.sendData(sent.text, { label }).then(
            () => tell(null),
            ({ code }) => tell(String(code)),
          ),
        );
        // Some follow each other at once.
        if (index % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 40));
      }
      await Promise.all(settled);
    },
  };
  window.dataLog = log;
}

describe("messages that an app sends", () => {
  const meetings = useMeetings();

  async function openPage(): Promise<SdkPage> {
    const tab = await SdkPage.open(meetings.context);
    onTestFinished(() => tab.close());
    await tab.page.evaluate(keepLog);
    return tab;
  }

  /** A peer that keeps what it gets, and greets each newcomer if it is asked to. */
  async function enter(tab: SdkPage, identity: string, at: { url?: string; greets?: boolean } = {}) {
    const { ticket } = await meetings.server.ticket(meetings.room, { identity, grants: EVERYTHING });
    const given = { url: at.url ?? meetings.server.url, ticket, identity, greets: at.greets === true };
    await tab.page.evaluate(async ({ url, ticket, identity, greets }) => {
      await window.sdk.enter(url, ticket);
      const room = window.sdk.rooms().at(-1);
      window.dataLog.got[identity] = [];
      room?.on("data.received", ({ data }) => void window.dataLog.got[identity]?.push(String(data)));
      if (greets)
        room?.on("peer.joined", ({ peer }) => {
          void room.sendData(`${identity} greets ${peer.identity}`, { label: peer.identity }).catch(() => {});
        });
    }, given);
  }

  const leave = (tab: SdkPage, identity: string) =>
    tab.page.evaluate(async (leaving) => {
      await window.sdk
        .rooms()
        .find(({ self }) => self.identity === leaving)
        ?.leave();
      delete window.dataLog.got[leaving];
    }, identity);

  /** Messages that one of those who stayed has not got, though its sender was told nothing. */
  async function missing(tab: SdkPage): Promise<string[]> {
    const { sent, got } = await tab.page.evaluate(() => ({
      sent: window.dataLog.sent,
      got: window.dataLog.got,
    }));
    return sent.flatMap(({ text, to, told }) =>
      to
        .filter((identity) => told === null && got[identity] && !got[identity].includes(text))
        .map((identity) => `${identity}: ${text}`),
    );
  }

  /** Each message once, and those of a label in order. */
  async function expectOrder(tab: SdkPage): Promise<void> {
    const got = await tab.page.evaluate(() => window.dataLog.got);
    for (const texts of Object.values(got)) {
      expect(new Set(texts).size).toBe(texts.length);
      for (const flow of Map.groupBy(texts, (text) => text.split(" ").slice(0, 2).join(" ")).values()) {
        const numbers = flow.map((text) => Number(text.split(" ")[2]));
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      }
    }
  }

  it("reach everybody who was there before the call once and in order, or their sender is told: 1,000 while peers join, leave and reconnect", async () => {
    const network = await startTcpRelay(meetings.server.port);
    const proxy = await startUpgradeProxy(meetings.server.port, "strip");
    onTestFinished(async () => {
      await network.close();
      await proxy.close();
    });
    const tab = await openPage();
    await enter(tab, "ann");
    await enter(tab, "bob", { url: network.url });
    await enter(tab, "cleo", { url: proxy.url });
    await expect.poll(async () => (await tab.facts()).map(({ others }) => others.length)).toEqual([2, 2, 2]);
    const saying = tab.page.evaluate(() =>
      Promise.all([window.dataLog.say("ann", 500), window.dataLog.say("bob", 500)]),
    );
    const states = async () => (await tab.facts()).map(({ state }) => state);
    for (let round = 0; round < 4; round += 1) {
      await enter(tab, `guest-${round}`, round % 2 === 0 ? {} : { url: proxy.url });
      network.cut();
      await expect.poll(states, SOON).toContain("reconnecting");
      network.restore();
      await expect.poll(states, SOON).not.toContain("reconnecting");
      if (round > 0) await leave(tab, `guest-${round - 1}`);
    }
    await saying;
    await expect.poll(() => missing(tab), SOON).toEqual([]);
    await expectOrder(tab);
    const told = await tab.page.evaluate(() => window.dataLog.sent.map(({ told }) => told));
    expect(told).toHaveLength(1_000);
    console.log(`told to their senders: ${told.filter((code) => code !== null).length} of ${told.length}`);
  });

  it("as a greeting when somebody joins, on a label that is new, reach the newcomer", async () => {
    const tab = await openPage();
    const names = ["ann", "bob", "cleo", "dan", "eve", "fay"];
    for (const name of names) await enter(tab, name, { greets: true });
    const greetings = names.flatMap((name, index) =>
      names.slice(index + 1).map((newcomer) => `${name} greets ${newcomer}`),
    );
    const missed = async () => {
      const got = await tab.page.evaluate(() => window.dataLog.got);
      return greetings.filter((text) => !got[text.split(" ").at(-1) ?? ""]?.includes(text));
    };
    await expect.poll(missed, SOON).toEqual([]);
  });

  it("while the room moves reach everybody, or their sender is told; afterwards all reach everybody", async () => {
    const tab = await openPage();
    for (const name of ["ann", "bob", "cleo"]) await enter(tab, name);
    await expect.poll(async () => (await tab.facts()).map(({ others }) => others.length)).toEqual([2, 2, 2]);
    const saying = tab.page.evaluate(() => window.dataLog.say("ann", 200));
    await expect
      .poll(() => tab.page.evaluate(() => window.dataLog.got.bob?.length), SOON)
      .toBeGreaterThan(20);
    const { remotePorts } = await tab.media();
    process.kill(findWorkerByPort(meetings.server.pid, remotePorts[0] ?? 0), "SIGKILL");
    await saying;
    await expect
      .poll(async () => (await tab.facts()).every(({ moves }) => moves.length > 0), SOON)
      .toBe(true);
    await tab.page.evaluate(() => window.dataLog.say("ann", 20));
    await expect.poll(() => missing(tab), SOON).toEqual([]);
    const told = await tab.page.evaluate(() => window.dataLog.sent.slice(-20).map(({ told }) => told));
    expect(told).toEqual(Array(20).fill(null));
  });
});
