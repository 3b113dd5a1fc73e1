import type { ConnectionState } from "@fairlead/client";

/** An event that is worth a few seconds of notice. */
export type PassingNews = "back_again" | "moved";

export type Banner = { tone: "working" | "warning" | "good"; text: string };

const NEWS: Record<PassingNews, Banner> = {
  back_again: { tone: "good", text: "Connected again. You missed nothing." },
  moved: { tone: "good", text: "The meeting moved to another server and goes on." },
};

/** The one line about the connection that matters most now. */
export function bannerOf(connection: ConnectionState, news: PassingNews | undefined): Banner | undefined {
  if (connection === "connecting") return { tone: "working", text: "Connecting…" };
  if (connection === "reconnecting") {
    return { tone: "warning", text: "Reconnecting… Sound and picture go on meanwhile." };
  }
  return connection === "connected" && news ? NEWS[news] : undefined;
}

/** @returns The news in a change of the connection, if it is any. */
export function newsOf(before: ConnectionState, after: ConnectionState): PassingNews | undefined {
  return before === "reconnecting" && after === "connected" ? "back_again" : undefined;
}
