import type { BroadcastInfo, ConnectionState, ErrorCode } from "@fairlead/client";

export type WatchState = "connecting" | "waiting" | "starting" | "unplayable" | "live" | "interrupted";

/** @param hasMedia Picture or sound of the broadcast has come. @param isUnplayable This browser can't show its picture. */
type Coming = { hasMedia: boolean; isUnplayable?: boolean };

/** What a viewer's page shows. */
export function watchStateOf(
  broadcast: Pick<BroadcastInfo, "state"> | null,
  { hasMedia, isUnplayable = false }: Coming,
): WatchState {
  switch (broadcast?.state) {
    case undefined:
      return "connecting";
    case "created":
      return "waiting";
    case "live":
      if (isUnplayable) return "unplayable";
      return hasMedia ? "live" : "starting";
    default:
      return "interrupted";
  }
}

export type PosterText = { title: string; advice: string };

const POSTERS: Record<Exclude<WatchState, "live">, PosterText> = {
  connecting: { title: "Connecting…", advice: "" },
  waiting: {
    title: "The broadcast has not started",
    advice: "It begins here by itself. Leave the page open.",
  },
  starting: { title: "Starting…", advice: "" },
  unplayable: {
    title: "This browser can't show the picture",
    advice:
      "It comes as H.264, which this browser does not decode for live video. Chrome, Edge and Safari do. Firefox does once its plugin OpenH264 is installed: open about:addons, choose Plugins, and load this page again.",
  },
  interrupted: {
    title: "The broadcaster will be right back",
    advice: "The connection to the broadcaster was lost. The broadcast goes on here by itself.",
  },
};

/** In place of the picture; undefined: there is one. @param startsAtMs Milliseconds since 1970. */
export function posterOf(state: WatchState, startsAtMs: number | null): PosterText | undefined {
  if (state === "live") return undefined;
  if (state !== "waiting" || startsAtMs === null) return POSTERS[state];
  const when = new Date(startsAtMs).toLocaleString(undefined, { dateStyle: "full", timeStyle: "short" });
  return { ...POSTERS.waiting, title: `The broadcast starts on ${when}` };
}

/** The one line about the connection, over whatever the page shows. */
export function connectionText(connection: ConnectionState): string {
  return connection === "reconnecting" ? "Reconnecting…" : "";
}

export type WatchEnd = { title: string; advice: string; canTryAgain: boolean };

const ENDS: Partial<Record<ErrorCode, WatchEnd>> = {
  broadcast_ended: {
    title: "The broadcast has ended",
    advice: "Thank you for watching.",
    canTryAgain: false,
  },
  broadcast_not_found: {
    title: "There is no such broadcast",
    advice: "Ask for the link again: perhaps a part of it is missing.",
    canTryAgain: false,
  },
  ticket_invalid: {
    title: "This broadcast is private",
    advice: "It can be watched with the whole link that its broadcaster gives away.",
    canTryAgain: false,
  },
  viewer_limit: {
    title: "The broadcast is full",
    advice: "As many people watch as may. Try again when somebody has left.",
    canTryAgain: true,
  },
  hook_refused: {
    title: "You may not watch this broadcast",
    advice: "Its operator said no.",
    canTryAgain: false,
  },
  no_capacity: {
    title: "The servers are full",
    advice: "They take no more viewers right now. Try again in a moment.",
    canTryAgain: true,
  },
  peer_removed: { title: "You were removed from the broadcast", advice: "", canTryAgain: false },
  banned: {
    title: "You may not watch this broadcast",
    advice: "You were removed from it.",
    canTryAgain: false,
  },
};

/** @param message The server's own words, shown where this page has none that are better. */
export function watchEndOf(code: ErrorCode, message: string): WatchEnd {
  return (
    ENDS[code] ?? {
      title: "The broadcast can't be reached",
      advice: `The connection could not be made or restored (${message || code.replaceAll("_", " ")}).`,
      canTryAgain: true,
    }
  );
}
