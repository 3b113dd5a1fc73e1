import type { PreferredLayers, Source } from "@fairlead/protocol";

/** Undefined members: the app asked for nothing. */
export type Wish = { isSubscribed?: boolean; layers?: PreferredLayers; isVisible?: boolean };

/** The oldest wishes are forgotten beyond this number. */
export const WISH_LIMIT = 1_000;

/**
 * The app's wishes for each source of each identity: they outlive tracks, peers and sessions, and hold until the app asks
 * for something else.
 */
export class Wishes {
  readonly #wishes = new Map<string, Wish>();

  of(identity: string, source: Source): Wish {
    return this.#wishes.get(keyOf(identity, source)) ?? {};
  }

  change(identity: string, source: Source, change: Wish): void {
    const key = keyOf(identity, source);
    const wish = { ...this.#wishes.get(key), ...change };
    this.#wishes.delete(key);
    if (Object.values(wish).some((member) => member !== undefined)) this.#wishes.set(key, wish);
    const [oldest] = this.#wishes.keys();
    if (this.#wishes.size > WISH_LIMIT && oldest !== undefined) this.#wishes.delete(oldest);
  }
}

/** No source has a space in its name. */
function keyOf(identity: string, source: Source): string {
  return `${source} ${identity}`;
}
