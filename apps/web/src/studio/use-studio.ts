import { type ErrorCode, FairleadError, joinRoom, type Room } from "@fairlead/client";
import { useEffect, useState } from "react";
import type { Refused } from "../demo/ask-demo.ts";
import { openStudio, type Studio, type StudioRight } from "../demo/broadcasts.ts";
import { refusalText } from "../demo/refusal-text.ts";

export type StudioState =
  | { state: "opening" }
  /** `room`: this page as a peer that publishes nothing: it sees what comes in, whoever sends it, and hears the state and the count. */
  | { state: "open"; studio: Studio; room: Room }
  | { state: "closed"; title: string; advice: string; isGone: boolean };

const ENDED = {
  state: "closed",
  title: "The broadcast has ended",
  advice: "All its viewers have been told.",
  isGone: true,
} as const;

/** Opens the studio of a broadcast, anew after each call of `again`. */
export function useStudio(right: StudioRight): { studio: StudioState; again: () => void } {
  const [studio, setStudio] = useState<StudioState>({ state: "opening" });
  const [tries, setTries] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `tries` is there to begin anew
  useEffect(() => {
    const page = new AbortController();
    const { signal } = page;
    const show = (next: StudioState) => !signal.aborted && setStudio(next);
    const open = async (): Promise<Room | undefined> => {
      show({ state: "opening" });
      const answer = await openStudio(right, signal);
      if (answer.state !== "granted") {
        show(closedByRefusal(answer));
        return undefined;
      }
      const { ticket, url } = answer.value;
      try {
        const room = await joinRoom({ ticket, url, signal });
        room.on("room.ended", ({ code, message }) => show(closedByEnd(code, message)));
        show({ state: "open", studio: answer.value, room });
        return room;
      } catch (error) {
        const { code, message } = error instanceof FairleadError ? error : new FairleadError("internal");
        show(closedByEnd(code, message));
        return undefined;
      }
    };
    const opened = open();
    return () => {
      page.abort();
      void opened.then((room) => room?.leave());
    };
  }, [right, tries]);
  return { studio, again: () => setTries(tries + 1) };
}

function closedByEnd(code: ErrorCode, message: string): StudioState {
  if (code === "broadcast_ended" || code === "room_closed") return ENDED;
  const title = "The studio lost its connection";
  return { state: "closed", title, advice: `${message || code.replaceAll("_", " ")}.`, isGone: false };
}

function closedByRefusal(refused: Refused): StudioState {
  if (refused.state === "refused" && refused.code === "broadcast_ended") return ENDED;
  const isGone =
    refused.state === "refused" && ["broadcast_not_found", "ticket_invalid"].includes(refused.code);
  if (isGone)
    return {
      state: "closed",
      title: "There is no such broadcast",
      advice: "A server that was restarted has forgotten it; or a part of the studio's link is missing.",
      isGone,
    };
  return { state: "closed", title: "The studio can't be opened", advice: refusalText(refused), isGone };
}
