import type { IngestKind } from "@fairlead/protocol";

/** All four go to the one URL of the operator's configuration, which tells them apart by this name. */
export type HookName = "on_publish" | "on_publish_done" | "on_play" | "on_play_done";

/** A publisher or viewer as hooks tell of it. */
export type HookFacts = {
  broadcastId: string;
  kind: IngestKind | "whep" | "hls";
  sessionId: string;
  /** Of the ticket; null: it has none. */
  identity: string | null;
  address?: string;
  /** Asks that differ in nothing but the session have the same: one answer stands for all of them for ten seconds. It is told to nobody. */
  cacheKey: string;
};

/** The operator's own server is asked before media is taken or given, and told when that is over. */
export type Hooks = {
  /** Whether there is anybody to ask. */
  readonly areAsked: boolean;
  /** @throws {FairleadError} `hook_refused`; `hook_unreachable`, unless the operator has chosen to go on then. */
  askPublish(facts: HookFacts): Promise<void>;
  /** At once: it is told in the background, after all that was told of the session before, and tried again a few times. */
  tellPublishDone(facts: HookFacts): void;
  /** @throws {FairleadError} As `askPublish`. */
  askPlay(facts: HookFacts): Promise<void>;
  tellPlayDone(facts: HookFacts): void;
  /** Tells what is still to be told, for two seconds and the last requests of them, and tries nothing again. */
  close(): Promise<void>;
};

export type HookSettings = {
  /** `http:` or `https:`. */
  url: string;
  /** Signs every request. */
  secret: string;
  /** Whether publishers and viewers are let in while the URL does not answer. */
  isFailOpen: boolean;
};

/** Where none are configured. */
export const noHooks: Hooks = {
  areAsked: false,
  askPublish: async () => {},
  tellPublishDone: () => {},
  askPlay: async () => {},
  tellPlayDone: () => {},
  close: async () => {},
};
