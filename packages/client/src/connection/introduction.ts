import {
  type Capabilities,
  type ClientFrameInput,
  type Position,
  PROTOCOL_VERSION,
  type RtpCapabilities,
  randomId,
} from "@fairlead/protocol";

type Credentials = { ticket: string; autoSubscribe: boolean };

/** What this client says of itself on a new channel: `join` until it has a session, then `resume`. */
export class Introduction {
  readonly #credentials: Credentials;
  #capabilities: { version: string; own: RtpCapabilities } | null = null;
  /** Kept over retries, so that a join whose reply was lost finds the session that it made. */
  #joinId = randomId();
  #sessionId = "";
  #sessionTicket: string | null = null;
  #position: (() => Position) | null = null;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** Of the last session; empty before the first. */
  get sessionId(): string {
    return this.#sessionId;
  }

  get isJoin(): boolean {
    return this.#position === null;
  }

  /** False until a first session was had. */
  get hasPreviousSession(): boolean {
    return this.#sessionTicket !== null;
  }

  /** @param own What this device can receive, given the router's `capabilities`. */
  setCapabilities(capabilities: Capabilities, own: object): void {
    this.#capabilities = { version: capabilities.version, own: own as RtpCapabilities };
  }

  handleJoined(session: { sessionId: string; sessionTicket: string }, position: () => Position): void {
    this.#sessionId = session.sessionId;
    this.#sessionTicket = session.sessionTicket;
    this.#position = position;
  }

  handleSessionTicket(sessionTicket: string): void {
    this.#sessionTicket = sessionTicket;
  }

  /** The session is gone: joins anew from now on. */
  startOver(): void {
    if (!this.isJoin) this.#joinId = randomId();
    this.#position = null;
  }

  /** The session ticket does not verify any more: only the ticket is left. */
  forgetPreviousSession(): void {
    this.startOver();
    this.#sessionTicket = null;
  }

  /** Only after `setCapabilities`. */
  frame(): ClientFrameInput {
    const protocolVersion = PROTOCOL_VERSION;
    if (this.#position && this.#sessionTicket) {
      const sessionTicket = this.#sessionTicket;
      return { type: "resume", protocolVersion, sessionTicket, position: this.#position() };
    }
    if (!this.#capabilities) throw new Error("introduced before the capabilities were known");
    return {
      type: "join",
      protocolVersion,
      joinId: this.#joinId,
      ...this.#credentials,
      ...(this.#sessionTicket ? { previousSession: this.#sessionTicket } : {}),
      capabilitiesVersion: this.#capabilities.version,
      rtpCapabilities: this.#capabilities.own,
    };
  }
}
