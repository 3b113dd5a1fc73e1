import {
  DEFAULT_ISSUER,
  Jwt,
  OpenedSession,
  PROTOCOL_VERSION,
  randomId,
  SESSION_AUDIENCE,
  TICKET_AUDIENCE,
  TicketClaims,
  VIEWER_AUDIENCE,
} from "@fairlead/protocol";
import type { KeySet } from "@fairlead/tickets";
import { expect } from "vitest";
import { type Damage, damaged, damages } from "./damage.ts";
import { draws } from "./draws.ts";
import { confusedSigner, forge, type Header, kidOf, signer } from "./forge.ts";
import type { Tell } from "./frame-inputs.ts";
import { fromSchema } from "./from-schema.ts";
import { FuzzSocket } from "./fuzz-socket.ts";
import { CAPABILITIES_VERSION, type Lane, routerRtpCapabilities } from "./lane.ts";
import { LIVE_KINDS } from "./live-kinds.ts";

type Claims = Record<string, unknown>;
type Made = {
  ticket: string;
  /** The code of the refusal; `ok`: the ticket itself must not be refused. */
  verdict: string;
};
type Kind = (parts: { claims: Claims; lane: Lane; damage: Damage; header: Header }) => Promise<Made> | Made;

const TICKET_TYPE = "fairlead-ticket+jwt";
/** Seconds; verifiers allow 10. */
const HOUR = 3_600;
const NEVER_SIGNED = () => new Uint8Array(64);

const sign = (keys: KeySet, header: Header, claims: unknown) =>
  forge(header, JSON.stringify(claims), signer(keys));
const wrongClaims =
  (verdict: string, change: (claims: Claims, nowS: number) => Claims): Kind =>
  async ({ claims, lane, header }) => ({
    ticket: await sign(lane.cluster.ticketKeys, header, { ...claims, ...change(claims, Date.now() / 1_000) }),
    verdict,
  });
const wrongHeader =
  (verdict: string, change: Header): Kind =>
  async ({ claims, lane, header }) => ({
    ticket: await sign(lane.cluster.ticketKeys, { ...header, ...change }, claims),
    verdict,
  });

