import { describe, it } from "vitest";
import { expectMedia } from "../support/expect-media.ts";
import { useMeetings } from "../support/use-meetings.ts";

const GRACE_MS = 20_000;
/** A leave takes milliseconds, and a browser's word that the page has gone two seconds; nothing that waits for the grace time passes. */
const AT_ONCE = { state: "detached", timeout: GRACE_MS / 2 } as const;

describe("a peer that goes", () => {
  const meetings = useMeetings({ env: { FAIRLEAD_GRACE_MS: String(GRACE_MS) } });

  it("is gone at once when it leaves, and may come back", async () => {
    const [ada, ben] = [await meetings.join("Ada"), await meetings.join("Ben")];
    await ben.tile("Ada").waitFor();
    await ada.button("Leave").click();
    await ben.tile("Ada").waitFor(AT_ONCE);
    await ada.status("You left the meeting.").waitFor();
    await ada.join();
    await expectMedia(ben, { from: 1 });
  });

  it("is gone at once when its tab goes to another page", async () => {
    const [ada, ben] = [await meetings.join("Ada"), await meetings.join("Ben")];
    await ben.tile("Ada").waitFor();
    await ada.goToAnotherPage();
    await ben.tile("Ada").waitFor(AT_ONCE);
  });

  it("is gone at once when its tab is closed", async () => {
    const [ada, ben] = [await meetings.join("Ada"), await meetings.join("Ben")];
    await ben.tile("Ada").waitFor();
    await ada.closeTab();
    await ben.tile("Ada").waitFor(AT_ONCE);
  });

  it("is gone at once when its tab crashes", async () => {
    const [ada, ben] = [await meetings.join("Ada"), await meetings.join("Ben")];
    await ben.tile("Ada").waitFor();
    // A page that crashed never answers the navigation.
    void ada.page.goto("chrome://crash").catch(() => {});
    await ben.tile("Ada").waitFor(AT_ONCE);
  });

  it("is gone at once when its tab is too busy to say so", async () => {
    const [ada, ben] = [await meetings.join("Ada"), await meetings.join("Ben")];
    await ben.tile("Ada").waitFor();
    await ada.keepBusy(5_000);
    await ada.closeTab();
    await ben.tile("Ada").waitFor(AT_ONCE);
  });
});
