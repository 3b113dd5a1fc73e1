import { type ErrorCode, FairleadError, joinRoom, type Room } from "@fairlead/client";
import { useEffect, useState } from "react";
import type { Refused } from "../demo/ask-demo.ts";
import { requestSeat, type Seat } from "../demo/broadcasts.ts";
import { refusalText } from "../demo/refusal-text.ts";
import { type WatchEnd, watchEndOf } from "./watch-state.ts";

export type Viewing<T> =
  | { state: "entering" }
  | { state: "watching"; seat: Seat; by: T }
  /** `title`: of the broadcast; empty where it is not known. `code`: undefined where nobody could be asked. */
  | { state: "ended"; title: string; code: ErrorCode | undefined; end: WatchEnd };

type Entering = {
  seat: Seat;
  /** For who stays longer than the seat's ticket holds. */
  renewSeat: () => Promise<Seat | undefined>;
  signal: AbortSignal;
  onEnded: (code: ErrorCode, message: string) => void;
};

/** What `enter` gives must be left by `leave`. */
export type Entrance<T> = { enter: (entering: Entering) => Promise<T>; leave: (by: T) => void };

export const BY_SDK: Entrance<Room> = {
  enter: async ({ seat, signal, onEnded }) => {
    const room = await joinRoom({ ticket: seat.ticket, url: seat.url, signal });
    room.on("room.ended", ({ code, message }) => onEnded(code, message));
    return room;
  },
  leave: (room) => void room.leave(),
};

/** Gets a place at the broadcast and enters by it, anew after each call of `again`. */
export function useViewing<T>(
  place: { broadcastId: string; pass: string },
  entrance: Entrance<T>,
): { viewing: Viewing<T>; again: () => void } {
  const { broadcastId, pass } = place;
  const [viewing, setViewing] = useState<Viewing<T>>({ state: "entering" });
  const [tries, setTries] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `tries` is there to begin anew
  useEffect(() => {
    const page = new AbortController();
    const { signal } = page;
    const show = (next: Viewing<T>) => !signal.aborted && setViewing(next);
    const end = (title: string, code: ErrorCode, message: string) =>
      show({ state: "ended", title, code, end: watchEndOf(code, message) });
    const enter = async (): Promise<T | undefined> => {
      show({ state: "entering" });
      const answer = await requestSeat({ broadcastId, pass }, signal);
      if (answer.state !== "granted") {
        show({ state: "ended", title: "", code: undefined, end: endOfRefusal(answer) });
        return undefined;
      }
      const seat = answer.value;
      try {
        const renewSeat = async () => {
          const fresh = await requestSeat({ broadcastId, pass }, signal);
          return fresh.state === "granted" ? fresh.value : undefined;
        };
        const onEnded = (code: ErrorCode, message: string) => end(seat.title, code, message);
        const by = await entrance.enter({ seat, renewSeat, signal, onEnded });
        show({ state: "watching", seat, by });
        return by;
      } catch (error) {
        const { code, message } = error instanceof FairleadError ? error : new FairleadError("internal");
        end(seat.title, code, message);
        return undefined;
      }
    };
    const entered = enter();
    return () => {
      page.abort();
      void entered.then((by) => by && entrance.leave(by));
    };
  }, [broadcastId, pass, entrance, tries]);
  return { viewing, again: () => setTries(tries + 1) };
}

function endOfRefusal(refused: Refused): WatchEnd {
  if (refused.state === "refused") return watchEndOf(refused.code as ErrorCode, refused.message);
  return { title: "The broadcast can't be reached", advice: refusalText(refused), canTryAgain: true };
}