/** Every kind of ticket, right and wrong, and what must become of it. */
const KINDS: Record<string, Kind> = {
  "valid, claims varied": wrongClaims("ok", () => ({})),
  "valid, claims of others beside ours": wrongClaims("ok", () => ({
    admin: true,
    grant: "all",
    __proto__: null,
  })),
  "valid, not before a while ago": wrongClaims("ok", (_, nowS) => ({ nbf: nowS - HOUR })),
  "valid, ours among several audiences": wrongClaims("ok", ({ aud }) => ({ aud: ["another", aud] })),
  "valid, its typ in full": wrongHeader("ok", { typ: "application/Fairlead-Ticket+jwt" }),
  "valid, key hints that nobody reads": wrongHeader("ok", {
    jku: "http://127.0.0.1:9/",
    jwk: {},
    x5u: "file:///",
  }),
  "claims damaged": async ({ claims, lane, damage, header }) => {
    const payload = damaged(claims, damage);
    const parsed = TicketClaims.safeParse(JSON.parse(payload));
    const ticket = await forge(header, payload, signer(lane.cluster.ticketKeys));
    return { ticket, verdict: parsed.success ? verdictOf(parsed.data) : "ticket_invalid" };
  },
  "claims that are no JSON": async ({ lane, header }) => ({
    ticket: await forge(header, "{not json", signer(lane.cluster.ticketKeys)),
    verdict: "ticket_invalid",
  }),
  expired: wrongClaims("ticket_expired", (_, nowS) => ({ exp: nowS - 60 })),
  "expired in 1970": wrongClaims("ticket_expired", () => ({ exp: 0 })),
  "not valid yet": wrongClaims("ticket_not_yet_valid", (_, nowS) => ({ nbf: nowS + HOUR })),
  "another audience": wrongClaims("ticket_wrong_audience", () => ({ aud: SESSION_AUDIENCE })),
  "another issuer": wrongClaims("ticket_invalid", () => ({ iss: "somebody" })),
  "other audiences": wrongClaims("ticket_wrong_audience", () => ({ aud: [SESSION_AUDIENCE, "another"] })),
  "an audience of no text": wrongClaims("ticket_invalid", () => ({ aud: [7] })),
  "an identity of one dot": wrongClaims("ticket_invalid", () => ({ sub: "." })),
  "no kid": wrongHeader("ticket_unknown_key", { kid: undefined }),
  "unknown kid": wrongHeader("ticket_unknown_key", { kid: "__proto__" }),
  "kid of no text": wrongHeader("ticket_invalid|ticket_unknown_key", { kid: 7 }),
  "another typ": wrongHeader("ticket_invalid", { typ: "JWT" }),
  "critical header": wrongHeader("ticket_invalid", { crit: ["exp"], exp: 1 }),
  "unencoded payload": wrongHeader("ticket_invalid", { crit: ["b64"], b64: false }),
  "alg none": async ({ claims, header }) => ({
    ticket: (await forge({ ...header, alg: "none" }, JSON.stringify(claims), NEVER_SIGNED)).replace(
      /[^.]+$/,
      "",
    ),
    verdict: "ticket_invalid|invalid_request|invalid_frame",
  }),
  "alg HS256 with the public key": async ({ claims, lane, header }) => ({
    ticket: await forge(
      { ...header, alg: "HS256" },
      JSON.stringify(claims),
      confusedSigner(lane.cluster.ticketKeys),
    ),
    verdict: "ticket_invalid",
  }),
  "alg ES256": wrongHeader("ticket_invalid", { alg: "ES256" }),
  "alg by its other name": wrongHeader("ticket_invalid", { alg: "Ed25519" }),
  "signed by another key": async ({ claims, lane, header }) => ({
    ticket: await sign(lane.cluster.sessionKeys, header, claims),
    verdict: "ticket_invalid",
  }),
  "signed and named by the key of sessions": async ({ claims, lane, header }) => ({
    ticket: await sign(lane.cluster.sessionKeys, { ...header, kid: kidOf(lane.cluster.sessionKeys) }, claims),
    verdict: "ticket_unknown_key",
  }),
  "never signed": async ({ claims, header }) => ({
    ticket: await forge(header, JSON.stringify(claims), NEVER_SIGNED),
    verdict: "ticket_invalid",
  }),
  "one character changed": async ({ claims, lane, header, damage }) => ({
    ticket: changed(await sign(lane.cluster.ticketKeys, header, claims), damage.where),
    verdict: "ticket_invalid|ticket_unknown_key|invalid_request|invalid_frame",
  }),
  "cut short": async ({ claims, lane, header, damage }) => {
    const whole = await sign(lane.cluster.ticketKeys, header, claims);
    return { ticket: whole.slice(0, 16 + (damage.where % (whole.length - 18))), verdict: "ticket_invalid" };
  },
  "parts too many": async ({ claims, lane, header }) => ({
    ticket: `${await sign(lane.cluster.ticketKeys, header, claims)}.e30.e30`,
    verdict: "ticket_invalid",
  }),
  "a session's ticket": ({ lane }) => ({
    ticket: lane.subject?.sessionTicket ?? "no.session.ticket.here",
    verdict: "ticket_invalid",
  }),
};

/** Half of what is tried would admit: by the kinds alone it would be one of seven. */
const VALID = Object.keys(KINDS).filter((kind) => kind.startsWith("valid"));
const VALID_SHARE = 0.5;
/** The rest of them are refused by the node, which has verified them by then, so that rooms don't fill. */
const ADMITTED_SHARE = 0.15;

export const TICKET_KINDS = Object.keys(KINDS);

/** Tickets right and wrong, shown by a WebSocket's join and over HTTP, and where session tickets belong. */
export class TicketInputs {
  readonly #lane: Lane;
  readonly #claims: () => unknown;
  readonly #damages: () => Damage;

  constructor(lane: Lane, seed: number) {
    this.#lane = lane;
    this.#claims = draws(fromSchema(TicketClaims, LIVE_KINDS), seed);
    this.#damages = draws(damages, seed);
  }

