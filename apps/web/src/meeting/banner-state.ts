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
    return { tone: "warning", text: "Reconnecting…" };
  }
  return connection === "connected" && news ? NEWS[news] : undefined;
}

/**
 * @param known News that are still shown: a room that moved explains why the connection was away.
 * @returns The news in a change of the connection, if it is any.
 */
export function newsOf(
  before: ConnectionState,
  after: ConnectionState,
  known?: PassingNews,
): PassingNews | undefined {
  if (before !== "reconnecting" || after !== "connected") return undefined;
  return known === "moved" ? "moved" : "back_again";
}
