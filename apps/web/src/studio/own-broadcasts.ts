import * as z from "zod";

const OwnBroadcast = z.object({ broadcastId: z.string(), secret: z.string(), title: z.string() });
export type OwnBroadcast = z.infer<typeof OwnBroadcast>;

const KEY = "fairlead.broadcasts";
const KEPT = 10;

type Store = Pick<Storage, "getItem" | "setItem">;

/** @returns Those that were run on this computer, the newest first; none where the browser keeps nothing. */
export function loadOwnBroadcasts(store: () => Store): OwnBroadcast[] {
  try {
    return z.array(OwnBroadcast).parse(JSON.parse(store().getItem(KEY) ?? "[]"));
  } catch {
    return [];
  }
}

/** Puts one first. */
export function keepOwnBroadcast(store: () => Store, own: OwnBroadcast): void {
  const others = loadOwnBroadcasts(store).filter(({ broadcastId }) => broadcastId !== own.broadcastId);
  save(store, [own, ...others].slice(0, KEPT));
}

export function forgetOwnBroadcast(store: () => Store, broadcastId: string): void {
  save(
    store,
    loadOwnBroadcasts(store).filter((own) => own.broadcastId !== broadcastId),
  );
}

function save(store: () => Store, all: OwnBroadcast[]): void {
  try {
    store().setItem(KEY, JSON.stringify(all));
  } catch {
    // Private windows and full stores refuse; the address still has the secret.
  }
}