  async show(tell: Tell): Promise<void> {
    const lane = this.#lane;
    const kinds = lane.chance(VALID_SHARE) ? VALID : TICKET_KINDS;
    const kind = kinds[Math.floor(lane.random() * kinds.length)] ?? "";
    const header = { typ: TICKET_TYPE, alg: "EdDSA", kid: kidOf(lane.cluster.ticketKeys) };
    const made = await KINDS[kind]?.({ claims: this.#drawClaims(), lane, damage: this.#damages(), header });
    const { ticket, verdict: ofKind } = made ?? expect.fail("no kind");
    const verdict = Jwt.safeParse(ticket).success ? ofKind : "frame_too_large|invalid_request|invalid_frame";
    tell({ kind, ticket });
    const code = lane.chance(0.2) ? await this.#asBearer(ticket) : await this.#join(ticket, verdict);
    lane.coverage.input(code);
    lane.coverage.note(`ticket ${kind}`, code);
    await lane.reap();
  }

  /** From the schema, and for a room of this lane: which somebody else may have made. */
  #drawClaims(): Claims {
    const lane = this.#lane;
    const drawn = lane.resolve(this.#claims()) as Claims;
    const nowS = Math.floor(Date.now() / 1_000);
    const room = lane.rooms[Math.floor(lane.random() * lane.rooms.length)];
    const times = { iat: nowS, nbf: undefined, exp: nowS + HOUR };
    return { ...drawn, ...times, iss: DEFAULT_ISSUER, aud: audienceOf(drawn.role), room, jti: randomId() };
  }

  async #join(ticket: string, verdict: string): Promise<string> {
    const lane = this.#lane;
    const isOld = !lane.chance(ADMITTED_SHARE);
    const join = {
      protocolVersion: PROTOCOL_VERSION,
      joinId: randomId(),
      ticket,
      rtpCapabilities: routerRtpCapabilities,
      capabilitiesVersion: isOld ? "an older one" : CAPABILITIES_VERSION,
    };
    const code = lane.chance(0.15) ? await this.#joinSocket(join) : await this.#joinHttp(join);
    const isRefused = /^(ticket_|invalid_)/.test(code);
    if (verdict === "ok") expect(isRefused, `a valid ticket, refused with ${code}`).toBe(false);
    else expect(verdict.split("|"), "a ticket that must not admit").toContain(code);
    if (isOld) expect(code).not.toBe("ok");
    return code;
  }

  async #joinHttp(join: { ticket: string }): Promise<string> {
    const response = await this.#lane.cluster.request("/v1/sessions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(join),
    });
    const text = await response.text();
    if (!response.ok) return this.#lane.refusal(response.status, text);
    this.#lane.admitted(join.ticket, OpenedSession.parse(JSON.parse(text)), null);
    return "ok";
  }

  async #joinSocket(join: { ticket: string }): Promise<string> {
    const socket = await FuzzSocket.open(this.#lane.cluster.url);
    const answer = await socket.ask(
      JSON.stringify({ type: "join", ...join }),
      ({ type }) => type === "joined",
    );
    if (answer.type === "frame" && answer.frame.type === "joined") {
      this.#lane.admitted(join.ticket, answer.frame, socket);
      return "ok";
    }
    socket.terminate();
    const error =
      answer.type === "closed" ? answer.error : answer.frame.type === "error" ? answer.frame.error : null;
    this.#lane.expectAllowed(error ?? expect.fail("closed without a word"));
    return error?.code ?? "";
  }

  /** Where a session ticket belongs nothing else is one. */
  async #asBearer(ticket: string): Promise<string> {
    const { cluster, subject } = this.#lane;
    const isOwn = ticket === subject?.sessionTicket;
    const path = `/v1/sessions/${subject?.sessionId ?? "none"}/commands`;
    const response = await cluster.request(path, {
      method: "POST",
      headers: { authorization: `Bearer ${ticket}`, "content-type": "application/json" },
      body: '{"frames":[{"type":"ping"}]}',
    });
    expect(response.ok).toBe(isOwn);
    if (response.ok) return "ok";
    const code = this.#lane.refusal(response.status, await response.text());
    expect(code).toBe("session_invalid");
    return code;
  }
}

function audienceOf(role: unknown): string {
  return role === "viewer" ? VIEWER_AUDIENCE : TICKET_AUDIENCE;
}

function verdictOf({ iss, aud, nbf, exp, role }: TicketClaims): string {
  const nowS = Date.now() / 1_000;
  if (iss !== DEFAULT_ISSUER) return "ticket_invalid";
  if (![aud].flat().includes(audienceOf(role))) return "ticket_wrong_audience";
  if ((nbf ?? 0) - 10 > nowS) return "ticket_not_yet_valid";
  return exp + 10 <= nowS ? "ticket_expired" : "ok";
}

/** Not the last one of a part, of which some bits stand for nothing. */
function changed(ticket: string, where: number): string {
  const parts = ticket.split(".");
  const part = where % 3;
  const text = parts[part] ?? "";
  const at = (where >> 2) % Math.max(1, text.length - 1);
  parts[part] = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
  return parts.join(".");
}
