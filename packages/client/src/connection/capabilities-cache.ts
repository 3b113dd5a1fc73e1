import { Capabilities, ErrorAnswer, FairleadError, fromErrorBody, parse } from "@fairlead/protocol";

/** The parts of Web Storage that are needed; absent where the browser denies it. */
export type CapabilitiesStore = Pick<Storage, "getItem" | "setItem">;

const memory = new Map<string, Capabilities>();

/**
 * The cluster's capabilities change with a deployment, not with a room, so they are kept for the next join: in memory and
 * in `store`. Stale ones do no harm: the join is refused with the fresh set.
 */
export class CapabilitiesCache {
  readonly #url: string;
  readonly #store: CapabilitiesStore | undefined;

  constructor(url: string, store: CapabilitiesStore | undefined = browserStore()) {
    this.#url = url;
    this.#store = store;
  }

  /** @throws {FairleadError} `signaling_unreachable`; signaling's own refusals. */
  async load(signal?: AbortSignal): Promise<Capabilities> {
    const kept = memory.get(this.#url) ?? this.#read();
    return kept ?? this.save(await this.#fetch(signal));
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

  async #fetch(signal?: AbortSignal): Promise<Capabilities> {
    try {
      const answer = await fetch(`${this.#url}/v1/capabilities`, { signal });
      if (!answer.ok) throw await refusalOf(answer);
      return parse(Capabilities, await answer.json(), "internal");
    } catch (cause) {
      if (cause instanceof FairleadError) throw cause;
      throw new FairleadError("signaling_unreachable", { cause });
    }
  }
}

/** A proxy's page is no word of signaling's. @throws {SyntaxError} For no JSON. */
async function refusalOf(answer: Response): Promise<FairleadError> {
  const { data } = ErrorAnswer.safeParse(await answer.json());
  const message = `HTTP status ${answer.status}`;
  return data ? fromErrorBody(data.error) : new FairleadError("signaling_unreachable", { message });
}

function browserStore(): CapabilitiesStore | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

/** For tests: what a page that was just opened knows. */
export function forgetCapabilities(): void {
  memory.clear();
}
