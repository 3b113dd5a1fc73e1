import { serveRedisRest } from "@fairlead/redis-rest";
import { Redis } from "@upstash/redis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RedisServer, startRedis } from "../support/servers/start-redis.ts";

const TOKEN = "a-token-of-the-tests";

let server: RedisServer;
let rest: Awaited<ReturnType<typeof serveRedisRest>>;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  rest = await serveRedisRest({ redisUrl: server.url, token: TOKEN });
  redis = newClient();
});
afterAll(async () => {
  await rest?.close();
  await server?.close();
});
beforeEach(() => server.flush());

function newClient(options: { token?: string; responseEncoding?: false | "base64" } = {}): Redis {
  return new Redis({
    url: rest.url,
    token: TOKEN,
    enableTelemetry: false,
    retry: { retries: 0 },
    ...options,
  });
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const authorization = `Bearer ${TOKEN}`;
  const response = await fetch(`${rest.url}${path}`, {
    method: "POST",
    body: text,
    headers: { authorization, ...headers },
  });
  return { status: response.status, body: await response.json() };
}

describe("Upstash's client", () => {
  it.each([
    ["base64", "base64"],
    ["plain text", false],
  ] as const)("reads back what it wrote, in %s", async (_, responseEncoding) => {
    const client = newClient({ responseEncoding });
    const text = 'Zoë says "OK" — ☂ \n \\';
    expect(await client.set("text", text)).toBe("OK");
    expect(await client.get("text")).toBe(text);
    expect(await client.set("ok", "OK")).toBe("OK");
    expect(await client.get("ok")).toBe("OK");
    expect(await client.get("nothing")).toBeNull();
    expect(await client.incrby("count", 41)).toBe(41);
    expect(await client.rpush("list", "a", "☂", "c")).toBe(3);
    expect(await client.lrange("list", 0, -1)).toEqual(["a", "☂", "c"]);
    expect(await client.hset("hash", { one: "1st", two: "2nd" })).toBe(2);
    expect(await client.hgetall("hash")).toEqual({ one: "1st", two: "2nd" });
    expect(await client.scan(0, { match: "te*" })).toEqual(["0", ["text"]]);
  });

  it("runs scripts by text and by hash, and hears of one that is not known", async () => {
    const script = "return { KEYS[1], ARGV[1], 7, { 'deep', false } }";
    const expected = ["key", "value", 7, ["deep", null]];
    expect(await redis.eval(script, ["key"], ["value"])).toEqual(expected);
    const sha = await redis.scriptLoad(script);
    expect(await redis.evalsha(sha, ["key"], ["value"])).toEqual(expected);
    await expect(redis.evalsha("0".repeat(40), [], [])).rejects.toThrow("NOSCRIPT");
    await expect(redis.eval("return redis.error_reply('MINE all mine')", [], [])).rejects.toThrow(
      "MINE all mine",
    );
  });

  it("gets an answer to each command of a pipeline, refusals among them", async () => {
    const pipeline = redis.pipeline().set("text", "a").incr("text").get("text");
    const answers = await pipeline.exec({ keepErrors: true });
    expect(answers.map(({ result }) => result)).toEqual(["OK", undefined, "a"]);
    expect(answers[1]?.error).toContain("not an integer");
  });

  it("runs a transaction, and none of it when a part is no command", async () => {
    expect(await redis.multi().set("count", 1).incr("count").exec()).toEqual(["OK", 2]);
    const wrong = await post("/multi-exec", [
      ["SET", "count", "9"],
      ["GET", "too", "many"],
    ]);
    expect(wrong).toEqual({
      status: 400,
      body: { error: expect.stringContaining("wrong number of arguments") },
    });
    expect(await redis.get("count")).toBe(2);
    const failing = await post("/multi-exec", [
      ["INCR", "count"],
      ["LPUSH", "count", "no list"],
    ]);
    expect(failing.body).toEqual([{ result: 3 }, { error: expect.stringContaining("WRONGTYPE") }]);
  });

  it("is refused with another token, and without one", async () => {
    await expect(newClient({ token: "another" }).get("text")).rejects.toThrow("WRONGPASS");
    for (const authorization of ["", "Bearer", `bearer${TOKEN}`, `Bearer ${TOKEN}x`])
      expect((await post("/", ["GET", "text"], { authorization })).status).toBe(401);
  });
});

