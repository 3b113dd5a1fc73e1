import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { exportKeySet, generateKeySet, importKeySet, type Jwks, type KeySet, publicJwks } from "./key-set.ts";
import { issueTicket, verifyTicket } from "./room-ticket.ts";
import { createTicketKeys } from "./ticket-keys.ts";

const refusal = (code: string) => expect.objectContaining({ name: "FairleadError", code });
const UNKNOWN = refusal("ticket_unknown_key");
const MINUTE_MS = 60_000;

/** A JWKS server on a real port, and verifiers with a clock of their own that ask it. */
async function setUp(jwks: object, own?: KeySet) {
  const server = { jwks, answer: null as RequestListener | null, requests: 0 };
  const http = createServer((request, response) => {
    server.requests += 1;
    if (server.answer) server.answer(request, response);
    else response.setHeader("content-type", "application/json").end(JSON.stringify(server.jwks));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const clock = { ms: 1_700_000_000_000 };
  const now = () => clock.ms;
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/jwks.json`;
  const keys = createTicketKeys({ own, jwksUrls: [url], now });
  const failures: string[] = [];
  keys.published?.onFailure(({ error }) => failures.push(String(error)));
  const issue = async (by: KeySet) =>
    (await issueTicket(by, { room: "r", identity: "ann", ttlS: 86_400 }, { now })).ticket;
  const verify = (ticket: string) => verifyTicket(keys, ticket, { now });
  const admits = async (by: KeySet) => (await verify(await issue(by))).sub === "ann";
  return { server, clock, url, now, keys, failures, issue, verify, admits };
}

describe("keys of a JWKS URL", () => {
  it.each(["EdDSA", "Ed25519", "ES256"] as const)(
    "verify tickets of %s, and are asked for once",
    async (alg) => {
      const app = await generateKeySet({ alg });
      const { server, admits } = await setUp(publicJwks(app));
      expect(server.requests).toBe(0);
      expect(await Promise.all([admits(app), admits(app), admits(app)])).toEqual([true, true, true]);
      expect([await admits(app), server.requests]).toEqual([true, 1]);
    },
  );

  it("stand beside keys of one's own, which need no server", async () => {
    const [own, app] = [await generateKeySet(), await generateKeySet({ alg: "ES256" })];
    const { server, admits } = await setUp(publicJwks(app), own);
    expect([await admits(own), server.requests]).toEqual([true, 0]);
    expect([await admits(app), server.requests]).toEqual([true, 1]);
  });

  it("do not replace a key of one's own with the same id: both are tried, one's own first", async () => {
    const [own, app, stranger] = await Promise.all([generateKeySet(), generateKeySet(), generateKeySet()]);
    const { kid } = own.signer ?? expect.fail("it signs");
    const { server, admits } = await setUp(named(publicJwks(app), kid), own);
    const under = async (keys: KeySet) => importKeySet(named(await exportKeySet(keys), kid));
    expect([await admits(own), server.requests]).toEqual([true, 0]);
    expect([await admits(await under(app)), server.requests]).toEqual([true, 1]);
    await expect(admits(await under(stranger))).rejects.toEqual(refusal("ticket_invalid"));
  });

  it("are asked for again when a ticket names one that nobody knows", async () => {
    const [old, next, third] = await Promise.all([generateKeySet(), generateKeySet(), generateKeySet()]);
    const { server, admits } = await setUp(publicJwks(old));
    await admits(old);
    for (const key of [next, third]) {
      server.jwks = both(server.jwks as Jwks, key);
      expect(await admits(key)).toBe(true);
    }
    expect([await admits(old), server.requests]).toEqual([true, 3]);
  });

  it("are not asked for by made-up key ids more than once in 10 s", async () => {
    const app = await generateKeySet();
    const { server, clock, admits } = await setUp(publicJwks(app));
    await admits(app);
    for (let index = 0; index < 20; index += 1)
      await expect(admits(await generateKeySet())).rejects.toEqual(UNKNOWN);
    expect(server.requests).toBe(2);
    clock.ms += 10_000;
    await expect(admits(await generateKeySet())).rejects.toEqual(UNKNOWN);
    expect([await admits(app), server.requests]).toEqual([true, 3]);
  });

  it("end within 5 minutes of their removal", async () => {
    const [old, next] = [await generateKeySet(), await generateKeySet()];
    const { server, clock, admits } = await setUp(both(publicJwks(old), next));
    expect(await admits(old)).toBe(true);
    server.jwks = publicJwks(next);
    clock.ms += 5 * MINUTE_MS;
    await expect(admits(old)).rejects.toEqual(UNKNOWN);
    expect(await admits(next)).toBe(true);
  });

  it("of several URLs count together, and a new one makes each be asked", async () => {
    const [first, second, next] = await Promise.all([generateKeySet(), generateKeySet(), generateKeySet()]);
    const [a, b] = [await setUp(publicJwks(first)), await setUp(publicJwks(second))];
    const keys = createTicketKeys({ jwksUrls: [a.url, b.url], now: a.now });
    const admits = async (by: KeySet) => (await verifyTicket(keys, await a.issue(by), { now: a.now })).sub;
    await Promise.all([admits(first), admits(second)]);
    b.server.jwks = both(publicJwks(second), next);
    expect(await Promise.all([admits(first), admits(second), admits(next)])).toEqual(["ann", "ann", "ann"]);
    expect([a.server.requests, b.server.requests]).toEqual([2, 2]);
  });
});

describe("keys of a JWKS URL that are kept fresh", () => {
  const HASTY = { everyMs: 20, retryMs: 20 };
  /** Its server has answered, although no ticket came. */
  async function setUpKept(app: KeySet, freshness?: typeof HASTY) {
    const made = await setUp(publicJwks(app));
    const answered = Promise.withResolvers<void>();
    made.server.answer = (_, response) => {
      made.server.answer = null;
      response.end(JSON.stringify(made.server.jwks), () => answered.resolve());
    };
    onTestFinished(made.keys.published?.keepFresh(freshness) ?? expect.fail("it has URLs"));
    await answered.promise;
    return made;
  }

  it("are there before the first ticket, when their server is away", async () => {
    const app = await generateKeySet();
    const { server, failures, admits } = await setUpKept(app);
    server.answer = (request) => request.socket.destroy();
    expect([await admits(app), server.requests, failures]).toEqual([true, 1, []]);
  });

  it("let nobody wait for a server that stalls", async () => {
    const app = await generateKeySet();
    const { server, clock, failures, admits } = await setUpKept(app, HASTY);
    const stalled = Promise.withResolvers<void>();
    server.answer = () => stalled.resolve();
    await stalled.promise;
    clock.ms += 10 * MINUTE_MS;
    expect(await admits(app)).toBe(true);
    expect(failures, "it has not even timed out").toEqual([]);
  });

  it("outlast a server that dies, whose failures are told, and follow it when it is back", async () => {
    const [old, next] = [await generateKeySet(), await generateKeySet()];
    const { server, clock, failures, keys, admits } = await setUpKept(old, HASTY);
    server.answer = (request) => request.socket.destroy();
    await expect.poll(() => failures.length).toBeGreaterThan(1);
    clock.ms += 10 * MINUTE_MS;
    expect(await admits(old)).toBe(true);
    server.jwks = publicJwks(next);
    server.answer = null;
    await expect.poll(async () => (await keys.published?.find(next.signer?.kid ?? ""))?.keys).toHaveLength(1);
    expect(await admits(next)).toBe(true);
    await expect(admits(old)).rejects.toEqual(UNKNOWN);
  });

  it("are asked for by tickets alone again once that has ended", async () => {
    const [old, next] = [await generateKeySet(), await generateKeySet()];
    const { server, clock, keys, admits } = await setUp(publicJwks(old));
    const stop = keys.published?.keepFresh(HASTY);
    await expect.poll(() => server.requests).toBeGreaterThan(1);
    stop?.();
    server.jwks = publicJwks(next);
    clock.ms += 5 * MINUTE_MS;
    expect(await admits(next)).toBe(true);
    await expect(admits(old)).rejects.toEqual(UNKNOWN);
  });
});

describe("a JWKS server that is down", () => {
  const isDown: RequestListener = (request) => request.socket.destroy();

  it("leaves the keys in force that it gave before, however old", async () => {
    const app = await generateKeySet();
    const { server, clock, admits, failures } = await setUp(publicJwks(app));
    await admits(app);
    server.answer = isDown;
    clock.ms += 10 * MINUTE_MS;
    expect([await admits(app), await admits(app)]).toEqual([true, true]);
    expect([server.requests, failures.length]).toEqual([2, 1]);
    clock.ms += 10_000;
    server.answer = null;
    expect([await admits(app), server.requests]).toEqual([true, 3]);
  });

  it("makes tickets of unknown keys come again later, and is asked again after 10 s", async () => {
    const app = await generateKeySet();
    const { server, clock, admits, failures } = await setUp(publicJwks(app));
    server.answer = isDown;
    for (let index = 0; index < 5; index += 1)
      await expect(admits(app)).rejects.toEqual(refusal("ticket_keys_unreachable"));
    expect([server.requests, failures.length]).toEqual([1, 1]);
    server.answer = null;
    clock.ms += 10_000;
    expect(await admits(app)).toBe(true);
  });

  const elsewhere =
    (url: string): RequestListener =>
    (_request, response) =>
      void response.writeHead(302, { location: url }).end();
  it.each<[string, string, RequestListener]>([
    ["an error", "503", (_, response) => void response.writeHead(503).end("no")],
    ["no JSON", "no JSON", (_, response) => void response.end("<html>")],
    ["JSON that is no JWK Set", "keys", (_, response) => void response.end('{"keys":{}}')],
    [
      "more than 64 KB",
      "over 65536",
      (_, response) => void response.end(`{"keys":[],"x":"${"x".repeat(70_000)}"}`),
    ],
    ["no end to its headers", "TimeoutError", () => {}],
    ["no end to its body", "TimeoutError", (_, response) => void response.writeHead(200).write('{"keys":[')],
  ])("is one that answers %s", async (_what, reason, answer) => {
    const app = await generateKeySet();
    const { server, admits, failures } = await setUp(publicJwks(app));
    server.answer = answer;
    await expect(admits(app)).rejects.toEqual(refusal("ticket_keys_unreachable"));
    expect(failures).toEqual([expect.stringContaining(reason)]);
  });

  it("is one that answers a redirect, which nobody follows", async () => {
    const app = await generateKeySet();
    const [target, { server, admits, failures }] = [await setUp(publicJwks(app)), await setUp({ keys: [] })];
    server.answer = elsewhere(target.url);
    await expect(admits(app)).rejects.toEqual(refusal("ticket_keys_unreachable"));
    expect([target.server.requests, failures]).toEqual([0, [expect.stringContaining("302")]]);
  });
});

describe("what a JWKS URL serves that is no public key of tickets", () => {
  it("never counts: a symmetric key", async () => {
    const secret = await generateKeySet({ alg: "HS256" });
    const { admits } = await setUp(await exportKeySet(secret));
    await expect(admits(secret)).rejects.toEqual(UNKNOWN);
  });

  it("is left out, and the others count: other types, encryption keys, nonsense", async () => {
    const app = await generateKeySet();
    const [own] = publicJwks(app).keys;
    const rsa = await exportJWK((await generateKeyPair("RS256")).publicKey);
    const es256 = publicJwks(await generateKeySet({ alg: "ES256" })).keys[0];
    const others = [
      rsa,
      null,
      7,
      {},
      { ...own, kid: "e", use: "enc" },
      { ...es256, kid: "p", y: "A".repeat(43) },
    ];
    const { admits } = await setUp({ keys: [...others, own] });
    expect(await admits(app)).toBe(true);
  });

  it("a private key makes no signer of who reads it", async () => {
    const app = await generateKeySet();
    const { keys, admits } = await setUp(await exportKeySet(app));
    expect([await admits(app), keys.signer]).toEqual([true, null]);
  });
});

function named({ keys }: Jwks, kid: string): Jwks {
  return { keys: keys.map((key) => ({ ...key, kid })) };
}

function both({ keys }: Jwks, other: KeySet): Jwks {
  return { keys: [...keys, ...publicJwks(other).keys] };
}
