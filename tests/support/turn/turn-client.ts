import { createHash, randomBytes } from "node:crypto";
import type { IceServer } from "@fairlead/protocol";
import {
  ATTRIBUTES,
  type Attribute,
  decodeAnswer,
  encodeRequest,
  FAMILIES,
  METHODS,
  type StunAnswer,
  xorPeerAddress,
} from "./stun-message.ts";
import { openTurnLink, type TurnAddress, type TurnLink } from "./turn-link.ts";

export type TurnCredentials = Required<Pick<IceServer, "username" | "credential">>;
/** Attributes of a request may depend on its transaction id. */
type AttributesOf = (transactionId: Buffer) => readonly Attribute[];

const ANSWER_MS = 5_000;
/** A datagram may be lost, RFC 8489 § 6.2.1. */
const RESEND_MS = 500;
const UDP = 17;
/** Permissions are for addresses: any will do. */
const PEER_PORT = 40_000;

/** One 5-tuple of a TURN client (RFC 8656), to ask a server what no browser would. Answers are codes: 200, or the refusal's. */
export class TurnClient {
  readonly #link: TurnLink;
  readonly #credentials: TurnCredentials;
  readonly #waiting = new Map<string, (answer: StunAnswer) => void>();
  /** The server tells these once, and wants them in each request. */
  #challenge: { realm: Buffer; nonce: Buffer } | null = null;

  private constructor(link: TurnLink, credentials: TurnCredentials) {
    this.#link = link;
    this.#credentials = credentials;
    link.onMessage((message) => {
      const answer = decodeAnswer(message);
      this.#waiting.get(answer.transactionId)?.(answer);
    });
  }

  static async open(address: TurnAddress, credentials: TurnCredentials): Promise<TurnClient> {
    return new TurnClient(await openTurnLink(address), credentials);
  }

  /** Takes a relay. @param family Of the relay's address. */
  async allocate({ family = 4 }: { family?: 4 | 6 } = {}): Promise<number> {
    const attributes: Attribute[] = [
      [ATTRIBUTES.requestedTransport, Buffer.from([UDP, 0, 0, 0])],
      [ATTRIBUTES.requestedAddressFamily, Buffer.from([FAMILIES[family], 0, 0, 0])],
    ];
    return this.#ask(METHODS.allocate, () => attributes);
  }

  /** Keeps the relay for as long again. */
  refresh(lifetimeS = 600): Promise<number> {
    const lifetime = Buffer.alloc(4);
    lifetime.writeUInt32BE(lifetimeS);
    return this.#ask(METHODS.refresh, () => [[ATTRIBUTES.lifetime, lifetime]]);
  }

  /** Asks that the relay may exchange packets with that address. */
  permit(address: string): Promise<number> {
    return this.#ask(METHODS.createPermission, (id) => [xorPeerAddress(address, PEER_PORT, id)]);
  }

  close(): void {
    this.#link.close();
  }

  async #ask(method: number, attributesOf: AttributesOf): Promise<number> {
    const { code, attributes } = await this.#send(method, attributesOf);
    const isChallenge = code === 438 || (code === 401 && this.#challenge === null);
    if (!isChallenge) return code;
    this.#challenge = {
      realm: attributes.get(ATTRIBUTES.realm) ?? this.#challenge?.realm ?? Buffer.alloc(0),
      nonce: attributes.get(ATTRIBUTES.nonce) ?? Buffer.alloc(0),
    };
    return (await this.#send(method, attributesOf)).code;
  }

  async #send(method: number, attributesOf: AttributesOf): Promise<StunAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<StunAnswer>();
    const transactionId = randomBytes(12);
    const id = transactionId.toString("hex");
    const request = encodeRequest({ method, transactionId, ...this.#sign(attributesOf(transactionId)) });
    this.#waiting.set(id, resolve);
    this.#link.send(request);
    const resend = this.#link.isReliable ? undefined : setInterval(() => this.#link.send(request), RESEND_MS);
    const timer = setTimeout(() => reject(new Error("the TURN server did not answer")), ANSWER_MS);
    return promise.finally(() => {
      clearInterval(resend);
      clearTimeout(timer);
      this.#waiting.delete(id);
    });
  }

  /** Long-term credentials, RFC 8489 § 9.2.2. */
  #sign(attributes: readonly Attribute[]): { attributes: readonly Attribute[]; key?: Buffer } {
    if (!this.#challenge) return { attributes };
    const { realm, nonce } = this.#challenge;
    const { username, credential } = this.#credentials;
    return {
      attributes: [
        ...attributes,
        [ATTRIBUTES.username, Buffer.from(username)],
        [ATTRIBUTES.realm, realm],
        [ATTRIBUTES.nonce, nonce],
      ],
      key: createHash("md5").update(`${username}:${realm}:${credential}`).digest(),
    };
  }
}
