import { describe, expect, it } from "vitest";
import { expectMedia } from "../support/expect-media.ts";
import { useMeetings } from "../support/use-meetings.ts";

const GRACE_MS = 6_000;
/** A leave takes milliseconds; nothing that waits for the grace time passes for one. */
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

  it("is gone after the grace time when its tab crashes", async () => {
    const [ada, ben] = [await meetings.join("Ada"), await meetings.join("Ben")];
    await ben.tile("Ada").waitFor();
    const crashed = ada.page.waitForEvent("crash");
    // A page that crashed never answers the navigation.
    void ada.page.goto("chrome://crash").catch(() => {});
    await crashed;
    const crashedAtMs = performance.now();
    await ben.tile("Ada").waitFor({ state: "detached", timeout: 3 * GRACE_MS });
    // The socket's end reaches the node a moment before or after the test hears of the crash.
    expect(performance.now() - crashedAtMs).toBeGreaterThan(GRACE_MS - 1_000);
  });
});
