import { FairleadError } from "@fairlead/client";
import { useEffect, useRef, useState } from "react";
import type { Answer } from "../demo/ask-demo.ts";
import { requestPublisherTicket, type StudioRight } from "../demo/broadcasts.ts";
import { refusalText } from "../demo/refusal-text.ts";
import { loadPreferences } from "../lobby/preferences.ts";
import { problemOfBrowser } from "../media/browser-media.ts";
import { problemText } from "../media/problem-text.ts";
import { type BroadcastWay, type Capture, capture, type PictureSource, tracksIn } from "./capture.ts";
import { sendBySdk } from "./send-by-sdk.ts";
import { sendByWhip } from "./send-by-whip.ts";
import type { Sender } from "./sender.ts";

export type Sending =
  | { state: "off"; problem: string | undefined }
  | { state: "starting"; capture: Capture | undefined }
  | { state: "on"; capture: Capture; sender: Sender };

export type SendWish = { source: PictureSource; way: BroadcastWay };

type To = { right: StudioRight; whipUrl: string; streamKey: string | undefined };

/** Sends from this page, at most one thing at a time, and closes its devices whenever it does not. */
export function useSending(to: To): { sending: Sending; start: (wish: SendWish) => void; stop: () => void } {
  const [sending, setSending] = useState<Sending>({ state: "off", problem: undefined });
  const release = useRef(() => {});
  useEffect(() => () => release.current(), []);

  const stop = (problem?: string) => {
    release.current();
    release.current = () => {};
    setSending({ state: "off", problem });
  };
  const start = async ({ source, way }: SendWish) => {
    let isWanted = true;
    const undo: (() => void)[] = [];
    const end = () => {
      isWanted = false;
      for (const one of undo.splice(0)) one();
    };
    release.current();
    release.current = end;
    setSending({ state: "starting", capture: undefined });
    try {
      const captured = await capture(
        source,
        loadPreferences(() => window.localStorage),
      );
      undo.push(() => stopTracks(captured));
      if (!isWanted) return end();
      setSending({ state: "starting", capture: captured });
      const sender = await send(way, to, captured);
      undo.push(() => sender.stop());
      if (!isWanted) return end();
      sender.onEnded((reason) => isWanted && stop(reason));
      captured.picture.addEventListener("ended", () => isWanted && stop());
      setSending({ state: "on", capture: captured, sender });
    } catch (error) {
      if (isWanted) stop(startProblem(error));
    }
  };
  return { sending, start: (wish) => void start(wish), stop: () => stop() };
}

async function send(
  way: BroadcastWay,
  { right, whipUrl, streamKey }: To,
  captured: Capture,
): Promise<Sender> {
  if (way === "whip") return await sendByWhip(whipUrl, streamKey ?? "", captured);
  return await sendBySdk(granted(await requestPublisherTicket(right)), captured);
}

function granted<T>(answer: Answer<T>): T {
  if (answer.state !== "granted") throw new Error(refusalText(answer));
  return answer.value;
}

function stopTracks(captured: Capture): void {
  for (const track of tracksIn(captured)) track.stop();
}

/** @returns undefined for a person who chose no screen after all. */
function startProblem(error: unknown): string | undefined {
  if (error instanceof FairleadError)
    return error.code === "publisher_active"
      ? "Another encoder sends right now. Stop it, or wait two seconds after its end."
      : `The server refused: ${error.message}.`;
  if (error instanceof DOMException || error instanceof TypeError) {
    const { title } = problemText(problemOfBrowser(error), ["camera", "microphone"]);
    return `${title}.`;
  }
  return error instanceof Error ? error.message : "That did not work. Try again.";
}
