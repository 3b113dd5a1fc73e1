import type { Mute, Source } from "@fairlead/protocol";

/** The sources that a moderator or the API holds muted. They belong to an identity, so that rejoining lifts no mute. */
export class Mutes {
  readonly #held = new Map<string, Set<Source>>();

  constructor(mutes: readonly Mute[]) {
    for (const mute of mutes) this.set(mute.identity, mute.source, true);
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
    const sources = this.#held.get(identity) ?? new Set<Source>();
    if (muted) sources.add(source);
    else sources.delete(source);
    if (sources.size > 0) this.#held.set(identity, sources);
    else this.#held.delete(identity);
  }
}
