import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { toFunctionUrlEvent } from "./lambda/function-url-event.ts";
import { LambdaInstance } from "./lambda/lambda-instance.ts";
import type { Runtime } from "./runtime.ts";

const ROOT = join(import.meta.dirname, "../..");
const HOST = "127.0.0.1";
/** The longest that Lambda allows. */
const TIMEOUT_MS = 900_000;
/** Lambda's own limit is of the account; this machine's is lower. */
const MAX_INSTANCES = 20;

export type LambdaOptions = {
  env: Record<string, string>;
  /** Of the log: `artifacts/logs/NAME.log`. */
  name?: string;
  /** How long one invocation may take, ms: also how long an event stream lasts. */
  timeoutMs?: number;
  /** The folder with `lambda.mjs`. Default: where `npm run build:lambda` puts it. */
  taskRoot?: string;
};

export type Lambda = Awaited<ReturnType<typeof startLambda>>;

/**
 * A Function URL with response streaming, as AWS documents it: each request is an event (payload format 2.0) for an instance
 * that is free, or for a new one; instances serve one at a time, so an open event stream occupies one, and are frozen between.
 */
export async function startLambda(options: LambdaOptions) {
  const { env, name = "lambda", timeoutMs = TIMEOUT_MS } = options;
  const logFile = join(ROOT, "artifacts/logs", `${name}.log`);
  mkdirSync(dirname(logFile), { recursive: true });
  const instances: LambdaInstance[] = [];
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, HOST);
  await once(server, "listening");
  const url = `http://${HOST}:${(server.address() as AddressInfo).port}`;
  const made = {
    env: { FAIRLEAD_PUBLIC_URL: url, ...env },
    taskRoot: options.taskRoot ?? join(ROOT, "deploy/lambda/dist"),
    handler: "lambda.handler",
    timeoutMs,
    logFile,
  };

  const taken = new Set<LambdaInstance>();
  let starting = 0;
  const take = async (): Promise<LambdaInstance | null> => {
    const running = instances.filter(({ isRunning }) => isRunning);
    const idle = running.find((one) => one.isIdle && !taken.has(one));
    if (!idle && running.length + starting >= MAX_INSTANCES) return null;
    starting += idle ? 0 : 1;
    const instance = idle ?? (await LambdaInstance.start(made).finally(() => starting--));
    if (!idle) instances.push(instance);
    taken.add(instance);
    return instance;
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let instance: LambdaInstance | null = null;
    try {
      const event = await toFunctionUrlEvent(request);
      instance = await take();
      if (instance) await instance.invoke(event, response);
      else
        response
          .writeHead(429, { "content-type": "application/json" })
          .end('{"Reason":"ConcurrentInvocationLimitExceeded"}');
    } catch {
      if (response.headersSent) response.destroy();
      else
        response
          .writeHead(502, { "content-type": "application/json" })
          .end('{"Message":"Internal Server Error"}');
    } finally {
      if (instance) taken.delete(instance);
    }
  }

  const close = async () => {
    server.closeAllConnections();
    server.close();
    await Promise.all(instances.map((instance) => instance.close()));
  };
  return {
    url,
    logFile,
    /** Those that run, frozen or not, in the order of their starts. */
    instances: () => instances.filter(({ isRunning }) => isRunning),
    /** Of the newest instance. */
    pid: () => instances.at(-1)?.pid ?? 0,
    /** Every instance ends, and the URL with them. */
    kill: close,
    close,
  };
}

export const lambdaRuntime: Runtime = {
  name: "lambda",
  nats: "tcp",
  redis: "rest",
  hasWebSocket: false,
  isBehindProxy: true,
  start: (env, name) => startLambda({ env, name }),
};
