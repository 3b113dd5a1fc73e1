/**
 * Stands for the Node.js runtime of AWS Lambda: takes invocations from the Runtime API and hands them to the handler that
 * `_HANDLER` names in `LAMBDA_TASK_ROOT`, with the global `awslambda` that streams responses.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { existsSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import { ResponseStream } from "./response-stream.ts";

type Handler = (event: unknown, stream: ResponseStream, context: object) => Promise<void>;

const { AWS_LAMBDA_RUNTIME_API: api, LAMBDA_TASK_ROOT: root = ".", _HANDLER: name = "" } = process.env;
const RUNTIME = `http://${api}/2018-06-01/runtime`;

Object.assign(globalThis, {
  awslambda: {
    streamifyResponse: (handler: Handler) => handler,
    HttpResponseStream: {
      from: (stream: ResponseStream, metadata: object) => stream.beginWith(metadata),
    },
  },
});

async function call(method: "GET" | "POST", path: string, body = ""): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  httpRequest(`${RUNTIME}${path}`, { method }, resolve).on("error", reject).end(body);
  return promise;
}

async function loadHandler(): Promise<Handler> {
  const [file = "", exported = ""] = name.split(".");
  const found = ["mjs", "ts"].map((end) => join(root, `${file}.${end}`)).find((path) => existsSync(path));
  return (await import(found ?? join(root, file)))[exported];
}

function explain(error: unknown): string {
  const { name: errorType, message: errorMessage, stack } = error as Error;
  return JSON.stringify({ errorType, errorMessage, stackTrace: stack?.split("\n") });
}

async function runInvocation(handler: Handler): Promise<void> {
  const next = await call("GET", "/invocation/next");
  const id = String(next.headers["lambda-runtime-aws-request-id"]);
  const deadlineMs = Number(next.headers["lambda-runtime-deadline-ms"]);
  const context = { awsRequestId: id, getRemainingTimeInMillis: () => deadlineMs - Date.now() };
  const stream = new ResponseStream(`${RUNTIME}/invocation/${id}/response`);
  try {
    await handler(JSON.parse(await text(next)), stream, context);
    await finished(stream);
  } catch (error) {
    console.error(error);
    (await call("POST", `/invocation/${id}/error`, explain(error))).resume();
  }
}

const handler = await loadHandler().catch(async (error) => {
  console.error(error);
  (await call("POST", "/init/error", explain(error))).resume();
  process.exit(1);
});
for (;;) await runInvocation(handler);
