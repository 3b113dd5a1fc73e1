import type { Mute, Source } from "@fairlead/protocol";

/** The sources that a moderator or the API holds muted. They belong to an identity, so that rejoining lifts no mute. */
export class Mutes {
  readonly #held = new Map<string, Set<Source>>();
  /** What was said of since: older news of these is out of date. null: no older news comes any more. */
  #said: Set<string> | null = new Set();

  constructor(mutes: readonly Mute[]) {
    for (const mute of mutes) this.#hold(mute.identity, mute.source, true);
  }

  /** The room's place before may have made these after its lease here was made. Called again it does nothing. */
  learn(mutes: readonly Mute[]): void {
    const said = this.#said;
    this.#said = null;
    for (const { identity, source } of said ? mutes : [])
      if (!said?.has(keyOf(identity, source))) this.#hold(identity, source, true);
  }

  has(identity: string, source: Source): boolean {
    return this.#held.get(identity)?.has(source) === true;
  }

  all(): Mute[] {
    return [...this.#held].flatMap(([identity, sources]) =>
      [...sources].map((source) => ({ identity, source })),
    );
  }

  sourcesOf(identity: string): Source[] {
    return [...(this.#held.get(identity) ?? [])];
  }

  set(identity: string, source: Source, muted: boolean): void {
    this.#said?.add(keyOf(identity, source));
    this.#hold(identity, source, muted);
  }

  #hold(identity: string, source: Source, muted: boolean): void {
    const sources = this.#held.get(identity) ?? new Set<Source>();
    if (muted) sources.add(source);
    else sources.delete(source);
    if (sources.size > 0) this.#held.set(identity, sources);
    else this.#held.delete(identity);
  }
}

function keyOf(identity: string, source: Source): string {
  return `${source} ${identity}`;
}
