import { describe, expect, it } from "vitest";
import { expectMedia, expectSilence } from "../support/expect-media.ts";
import { useMeetings } from "../support/use-meetings.ts";

describe("a meeting in Chromium", () => {
  const meetings = useMeetings();

  it("lets two tabs see and hear each other, and a third that joins later", async () => {
    const lobby = await meetings.open("Ada");
    await lobby.page.getByLabel("Camera preview").waitFor();
    await lobby.screenshot("lobby");
    await lobby.join();
    const [ada, ben] = [lobby, await meetings.join("Ben")];
    await Promise.all([expectMedia(ada, { from: 1 }), expectMedia(ben, { from: 1 })]);

    const cleo = await meetings.join("Cleo");
    await Promise.all([ada, ben, cleo].map((tab) => expectMedia(tab, { from: 2 })));
    for (const name of ["Ada", "Ben"]) await cleo.tile(name).waitFor();
    for (const tab of [ada, ben]) await tab.tile("Cleo").waitFor();
    await cleo.screenshot("meeting-with-three-peers");
  });

  it("carries chat both ways", async () => {
    const [ada, ben] = [await meetings.join("Ada"), await meetings.join("Ben")];
    await ada.tile("Ben").waitFor();
    await ada.openChat();
    await ben.openChat();
    await ada.say("Hello Ben");
    await ben.message("Ada", "Hello Ben").waitFor();
    await ben.say("Hello Ada");
    await ada.message("Ben", "Hello Ada").waitFor();
    await ada.message("You", "Hello Ben").waitFor();
    const count = () => ada.page.getByRole("log").getByRole("article").count();
    expect(await count()).toBe(2);

    // Sent once, however often it is submitted, and what is typed before the room's word stays.
    const field = ada.page.getByLabel("Message", { exact: true });
    await field.fill("Only once");
    await field.evaluate(async (input: HTMLInputElement) => {
      for (let time = 0; time < 2; time += 1) {
        input.form?.requestSubmit();
        await new Promise((resolve) => setTimeout(resolve));
      }
    });
    await field.fill("Typed meanwhile");
    await ben.message("Ada", "Only once").waitFor();
    await ada.message("You", "Only once").waitFor();
    expect([await count(), await field.inputValue()]).toEqual([3, "Typed meanwhile"]);

    // What can't be sent comes back.
    const tooLong = "x".repeat(2_001);
    await field.evaluate((input) => input.removeAttribute("maxlength"));
    await ada.say(tooLong);
    await ada.alert("Not sent").waitFor();
    expect([await count(), await field.inputValue()]).toEqual([3, tooLong]);
  });

  it("silences a muted microphone at the other side, says so there, and lifts it again", async () => {
    const [ada, ben] = [await meetings.join("Ada"), await meetings.join("Ben")];
    await expectMedia(ben, { from: 1 });
    expect(await ben.mutedMark("Ada").count()).toBe(0);
    await ada.button("Mute microphone").click();
    await ben.mutedMark("Ada").waitFor();
    await expectSilence(ben);
    await ada.button("Unmute microphone").click();
    await ben.mutedMark("Ada").waitFor({ state: "detached" });
    await expectMedia(ben, { from: 1 });
  });
});
