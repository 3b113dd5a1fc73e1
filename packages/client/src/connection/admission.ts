import {
  type Capabilities,
  type ClientFrameInput,
  type Position,
  PROTOCOL_VERSION,
  RECEIVED_BPS_MAX,
  type RtpCapabilities,
  randomId,
} from "@fairlead/protocol";

/**
 * Leaves the session that a join is about to bring, even if the socket is lost before its answer. It has the number of a session's
 * first command, so the node executes it once if it comes again. Older signaling drops it.
 */
export const LEAVE: ClientFrameInput = {
  type: "command",
  id: 1,
  settledBelow: 1,
  name: "session.leave",
  data: {},
};

type Credentials = { ticket: string; autoSubscribe: boolean };

/** Builds the first frame of a channel from what this client was given: `join` until it has a session, then `resume`. */
export class Admission {
  readonly #credentials: Credentials;
  #capabilities: { version: string; own: RtpCapabilities } | null = null;
  /** Stays the same over retries, so that a join whose reply was lost finds the session that it made. */
  #joinId = randomId();
  #sessionId = "";
  #sessionTicket: string | null = null;
  #position: (() => Position) | null = null;
  #receivedBps = 0;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** The last session; empty before the first. */
  get sessionId(): string {
    return this.#sessionId;
  }

  /** The latest of that session; empty before the first. */
  get sessionTicket(): string {
    return this.#sessionTicket ?? "";
  }

  get isJoin(): boolean {
    return this.#position === null;
  }

  /** False until the first session. */
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

  /** @param bps What the media of the session that is over came to. */
  noteReceived(bps: number): void {
    this.#receivedBps = Math.min(bps, RECEIVED_BPS_MAX);
  }

  /** The session is gone: the next opening frame is a `join`. */
  startOver(): void {
    if (!this.isJoin) this.#joinId = randomId();
    this.#position = null;
  }

  /** The session ticket no longer verifies: the next join has only its ticket to show. */
  forgetPreviousSession(): void {
    this.startOver();
    this.#sessionTicket = null;
  }

  /** Must not be called before `setCapabilities`. */
  openingFrame(): ClientFrameInput {
    const protocolVersion = PROTOCOL_VERSION;
    if (this.#position && this.#sessionTicket) {
      const sessionTicket = this.#sessionTicket;
      return {
        type: "resume",
        protocolVersion,
        sessionTicket,
        position: this.#position(),
        takesSeveral: true,
      };
    }
    if (!this.#capabilities) throw new Error("asked for a session before the capabilities were known");
    return {
      type: "join",
      protocolVersion,
      joinId: this.#joinId,
      ...this.#credentials,
      ...(this.#sessionTicket ? { previousSession: this.#sessionTicket } : {}),
      capabilitiesVersion: this.#capabilities.version,
      rtpCapabilities: this.#capabilities.own,
      takesSeveral: true,
      confirmsData: true,
      overlaps: true,
      ...(this.#receivedBps > 0 ? { receivedBps: this.#receivedBps } : {}),
    };
  }
}
