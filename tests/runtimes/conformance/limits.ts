import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { json } from "node:stream/consumers";
import { beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { Instance } from "../runtime.ts";
import { type Driver, driversOf } from "./driver.ts";
import type { Instances } from "./use-instances.ts";

const ALLOWED = 5;
/** Of an address, from which more than one room is joined here. */
const GUESSES = 20;
const PAGE = "https://meet.example";
const SETTINGS = {
  FAIRLEAD_LIMIT_KEY: `${ALLOWED}/60`,
  FAIRLEAD_LIMIT_ADDRESS: `${GUESSES}/60`,
  FAIRLEAD_LIMIT_ROOM: `${ALLOWED}/60`,
  FAIRLEAD_ORIGINS: PAGE,
  FAIRLEAD_TRUSTED_PROXIES: "1",
};

/** Refusals of an instance that is exposed to the internet, wherever it runs. */
export function limitFacts(instances: Instances): void {
  describe("with limits", () => {
    let strict: Instance;
    beforeAll(async () => {
      strict = await instances.start("strict", SETTINGS);
    });
    const ask = (headers: Record<string, string>, path = "/v1/rooms") =>
      fetch(`${strict.url}${path}`, { headers });
    /** @param from An address, as the trusted proxy or the platform tells it. */
    const askInTurn = async (count: number, key: string, from = "127.0.0.1") => {
      const localAddress = instances.runtime.isBehindProxy ? from : "127.0.0.1";
      const headers = { authorization: `Bearer ${key}`, "x-forwarded-for": `192.0.2.1, ${from}` };
      const answers: Answer[] = [];
      for (let asked = 0; asked < count; asked += 1)
        answers.push(await requestFrom(localAddress, `${strict.url}/v1/rooms`, headers));
      return answers;
    };

    it("an API key asks so often, is told how often, and when it may again", async () => {
      const answers = await askInTurn(ALLOWED + 1, instances.cluster.roomsKey);
      expect(answers.map(({ status }) => status)).toEqual([...Array(ALLOWED).fill(200), 429]);
      expect(answers[0]?.headers["ratelimit-policy"]).toBe(`"key";q=${ALLOWED};w=60`);
      expect(answers[0]?.headers.ratelimit).toMatch(new RegExp(`^"key";r=${ALLOWED - 1};t=\\d+$`));
      expect(Number(answers.at(-1)?.headers["retry-after"])).toBeGreaterThan(0);
      expect(answers.at(-1)?.body).toMatchObject({
        error: { code: "rate_limited", detail: { rate: "key" } },
      });
    });

    it("an address guesses so often, and others go on", async () => {
      const answers = await askInTurn(GUESSES + 1, "guessed-by-somebody", "127.0.0.2");
      expect(answers.map(({ status }) => status)).toEqual([...Array(GUESSES).fill(401), 429]);
      expect(answers.at(-1)?.body).toMatchObject({
        error: { code: "rate_limited", detail: { rate: "stranger" } },
      });
      const [other] = await askInTurn(1, "guessed-by-somebody", "127.0.0.3");
      expect(other?.body).toMatchObject({ error: { code: "api_key_invalid" } });
    });

    it.each(driversOf(instances.runtime))(
      "a room is joined so often over $name, and others go on",
      async (driver: Driver) => {
        const room = instances.newRoom();
        for (let joined = 0; joined < ALLOWED; joined += 1) {
          const client = await instances.join(driver, { room, at: strict });
          await client.leave();
        }
        const ticket = await instances.ticket({ room });
        expect(await instances.refusal(driver, { ticket }, strict)).toBe("rate_limited");
        await instances.join(driver, { room: instances.newRoom(), at: strict });
      },
    );

    it("pages of other origins are refused, and those of its own may read", async () => {
      const refused = await ask({ origin: "https://evil.example" }, "/v1/capabilities");
      expect([refused.status, (await refused.json()).error.code]).toEqual([403, "origin_refused"]);
      const read = await ask({ origin: PAGE }, "/v1/capabilities");
      await read.text();
      expect([read.status, read.headers.get("access-control-allow-origin")]).toEqual([200, PAGE]);
    });

    if (!instances.runtime.hasWebSocket) return;
    it("pages of other origins open no WebSocket", async () => {
      const open = (origin: string) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(`${strict.url.replace("http", "ws")}/v1/connect`, { origin });
          socket.once("open", () => {
            socket.close();
            resolve("open");
          });
          socket.once("error", ({ message }) => resolve(message));
        });
      expect(await open("https://evil.example")).toMatch(/403/);
      expect(await open(PAGE)).toBe("open");
    });
  });
}

type Answer = { status: number | undefined; headers: IncomingHttpHeaders; body: unknown };

/** @param localAddress One of loopback's own, of which Linux has many. */
async function requestFrom(localAddress: string, url: string, headers: OutgoingHttpHeaders): Promise<Answer> {
  const asked = request(url, { localAddress, headers, agent: false }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await json(response) };
}