const FORBIDDEN = [
  ["FLUSHALL"],
  ["flushdb"],
  ["KEYS", "*"],
  ["CONFIG", "SET", "save", ""],
  ["SHUTDOWN", "NOSAVE"],
  ["DEBUG", "SLEEP", "1"],
  ["MODULE", "LOAD", "/x.so"],
  ["ACL", "SETUSER", "eve", "on"],
  ["REPLICAOF", "example.org", "6379"],
  ["SLAVEOF", "example.org", "6379"],
  ["CLUSTER", "RESET"],
  ["SCRIPT", "FLUSH"],
  ["SCRIPT", "KILL"],
  ["SCRIPT"],
  ["FUNCTION", "FLUSH"],
  ["MONITOR"],
  ["SUBSCRIBE", "news"],
  ["PSUBSCRIBE", "*"],
  ["BLPOP", "list", "0"],
  ["BZPOPMIN", "set", "0"],
  ["WAIT", "1", "0"],
  ["XREAD", "BLOCK", "0", "STREAMS", "s", "$"],
  ["XREADGROUP", "GROUP", "g", "c", "block", "0", "STREAMS", "s", ">"],
  ["XREADGROUP", "GROUP", "streams", "c", "BLOCK", "0", "STREAMS", "s", ">"],
  ["XREADGROUP", "GROUP", "g", "streams", "BLOCK", "0", "STREAMS", "s", ">"],
  ["MULTI"],
  ["WATCH", "key"],
  ["SELECT", "1"],
  ["SWAPDB", "0", "1"],
  ["CLIENT", "KILL", "TYPE", "normal"],
  ["HELLO", "3"],
  ["AUTH", "x"],
  ["QUIT"],
  ["SAVE"],
  ["MIGRATE", "example.org", "6379", "key", "0", "10"],
  ["A COMMAND OF TOMORROW"],
];

describe("a request that may not be made", () => {
  it.each(FORBIDDEN.map((command) => [command.join(" "), command] as const))("%s", async (_, command) => {
    await redis.set("text", "stays");
    const refused = { error: expect.stringMatching(/^ERR '.+' may not /) };
    expect(await post("/", command)).toEqual({ status: 400, body: refused });
    const among = [["GET", "text"], command, ["GET", "text"]];
    expect(await post("/pipeline", among)).toEqual({
      status: 200,
      body: [{ result: "stays" }, refused, { result: "stays" }],
    });
    expect(await post("/multi-exec", [["SET", "text", "gone"], command])).toEqual({
      status: 400,
      body: refused,
    });
    expect(await redis.get("text")).toBe("stays");
  });

  it.each([
    ["no JSON", "/", "{"],
    ["an object", "/", { command: "GET" }],
    ["no command", "/", []],
    ["a list where one command belongs", "/", [["GET", "text"]]],
    ["one command where a list belongs", "/pipeline", ["GET", "text"]],
    ["too many commands", "/pipeline", Array.from({ length: 1_001 }, () => ["PING"])],
  ])("%s is refused with 400", async (_, path, body) => {
    expect(await post(path, body)).toEqual({
      status: 400,
      body: { error: expect.stringMatching(/^ERR the body/) },
    });
  });

  it("a stream, a group or a consumer named block is no blocking", async () => {
    expect((await post("/", ["XREAD", "STREAMS", "block", "0"])).body).toEqual({ result: null });
    await post("/", ["XGROUP", "CREATE", "block", "block", "$", "MKSTREAM"]);
    const read = ["XREADGROUP", "GROUP", "block", "block", "STREAMS", "block", ">"];
    expect((await post("/", read)).body).toEqual({ result: null });
  });

  it("another path is not found, a body that is too large is not read", async () => {
    expect((await post("/get/text", ["PING"])).status).toBe(404);
    expect((await post("/", ["SET", "text", "x".repeat(8 * 1024 * 1024)])).status).toBe(413);
  });
});

describe("while Redis is away", () => {
  it("requests are answered with 503 at once, and go on when it is back", async () => {
    await server.signal("SIGKILL");
    await expect.poll(async () => (await post("/", ["PING"])).status).toBe(503);
    expect((await post("/pipeline", [["PING"]])).status).toBe(503);
    await server.restart();
    await expect.poll(async () => (await post("/", ["PING"])).body).toEqual({ result: "PONG" });
  });

  it("one that stalls is waited for, and does not take the server with it", async () => {
    await server.signal("SIGSTOP");
    const waiting = post("/", ["PING"]);
    await expect.poll(async () => (await post("/", ["PING"])).status, { timeout: 10_000 }).toBe(503);
    expect((await waiting).status).toBe(503);
    await server.signal("SIGCONT");
    await expect.poll(async () => (await post("/", ["PING"])).status, { timeout: 10_000 }).toBe(200);
  }, 30_000);

  it("it starts all the same", async () => {
    await server.signal("SIGKILL");
    const other = await serveRedisRest({ redisUrl: server.url, token: TOKEN });
    const ask = () =>
      fetch(other.url, { method: "POST", body: '["PING"]', headers: { authorization: `Bearer ${TOKEN}` } });
    expect((await ask()).status).toBe(503);
    await server.restart();
    await expect.poll(async () => (await ask()).status).toBe(200);
    await other.close();
  });
});
