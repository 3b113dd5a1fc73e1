import { useEffect, useState } from "react";
import { pause } from "../broadcast/pause.ts";
import { type Hls, type Publisher, type Refused, readIngest, type StudioRight } from "../demo/broadcasts.ts";

const EVERY_MS = 2_000;
/** Frames dropped longer ago are no news. */
const LATELY = 5;

/** `publisher`: null while nobody sends. */
export type Ingest = { publisher: Publisher; refused: Refused; droppedLately: number; hls: Hls };

/** Asks every two seconds who sends and how it comes in. @returns undefined: it is not known yet. */
export function useIngest(right: StudioRight): Ingest | undefined {
  const [ingest, setIngest] = useState<Ingest>();
  useEffect(() => {
    const page = new AbortController();
    void follow(right, page.signal, setIngest);
    return () => page.abort();
  }, [right]);
  return ingest;
}

async function follow(
  right: StudioRight,
  signal: AbortSignal,
  show: (ingest: Ingest) => void,
): Promise<void> {
  let since: number | undefined;
  let dropped: number[] = [];
  while (!signal.aborted) {
    const answer = await readIngest(right, signal);
    if (signal.aborted) return;
    // What can't be asked now stays as it was.
    if (answer.state === "granted") {
      const { publisher, refused, hls } = answer.value;
      if (publisher?.sinceMs !== since) dropped = [];
      since = publisher?.sinceMs;
      dropped = [...dropped, publisher?.ingest?.droppedFrames ?? 0].slice(-LATELY);
      show({ publisher, refused, hls, droppedLately: grownBy(dropped) });
    }
    await pause(EVERY_MS, signal);
  }
}

/** A home that took the broadcast over may have been told of none yet. */
function grownBy(dropped: readonly number[]): number {
  return Math.max(0, (dropped.at(-1) ?? 0) - (dropped[0] ?? 0));
}
