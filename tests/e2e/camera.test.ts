import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { expectMedia } from "../support/expect-media.ts";
import { FirefoxMeetingPage, launchFirefox } from "../support/firefox.ts";
import type { MeetingPage } from "../support/meeting-page.ts";
import { useMeetings } from "../support/use-meetings.ts";

declare global {
  /** Every track that the page's browser has handed out. */
  var handedOut: MediaStreamTrack[];
}

const meetings = useMeetings({
  chromium: { args: ["--use-fake-device-for-media-stream=device-count=2,fps=15"] },
});

beforeAll(() =>
  meetings.context.addInitScript(() => {
    globalThis.handedOut = [];
    const devices = navigator.mediaDevices;
    const getUserMedia = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (constraints) => {
      const stream = await getUserMedia(constraints);
      globalThis.handedOut.push(...stream.getTracks());
      return stream;
    };
  }),
);

/** A tab in the lobby, with its preview. */
async function openWithPreview(name: string): Promise<MeetingPage> {
  const tab = await meetings.open(name);
  await tab.page.getByLabel("Camera preview").waitFor();
  return tab;
}

/** Kinds of the tracks that are live. */
const live = ({ page }: MeetingPage) =>
  page.evaluate(() =>
    globalThis.handedOut.filter(({ readyState }) => readyState === "live").map(({ kind }) => kind),
  );

describe("a camera on the meeting page", () => {
  it("is closed by “Stop camera”, stays closed while another one is chosen, and is opened by “Start camera”", async () => {
    const ada = await openWithPreview("Ada");
    await ada.join();
    const ben = await meetings.join("Ben");
    await ben.tile("Ada").locator("video").waitFor();
    expect((await live(ada)).sort()).toEqual(["audio", "video"]);

    await ada.button("Stop camera").click();
    await ada.button("Start camera").waitFor();
    await ben.tile("Ada").locator("video").waitFor({ state: "detached" });
    expect(await live(ada)).toEqual(["audio"]);
    await ada.screenshot("camera-stopped");
    await ben.screenshot("camera-stopped-seen-by-another");

    await ada.button("Devices").click();
    const cameras = await ada.page.getByLabel("Camera", { exact: true }).locator("option").allTextContents();
    await ada.page.getByLabel("Camera", { exact: true }).selectOption({ label: cameras.at(-1) ?? "" });
    expect(await live(ada)).toEqual(["audio"]);
    await ada.button("Start camera").click();
    await ben.tile("Ada").locator("video").waitFor();
    expect((await live(ada)).sort()).toEqual(["audio", "video"]);

    // Leaving does not wait for the other camera. Back in the lobby, its preview is all that is open.
    await ada.page.getByLabel("Camera", { exact: true }).selectOption({ label: cameras.at(0) ?? "" });
    await ada.button("Leave").click();
    await ada.page.getByLabel("Camera preview").waitFor();
    await expect.poll(async () => (await live(ada)).sort()).toEqual(["audio", "video"]);
  });

  it("that can't be opened again stays off, and the page says why", async () => {
    const ada = await openWithPreview("Ada");
    await ada.join();
    await ada.button("Stop camera").click();
    await ada.page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException("in use", "NotReadableError"));
    });
    await ada.button("Start camera").click();
    await ada.status("The camera is in use or can't be started").waitFor();
    await ada.screenshot("camera-in-use");
    await ada.button("Start camera").waitFor();
    expect(await live(ada)).toEqual(["audio"]);
  });

  it("and the microphone are closed when the ticket lets their owner only watch", async () => {
    const ada = await openWithPreview("Ada");
    const grants = { publish: [], subscribe: true, data: false, moderate: false };
    const answer = await meetings.server.ticket(meetings.room, { identity: "ada", name: "Ada", grants });
    await ada.page.route("**/demo/tickets", (route) => route.fulfill({ json: answer }));
    expect(await live(ada)).toHaveLength(2);
    await ada.join();
    await expect.poll(() => live(ada)).toEqual([]);
  });

  it("of Firefox is closed and opened again", async () => {
    const firefox = await launchFirefox();
    onTestFinished(() => firefox.close());
    const ada = await meetings.join("Ada");
    const { room, server } = meetings;
    const fox = await FirefoxMeetingPage.join(firefox.browser, { url: server.url, room, name: "Ben" });
    await expectMedia(ada, { from: 1 });
    await fox.click("Stop camera");
    await ada.tile("Ben").locator("video").waitFor({ state: "detached" });
    await fox.click("Start camera");
    await ada.tile("Ben").locator("video").waitFor();
    await expectMedia(ada, { from: 1 });
  });
});
