import { describe, expect, it, onTestFinished } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { expectMedia } from "../support/expect-media.ts";
import { MeetingPage } from "../support/meeting-page.ts";
import { useMeetings } from "../support/use-meetings.ts";

describe("a person who denies camera and microphone", () => {
  const meetings = useMeetings({ chromium: { devices: "denied" } });

  it("is told what to do, and can join to see, hear and chat", async () => {
    const ben = await meetings.open("Ben");
    await ben.status("Permission for the camera and microphone was denied").waitFor();
    await ben.screenshot("permission-denied");
    const others = await launchChromium();
    onTestFinished(() => others.close());
    const { room, server } = meetings;
    const ada = await MeetingPage.join(others.context, { url: server.url, room, name: "Ada" });
    await ben.join();
    await expectMedia(ben, { from: 1 });
    await ada.tile("Ben").waitFor();
    await ada.mutedMark("Ben").waitFor();
    expect((await ada.media()).received).toEqual([]);
  });
});
