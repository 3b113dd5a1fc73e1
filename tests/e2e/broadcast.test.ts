import { describe, expect, it, onTestFinished } from "vitest";
import { StudioPage, WatchPage } from "../support/broadcast-pages.ts";
import { expectMedia, expectSilence } from "../support/expect-media.ts";
import { launchFirefox } from "../support/firefox.ts";
import { pushRtmp } from "../support/push-rtmp.ts";
import { useMeetings } from "../support/use-meetings.ts";
import { findWorkerByPort } from "../support/worker-processes.ts";

/** A browser that sends notices after 3 s that nobody answers any more; the rest is for a busy machine. */
const BACK_WITHIN_MS = 30_000;
/** One more browser and two starts of an encoder than the others have: 48 s on two cores that eight others wanted. */
const TWO_BROWSERS_MS = 120_000;

describe("a broadcast from the studio", () => {
  const meetings = useMeetings();

  it("is watched from its start to its end, over a broadcaster who is gone for a while", async () => {
    const { context, server } = meetings;
    const studio = await StudioPage.open(context, `${server.url}/studio`);
    await studio.create("Launch of the new ferry", "Whoever has the link");
    await studio.status("Not started").waitFor();
    const viewer = await WatchPage.open(context, await studio.viewersLink());
    await viewer.status("The broadcast has not started").waitFor();
    await studio.screenshot("studio-created");
    await viewer.screenshot("watch-waiting");

    await studio.goLive();
    await Promise.all([studio, viewer].map((page) => page.status("Live").waitFor()));
    await expectMedia(viewer, { from: 1 });
    await viewer.page.getByText("1 viewer", { exact: true }).waitFor();
    await studio.page.getByText("1 viewer", { exact: true }).waitFor();
    await studio.page.getByText(/bit\/s/).waitFor();
    await studio.screenshot("studio-live");
    await viewer.screenshot("watch-live");
    await studio.button("Mute microphone").click();
    await expectSilence(viewer);

    const { link } = studio;
    await studio.page.close({ runBeforeUnload: true });
    await viewer.status("The broadcaster will be right back").waitFor();
    await viewer.screenshot("watch-interrupted");
    const again = await StudioPage.open(context, link);
    await again.status("Interrupted").waitFor();
    await again.screenshot("studio-interrupted");
    await again.goLive();
    await expectMedia(viewer, { from: 1 });
    await viewer.status("Live").waitFor();

    await again.end();
    await Promise.all([again, viewer].map((page) => page.alert("The broadcast has ended").waitFor()));
    await again.screenshot("studio-ended");
    await viewer.screenshot("watch-ended");
  });

  it("is heard by WHEP too where its sound comes after its picture is watched", async () => {
    const { context, server } = meetings;
    const studio = await StudioPage.open(context, `${server.url}/studio`);
    await studio.create("Sound comes later", "Everybody");
    const giveSound = await studio.holdSoundBack();
    await studio.button("Go live with the camera").click();
    const viewer = await WatchPage.open(context, `${await studio.viewersLink()}?via=whep`);
    const pictures = async () => (await viewer.media()).received.map(({ framesDecoded }) => framesDecoded);
    await expect
      .poll(pictures, { timeout: BACK_WITHIN_MS })
      .toEqual([expect.toSatisfy((frames) => frames > 0)]);
    await giveSound();
    await expectMedia(viewer, { from: 1 });
  });

  it(
    "comes in by RTMP with what the studio shows; a browser without H.264 plays it by HLS, until its end",
    async () => {
      const { context, server } = meetings;
      // It takes as long to start as all the rest.
      const starting = launchFirefox();
      onTestFinished(async () => (await starting).close());
      const studio = await StudioPage.open(context, `${server.url}/studio`);
      await studio.create("By RTMP", "Whoever has the link");
      const [rtmpUrl, streamKey] = [await studio.server(), await studio.streamKey()];
      const link = await studio.viewersLink();
      expect(rtmpUrl).toMatch(/^rtmp:\/\/localhost:\d+\/live$/);
      const encoder = pushRtmp(`${rtmpUrl}/${streamKey}`);
      onTestFinished(encoder.stop);
      const viewer = await WatchPage.open(context, link);
      await expectMedia(viewer, { from: 1 });
      await studio.encoderFact("Picture").getByText("320 × 240, H.264").waitFor();
      await studio.encoderFact("Key frame every").getByText("1 s").waitFor();
      await studio.encoderFact("B-frames").getByText("None").waitFor();
      await studio.screenshot("studio-rtmp");
      const fox = await (await starting).browser.newPage();
      await fox.goto(link);
      await fox.waitForSelector("::-p-text(s behind)");
      await studio.encoderFact("HLS").getByText("1 viewer").waitFor();
      await encoder.stop();
      await studio.page.getByText("Nothing comes in: the encoder is gone.").waitFor();
      await fox.waitForSelector("::-p-text(The broadcaster will be right back)");
      const again = pushRtmp(`${rtmpUrl}/${streamKey}`);
      onTestFinished(again.stop);
      await fox.waitForSelector("::-p-text(s behind)");
      await studio.end();
      await viewer.alert("The broadcast has ended").waitFor();
      await fox.waitForSelector("::-p-text(The broadcast has ended)");
    },
    TWO_BROWSERS_MS,
  );

  it("comes in by WHIP and is watched by SDK and WHEP, in plain page code; all three are back after its worker died", async () => {
    const { context, server } = meetings;
    const studio = await StudioPage.open(context, `${server.url}/studio`);
    await studio.create("By WHIP", "Everybody");
    await studio.sendBy("WHIP");
    await studio.goLive();
    const link = await studio.viewersLink();
    const viewers = [await WatchPage.open(context, link), await WatchPage.open(context, `${link}?via=whep`)];
    await Promise.all(viewers.map((viewer) => expectMedia(viewer, { from: 1 })));
    await studio.page.getByText("2 viewers", { exact: true }).waitFor();
    await studio.screenshot("studio-whip");
    await viewers[1]?.screenshot("watch-whep");

    const [port = 0] = (await studio.media()).remotePorts;
    process.kill(findWorkerByPort(server.pid, port), "SIGKILL");
    await Promise.all(viewers.map((viewer) => expectMedia(viewer, { from: 1, withinMs: BACK_WITHIN_MS })));
    expect(await studio.button("Stop sending").isVisible()).toBe(true);
  });
});
