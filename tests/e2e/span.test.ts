import { EVERY_SOURCE } from "@fairlead/protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import {
  alternateSeats,
  type MemoryCluster,
  startMemoryCluster,
} from "../support/clusters/start-memory-cluster.ts";
import { expectMedia, expectSilence } from "../support/expect-media.ts";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { findWorkerByPort } from "../support/worker-processes.ts";

type Heard = { data: string[]; dominant: string | null; levels: (string | null)[] };
declare global {
  interface Window {
    /** What the tab's peer has heard of. */
    heard: Heard;
    /** @param gain Of full scale. */
    speakAt(gain: number): void;
  }
}

let cluster: MemoryCluster;
let chromium: Chromium;
beforeAll(async () => {
  cluster = await startMemoryCluster({ cores: 2, seats: { chooseCore: alternateSeats() } });
  chromium = await launchChromium({ camera: "any" });
});
afterAll(async () => {
  await chromium?.close();
  expect(cluster.bugs).toEqual([]);
  await cluster?.close();
});

/** Of full scale, as heard. */
const LOUD = 0.5;
const LOW = 0.02;

/** A tab each, on one core and the other in turn, all with a voice and a camera, of which the first one's is large. */
async function meet(room: string, names: string[]): Promise<SdkPage[]> {
  const tabs: SdkPage[] = [];
  for (const name of names) {
    const tab = await SdkPage.open(chromium.context);
    const grants = { publish: [...EVERY_SOURCE], moderate: true };
    await tab.enter(cluster.url, await cluster.ticket(room, name, { grants }));
    await tab.page.evaluate(
      async ([identity, isFirst]) => {
        const [own] = window.sdk.rooms();
        const video = { width: isFirst ? 1_280 : 160, height: isFirst ? 720 : 120, frameRate: 10 };
        const [camera] = (await navigator.mediaDevices.getUserMedia({ video })).getVideoTracks();
        if (camera) await own?.publishTrack(camera, "camera");
        // Chromium's fake microphone beeps too shortly for a level to be told: this one hums, as loud as the test wants.
        const audio = new AudioContext();
        const [hum, volume] = [audio.createOscillator(), audio.createGain()];
        const out = audio.createMediaStreamDestination();
        hum.connect(volume).connect(out);
        hum.start();
        const [microphone] = out.stream.getAudioTracks();
        if (microphone) await own?.publishTrack(microphone, "microphone");
        window.speakAt = (gain) => {
          volume.gain.value = gain;
        };
        window.heard = { data: [], dominant: null, levels: [] };
        own?.on("data.received", ({ data, peer }) => window.heard.data.push(`${peer.identity}: ${data}`));
        own?.on("speakers.changed", ({ dominantPeerId, levels }) => {
          const nameOf = (id: string | null) =>
            id === own.peerId ? identity : (own.peers.get(id ?? "")?.identity ?? null);
          window.heard.dominant = nameOf(dominantPeerId);
          window.heard.levels = levels.map(({ peerId }) => nameOf(peerId));
        });
      },
      [name, tabs.length === 0] as const,
    );
    tabs.push(tab);
  }
  return tabs;
}

function flowAll(tabs: readonly SdkPage[]): Promise<unknown> {
  return Promise.all(tabs.map((tab) => expectMedia(tab, { from: tabs.length - 1 })));
}

/** The worker that carries a tab's media. */
async function workerOf(tab: SdkPage): Promise<number> {
  const port = async () => (await tab.media()).remotePorts[0];
  await expect.poll(port, { timeout: 10_000, message: "a candidate pair in use" }).toBeDefined();
  return findWorkerByPort(process.pid, (await port()) ?? 0);
}

