import { expect, it, onTestFinished } from "vitest";
import { StudioPage, WatchPage } from "../support/broadcast-pages.ts";
import { expectMedia } from "../support/expect-media.ts";
import { skipBecause } from "../support/skip-because.ts";
import { startObs, whyNoObs } from "../support/start-obs.ts";
import { useMeetings } from "../support/use-meetings.ts";

const meetings = useMeetings();

it("OBS as it is installed broadcasts by RTMP: it is seen and heard, and the studio says how to set it better", async (test) => {
  skipBecause(whyNoObs(), test);
  const { context, server } = meetings;
  const studio = await StudioPage.open(context, `${server.url}/studio`);
  await studio.create("From OBS", "Everybody");
  const obs = await startObs({ server: await studio.server(), key: await studio.streamKey() });
  onTestFinished(obs.close);
  test.onTestFailed(() => console.error(obs.said()));
  const viewer = await WatchPage.open(context, await studio.viewersLink());
  // OBS renders without a graphics card, and ffmpeg encodes its picture anew.
  await expectMedia(viewer, { from: 1, withinMs: 45_000 });
  await studio.encoderFact("Picture").getByText("640 × 360, H.264").waitFor();
  await studio.encoderFact("B-frames").getByText("Yes (encoded anew)").waitFor();
  const warnings = studio.page.getByRole("status", { name: "Warnings" });
  expect(await warnings.textContent()).toContain("“bframes=0”");
  await studio.screenshot("studio-obs");
});
