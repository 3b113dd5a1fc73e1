import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { dieWithParent } from "../../support/processes/die-with-parent.ts";
import { untilStopped } from "../../support/servers/until-stopped.ts";
import { relayResponse } from "./relay-response.ts";

const CLIENT = join(import.meta.dirname, "runtime-client.ts");
const FLAGS = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
const HOST = "127.0.0.1";

export type LambdaFunction = {
  env: Record<string, string>;
  /** The folder of the file that `handler` names. */
  taskRoot: string;
  /** `FILE.EXPORT` */
  handler: string;
  /** How long one invocation may take, ms. */
  timeoutMs: number;
  logFile: string;
};

type Invocation = { id: string; response: ServerResponse; settle: (error?: Error) => void };

/**
 * An execution environment: a process that serves one invocation at a time, by the Runtime API, and is frozen (SIGSTOP) while
 * it waits for the next one. One that overruns its time is ended.
 */
export class LambdaInstance {
  readonly #options: LambdaFunction;
  readonly #api = createServer((request, response) => void this.#serve(request, response));
  #child: ChildProcess | undefined;
  #waiting: ServerResponse | undefined;
  #onWaiting = Promise.withResolvers<void>();
  #invocation: Invocation | undefined;

  private constructor(options: LambdaFunction) {
    this.#options = options;
  }

  /** Resolves when it asks for its first invocation. @throws {Error} It ended before. */
  static async start(options: LambdaFunction): Promise<LambdaInstance> {
    const instance = new LambdaInstance(options);
    await instance.#start();
    return instance;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Frozen, and free for an invocation. */
  get isIdle(): boolean {
    return this.isRunning && this.#waiting !== undefined && !this.#invocation;
  }

  get isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when the function has ended its answer and the instance is frozen again. @throws {Error} It failed to. */
  async invoke(event: object, response: ServerResponse): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { timeoutMs } = this.#options;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#onWaiting = Promise.withResolvers();
    const settle = (error?: Error) => (error ? reject(error) : resolve());
    this.#invocation = { id: randomUUID(), response, settle };
    const overrun = setTimeout(() => this.kill(), timeoutMs);
    this.#child?.kill("SIGCONT");
    waiting?.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": this.#invocation.id,
      "lambda-runtime-deadline-ms": Date.now() + timeoutMs,
    });
    waiting?.end(JSON.stringify(event));
    try {
      await promise;
      await this.#onWaiting.promise;
    } finally {
      clearTimeout(overrun);
      this.#invocation = undefined;
    }
  }

  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  async close(): Promise<void> {
    this.kill();
    if (this.isRunning) await once(this.#child as ChildProcess, "exit");
    this.#api.closeAllConnections();
    this.#api.close();
  }

  async #start(): Promise<void> {
    const { env, taskRoot, handler, logFile } = this.#options;
    this.#api.listen(0, HOST);
    await once(this.#api, "listening");
    const api = `${HOST}:${(this.#api.address() as AddressInfo).port}`;
    const [program, args] = dieWithParent([process.execPath, ...FLAGS, CLIENT]);
    const aws = { AWS_LAMBDA_RUNTIME_API: api, LAMBDA_TASK_ROOT: taskRoot, _HANDLER: handler };
    this.#child = spawn(program, args, { env: { ...env, ...aws }, stdio: ["ignore", "pipe", "pipe"] });
    const log = createWriteStream(logFile, { flags: "a" });
    this.#child.stdout?.pipe(log);
    this.#child.stderr?.pipe(log);
    this.#child.once("exit", () => this.#fail(new Error(`the instance ended: see ${logFile}`)));
    await this.#onWaiting.promise;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = "" } = request;
    if (url.endsWith("/invocation/next")) return this.#freeze(response);
    const { response: client, settle } = this.#invocation ?? {};
    if (client && settle && url.endsWith("/response"))
      await relayResponse(request, client).then(() => settle(), settle);
    else if (url.endsWith("/error")) this.#invocation?.settle(new Error("the function failed"));
    response.writeHead(202).end();
  }

  async #freeze(waiting: ServerResponse): Promise<void> {
    this.#child?.kill("SIGSTOP");
    // It may be killed meanwhile.
    await untilStopped(this.pid).catch(() => {});
    this.#waiting = waiting;
    this.#onWaiting.resolve();
  }

  #fail(error: Error): void {
    this.#onWaiting.promise.catch(() => {});
    this.#onWaiting.reject(error);
    this.#invocation?.settle(error);
  }
}
