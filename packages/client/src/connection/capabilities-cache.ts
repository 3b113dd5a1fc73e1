import { Capabilities } from "@fairlead/protocol";
import { browserStore, type PageStore } from "../channel/browser-store.ts";
import { fetchParsed } from "../channel/fetch-signaling.ts";

const memory = new Map<string, Capabilities>();

/**
 * The cluster's capabilities change with a deployment, not with a room, so they are kept for the next join: in memory and
 * in `store`. Stale ones do no harm: the join is refused with the fresh set.
 */
export class CapabilitiesCache {
  readonly #url: string;
  readonly #store: PageStore | undefined;

  constructor(url: string, store: PageStore | undefined = browserStore()) {
    this.#url = url;
    this.#store = store;
  }

  /** @throws {FairleadError} `signaling_unreachable`; signaling's own refusals. */
  async load(signal?: AbortSignal): Promise<Capabilities> {
    const kept = memory.get(this.#url) ?? this.#read();
    return kept ?? this.save(await fetchParsed(Capabilities, `${this.#url}/v1/capabilities`, { signal }));
  }

  save(capabilities: Capabilities): Capabilities {
    memory.set(this.#url, capabilities);
    try {
      this.#store?.setItem(this.#key, JSON.stringify(capabilities));
    } catch {
      // Full or forbidden: the copy in memory serves.
    }
    return capabilities;
  }

  get #key(): string {
    return `fairlead.capabilities ${this.#url}`;
  }

  #read(): Capabilities | undefined {
    try {
      return Capabilities.parse(JSON.parse(this.#store?.getItem(this.#key) ?? ""));
    } catch {
      return undefined;
    }
  }
}

/** For tests: what a page that was just opened knows. */
export function forgetCapabilities(): void {
  memory.clear();
}
