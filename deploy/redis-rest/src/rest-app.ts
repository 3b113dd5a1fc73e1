import { createHash, timingSafeEqual } from "node:crypto";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import * as z from "zod";
import { faultOfCommand } from "./allowed-commands.ts";
import { RedisAwayError, type RedisConnection, type Reply } from "./redis-connection.ts";

/** Ten times a complete heartbeat of 10,000 rooms. */
const BODY_LIMIT = 8 * 1024 * 1024;
const COMMAND_LIMIT = 1_000;

/** Clients send numbers and booleans unquoted. */
const Command = z
  .array(z.union([z.string(), z.number(), z.boolean()]).transform(String))
  .min(1)
  .max(100_000);
const Commands = z.array(Command).min(1).max(COMMAND_LIMIT);

/** A refusal, in the words that the protocol has for it. */
class RestError extends Error {}

/** Upstash's REST protocol: `POST /` runs one command, `/pipeline` several, `/multi-exec` several as one transaction. */
export function createRestApp(redis: RedisConnection, token: string): Hono {
  const app = new Hono();
  const isToken = tokenCheck(token);
  app.use(async (c, next) => {
    if (!isToken(c.req.header("authorization")))
      return c.json({ error: "WRONGPASS invalid or missing token" }, 401);
    return next();
  });
  app.use(bodyLimit({ maxSize: BODY_LIMIT, onError: (c) => c.json({ error: "ERR body too large" }, 413) }));
  app.post("/", async (c) => {
    const command = accept(parse(Command, await readJson(c.req.raw)));
    return c.json({ result: encoder(c.req.raw)(await redis.send(command)) });
  });
  app.post("/pipeline", async (c) => {
    const commands = parse(Commands, await readJson(c.req.raw));
    const encode = encoder(c.req.raw);
    return c.json(await Promise.all(commands.map((command) => answerOf(redis, command, encode))));
  });
  app.post("/multi-exec", async (c) => {
    const commands = parse(Commands, await readJson(c.req.raw)).map(accept);
    const encode = encoder(c.req.raw);
    const replies = await redis.sendTogether(commands);
    return c.json(replies.map((reply) => resultOf(reply, encode)));
  });
  app.notFound((c) =>
    c.json({ error: "ERR no such path: POST a command to /, /pipeline or /multi-exec" }, 404),
  );
  app.onError((error, c) => c.json({ error: error.message }, error instanceof RedisAwayError ? 503 : 400));
  return app;
}

/** Compares digests, so that neither the time it takes nor a length reveals anything about the token. */
function tokenCheck(token: string): (authorization: string | undefined) => boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(`Bearer ${token}`);
  return (authorization = "") => timingSafeEqual(digest(authorization), expected);
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    throw new RestError("ERR the body is not JSON");
  }
}

function parse<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body);
  if (!result.success) throw new RestError("ERR the body is not a command, or a list of commands");
  return result.data;
}

function accept(command: string[]): string[] {
  const fault = faultOfCommand(command);
  if (fault !== null) throw new RestError(fault);
  return command;
}

type Encode = (reply: Reply) => unknown;

async function answerOf(redis: RedisConnection, command: string[], encode: Encode) {
  try {
    return resultOf(await redis.send(accept(command)), encode);
  } catch (error) {
    if (error instanceof RedisAwayError) throw error;
    return resultOf(error instanceof Error ? error : new Error(String(error)), encode);
  }
}

function resultOf(reply: Reply, encode: Encode): { result: unknown } | { error: string } {
  return reply instanceof Error ? { error: reply.message } : { result: encode(reply) };
}

/** With `Upstash-Encoding: base64` every string is sent in base64, except a plain OK, which clients do not decode. */
function encoder(request: Request): Encode {
  const isBase64 = request.headers.get("upstash-encoding") === "base64";
  const encode: Encode = (reply) => {
    if (Array.isArray(reply)) return reply.map(encode);
    if (reply instanceof Error) return reply.message;
    if (typeof reply === "string")
      return isBase64 && reply !== "OK" ? Buffer.from(reply).toString("base64") : reply;
    return Buffer.isBuffer(reply) ? reply.toString(isBase64 ? "base64" : "utf8") : reply;
  };
  return encode;
}
