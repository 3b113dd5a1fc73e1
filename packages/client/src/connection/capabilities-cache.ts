import { Capabilities } from "@fairlead/protocol";
import { browserStore, type PageStore } from "../channel/browser-store.ts";
import { fetchParsed } from "../channel/fetch-signaling.ts";

const memory = new Map<string, Capabilities>();

/**
 * Keeps the cluster's capabilities for the next join, in memory and in `store`: they change with a deployment, not with a
 * room. A stale copy does no harm, since the refusal of the join brings the fresh set.
 */
export class CapabilitiesCache {
  readonly #url: string;
  readonly #store: PageStore | undefined;

  constructor(url: string, store: PageStore | undefined = browserStore()) {
    this.#url = url;
    this.#store = store;
  }

  /** @throws {FairleadError} `signaling_unreachable`; signaling's refusals. */
  async load(signal?: AbortSignal): Promise<Capabilities> {
    const kept = memory.get(this.#url) ?? this.#read();
    return kept ?? this.save(await fetchParsed(Capabilities, `${this.#url}/v1/capabilities`, { signal }));
  }

  save(capabilities: Capabilities): Capabilities {
    memory.set(this.#url, capabilities);
    try {
      this.#store?.setItem(this.#key, JSON.stringify(capabilities));
    } catch {
      // Storage is full or forbidden: the copy in memory serves.
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

/** For tests: puts the module in the state of a page that was just opened. */
export function forgetCapabilities(): void {
  memory.clear();
}
