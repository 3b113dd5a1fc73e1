import type { CDPSession, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { MeetingPage } from "../support/meeting-page.ts";
import { useMeetings } from "../support/use-meetings.ts";

const BUTTON = "Click to hear the others";

describe("where the browser allows no sound before a click", () => {
  const meetings = useMeetings({ chromium: { autoplay: false } });

  it("the page asks for one, and then the others are heard", async () => {
    await meetings.join("Ada");
    const page = await meetings.context.newPage();
    const quiet = await meetings.context.newCDPSession(page);
    await joinWithoutGesture(page, `${meetings.server.url}/?room=${meetings.room}`);
    await expect.poll(() => textOf(quiet, "document.body.innerText"), { timeout: 20_000 }).toContain(BUTTON);
    expect(await playing(quiet)).toEqual({ elements: 1, running: 0 });

    const ben = new MeetingPage(page, "Ben");
    await ben.button(BUTTON).click();
    await expect.poll(() => playing(quiet)).toEqual({ elements: 1, running: 1 });
    await ben.button(BUTTON).waitFor({ state: "detached" });
    await expect.poll(() => heardSeconds(quiet), { timeout: 10_000 }).toBeGreaterThan(1);
  });
});

/** Enters the meeting as a page does that joins by itself: the form is submitted by a script, not by a person. */
async function joinWithoutGesture(page: Page, address: string): Promise<void> {
  await page.addInitScript(() => {
    const preferences = { name: "Ben", isCameraOn: false, isMicrophoneOn: false };
    localStorage.setItem("fairlead.preferences", JSON.stringify(preferences));
    const observer = new MutationObserver(() => {
      const form = document.querySelector("form");
      if (!form) return;
      observer.disconnect();
      form.requestSubmit();
    });
    observer.observe(document, { childList: true, subtree: true });
  });
  await page.goto(address);
}

/** Looks at the page without a trace: what Playwright itself evaluates counts as a gesture. */
async function evaluate<T>(session: CDPSession, expression: string): Promise<T> {
  const { result } = await session.send("Runtime.evaluate", { expression, returnByValue: true });
  return result.value;
}

function textOf(session: CDPSession, expression: string): Promise<string> {
  return evaluate(session, expression);
}

function playing(session: CDPSession): Promise<{ elements: number; running: number }> {
  return evaluate(
    session,
    `(() => {
      const elements = [...document.querySelectorAll("audio")];
      return { elements: elements.length, running: elements.filter((audio) => !audio.paused).length };
    })()`,
  );
}

/** How far the sound has come, s. */
function heardSeconds(session: CDPSession): Promise<number> {
  return evaluate(session, `document.querySelector("audio").currentTime`);
}
