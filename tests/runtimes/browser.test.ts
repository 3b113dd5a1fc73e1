import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import { expectMedia } from "../support/expect-media.ts";
import { SdkPage } from "../support/sdk-page/sdk-page.ts";
import { bunRuntime } from "./start-bun.ts";
import { type RuntimeCluster, startRuntimeCluster } from "./start-runtime-cluster.ts";
import { workerdRuntime } from "./start-workerd.ts";

/** Guards against a hang, on a busy machine. */
const PATIENCE_MS = 45_000;

let cluster: RuntimeCluster;
let chromium: Chromium;
beforeAll(async () => {
  [cluster, chromium] = await Promise.all([
    startRuntimeCluster({ name: "runtimes-browser" }),
    launchChromium(),
  ]);
});
afterAll(async () => {
  await chromium?.close();
  await cluster?.close();
});

describe.each([workerdRuntime, bunRuntime])("two pages of Chromium that meet through $name", (runtime) => {
  it("see and hear each other, over WebSockets", async () => {
    const { url } = await cluster.start(runtime, runtime.name);
    const room = cluster.newRoom();
    const pages = [await SdkPage.open(chromium.context), await SdkPage.open(chromium.context)];
    for (const [index, page] of pages.entries())
      await page.join(url, [await cluster.ticket({ room, identity: `peer-${index}` })]);
    await Promise.all(pages.map((page) => expectMedia(page, { from: 1, withinMs: PATIENCE_MS })));
    expect(await Promise.all(pages.map((page) => page.sockets()))).toEqual([1, 1]);
    const facts = (await Promise.all(pages.map((page) => page.facts()))).flat();
    expect(facts).toMatchObject([
      { state: "connected", ended: null, others: ["peer-1"] },
      { state: "connected", ended: null, others: ["peer-0"] },
    ]);
    await Promise.all(pages.map((page) => page.leave()));
    await Promise.all(pages.map((page) => page.close()));
  });
});
