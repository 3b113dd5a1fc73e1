import type { Logger } from "@fairlead/telemetry";
import type { Finding } from "../decide/observation.ts";

/** While it lasts it is told again so often, ms. */
const TELL_AGAIN_MS = 600_000;

/** As things may be. */
const QUIET = new Set<Finding["what"]>(["nodes_of_others", "nothing_to_drain"]);

/** Tells each finding when it begins, from time to time while it lasts, and when it is over. */
export class FindingTeller {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #told = new Map<string, { finding: Finding; atMs: number }>();

  constructor(log: Logger, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** @param findings All that there are now. */
  tell(findings: readonly Finding[]): void {
    const named = new Map(findings.map((finding) => [nameOf(finding), finding]));
    for (const [name, { finding }] of this.#told)
      if (!named.has(name)) {
        this.#told.delete(name);
        this.#log.info("scale.finding_over", { ...finding });
      }
    for (const [name, finding] of named) this.#tellOne(name, finding);
  }

  #tellOne(name: string, finding: Finding): void {
    const told = this.#told.get(name);
    if (told && this.#now() - told.atMs < TELL_AGAIN_MS) return;
    this.#told.set(name, { finding, atMs: this.#now() });
    this.#log[QUIET.has(finding.what) ? "info" : "warn"]("scale.finding", { ...finding });
  }
}

function nameOf({ what, nodeId }: Finding): string {
  return nodeId === undefined ? what : `${what} ${nodeId}`;
}