/** The pictures' width that a tab gets of Ada's camera, once it has chosen that layer. */
async function widthOfLayer(tab: SdkPage, layer: number): Promise<number> {
  return tab.page.evaluate(async (spatialLayer) => {
    const [own] = window.sdk.rooms();
    const ada = [...(own?.peers.values() ?? [])].find(({ identity }) => identity === "ada");
    const camera = ada?.tracks.get("camera");
    await camera?.setPreferredLayers(spatialLayer);
    const stats = [...((await own?.getStats())?.receive.values() ?? [])];
    const id = camera?.mediaStreamTrack.id;
    return stats.find((one) => one.type === "inbound-rtp" && one.trackIdentifier === id)?.frameWidth ?? 0;
  }, layer);
}

it("three tabs on two cores see and hear each other, send data, share a screen, choose layers, hear who speaks and mute", async () => {
  const tabs = await meet("three", ["ada", "ben", "cleo"]);
  const [ada, ben, cleo] = tabs as [SdkPage, SdkPage, SdkPage];
  await flowAll(tabs);
  const workers = await Promise.all(tabs.map(workerOf));
  expect(workers[0]).toBe(workers[2]);
  expect(workers[1]).not.toBe(workers[0]);

  const heardBy = (tab: SdkPage) => tab.page.evaluate(() => window.heard);
  for (const [from, text] of [
    [ada, "hello"],
    [ben, "hi"],
  ] as const)
    await from.page.evaluate((said) => window.sdk.rooms()[0]?.sendData(said), text);
  await expect.poll(async () => (await heardBy(cleo)).data.sort()).toEqual(["ada: hello", "ben: hi"]);
  await expect.poll(async () => (await heardBy(ben)).data).toEqual(["ada: hello"]);

  // On one core, and then on the other: everybody hears of it, and of the others' levels.
  const speakers = { ada, ben, cleo };
  for (const speaker of ["ada", "ben", "cleo"] as const) {
    for (const [name, tab] of Object.entries(speakers))
      await tab.page.evaluate((gain) => window.speakAt(gain), name === speaker ? LOUD : LOW);
    for (const tab of tabs) {
      await expect.poll(async () => (await heardBy(tab)).dominant).toBe(speaker);
      await expect.poll(async () => (await heardBy(tab)).levels.sort()).toEqual(["ada", "ben", "cleo"]);
    }
  }

  // Of Ada's camera, which comes to Ben through a pipe and to Cleo without one.
  for (const tab of [ben, cleo]) {
    const width = (layer: number) =>
      expect.poll(() => widthOfLayer(tab, layer), { timeout: 20_000, interval: 500 });
    await width(2).toBeGreaterThanOrEqual(640);
    await width(0).toBe(320);
  }

  await ada.page.evaluate(() => window.sdk.rooms()[0]?.publishScreen());
  const tracksOf = async (tab: SdkPage) => (await tab.facts())[0]?.tracks;
  for (const tab of [ben, cleo]) await expect.poll(() => tracksOf(tab)).toBe(6);
  await ada.page.evaluate(() => window.sdk.rooms()[0]?.unpublish("screen"));
  for (const tab of [ben, cleo]) await expect.poll(() => tracksOf(tab)).toBe(4);
  for (const tab of tabs) await tab.close();
});

it("a core that dies costs only the tab that sat there; a microphone that is muted is silent on the other core", async () => {
  const tabs = await meet("two", ["ada", "ben"]);
  const [ada, ben] = tabs as [SdkPage, SdkPage];
  await flowAll(tabs);
  const { connections } = await ada.media();
  process.kill(await workerOf(ben), "SIGKILL");
  const before = (await ben.media()).connections;
  await expect.poll(async () => (await ben.media()).connections, { timeout: 20_000 }).toBeGreaterThan(before);
  await expectMedia(ben, { from: 1, sinceConnection: before });
  await expectMedia(ada, { from: 1 });
  expect((await ada.media()).connections, "peer connections that Ada has made").toBe(connections);
  expect((await ada.facts())[0]?.heard).not.toContain("peer.left");
  await ada.page.evaluate(() => window.sdk.rooms()[0]?.local.get("microphone")?.mute());
  await expectSilence(ben);
  for (const tab of tabs) await tab.close();
});
