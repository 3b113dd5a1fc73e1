import { describe, it, onTestFinished } from "vitest";
import { expectMedia } from "../support/expect-media.ts";
import { FirefoxMeetingPage, launchFirefox } from "../support/firefox.ts";
import { useMeetings } from "../support/use-meetings.ts";

describe("Chromium and Firefox", () => {
  const meetings = useMeetings();

  it("see and hear each other", async () => {
    const firefox = await launchFirefox();
    onTestFinished(() => firefox.close());
    const chromium = await meetings.join("Ada");
    const { room, server } = meetings;
    const fox = await FirefoxMeetingPage.join(firefox.browser, { url: server.url, room, name: "Ben" });
    await chromium.tile("Ben").waitFor();
    await fox.waitForTile("Ada");
    await Promise.all([expectMedia(chromium, { from: 1 }), expectMedia(fox, { from: 1 })]);
  });
});
