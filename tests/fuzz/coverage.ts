/** Refusals that say that an input was no request at all, or of nobody: it did not pass parsing. */
const UNPARSED: ReadonlySet<string> = new Set([
  ...["invalid_request", "invalid_frame", "frame_too_large", "protocol_unsupported", "unknown_command"],
  ...["not_found", "method_not_allowed", "api_key_missing", "api_key_invalid"],
  ...["ticket_invalid", "ticket_unknown_key", "session_invalid"],
]);

/** Which handler was reached by how many inputs, and with what answer. */
export class Coverage {
  readonly #counts = new Map<string, Map<string, number>>();
  inputs = 0;
  parsed = 0;

  /** @param handler E.g. `PUT /v1/rooms/{room}`, `command peer.mute`. @param answer `ok`, a status, or a code. */
  note(handler: string, answer: string): void {
    const answers = this.#counts.get(handler) ?? new Map<string, number>();
    this.#counts.set(handler, answers.set(answer, (answers.get(answer) ?? 0) + 1));
  }

  /** An input and its outcome: a code, or `ok`. */
  input(code: string): void {
    this.inputs += 1;
    if (!UNPARSED.has(code)) this.parsed += 1;
  }

  has(handler: string, answer: string): boolean {
    return this.#counts.get(handler)?.has(answer) === true;
  }

  /** The handlers of `wanted` that never gave `ok`. */
  without(wanted: readonly string[], answer = "ok"): string[] {
    return wanted.filter((handler) => !this.has(handler, answer));
  }

  table(): string {
    const rows = [...this.#counts].sort(([a], [b]) => a.localeCompare(b));
    const width = Math.max(...rows.map(([handler]) => handler.length));
    const cells = (answers: Map<string, number>) =>
      [...answers]
        .sort(([, a], [, b]) => b - a)
        .map(([answer, count]) => `${answer} ${count}`)
        .join(", ");
    return rows.map(([handler, answers]) => `${handler.padEnd(width)}  ${cells(answers)}`).join("\n");
  }
}
