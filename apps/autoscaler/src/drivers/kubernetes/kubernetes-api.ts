import { readFile } from "node:fs/promises";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import type { MayAct } from "../node-driver.ts";

/** Where the API server is, and who asks it. */
export type KubernetesAccess = {
  /** `https:`, or `http:` for a `kubectl proxy` beside this process. */
  url: string;
  /** The service account's. It is read for each request, because the kubelet writes a new token there within the hour. */
  tokenFile: string;
  /** PEM of the authorities that sign the API server's certificate, read for each request too; undefined: those that Node knows. */
  caFile?: string;
  /** Of one request; default: 10 s. */
  timeoutMs?: number;
};

/** The API server refused, or did not answer. */
export class KubernetesError extends Error {
  /** Of HTTP; null: there was no answer. */
  readonly status: number | null;

  constructor(what: string, status: number | null, cause?: unknown) {
    super(what, { cause });
    this.name = "KubernetesError";
    this.status = status;
  }

  /** Nobody knows: there was no answer, or only that something failed on the way. */
  get mayBeDone(): boolean {
    return this.status === null || this.status >= 500;
  }
}

/** `mayAct`: asked before each try. */
type Question = { method: "GET" | "PUT" | "PATCH"; path: string; body?: unknown; mayAct?: MayAct };
/** `json`: of an answer that is no refusal. */
type Answer = { status: number; body: string; json: unknown; retryAfterMs: number };

const TIMEOUT_MS = 10_000;
/** Further tries of one question. */
const RETRIES = 3;
const RETRY_MS = 500;
const RETRY_MAX_MS = 10_000;

/**
 * The few calls of the Kubernetes API that the driver needs. 429 means that nothing was done, so such a question is asked again when the server says. A
 * question that only reads is asked again after 5xx and silence too; one that writes is not, since it may have been done.
 */
export class KubernetesApi {
  readonly #access: KubernetesAccess;
  readonly #closing = new AbortController();
  readonly #pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
  #agent: HttpAgent | null = null;
  /** The authorities that it trusts. */
  #ca: string | undefined;

  /** @param pause Waits; rejects when the signal aborts. */
  constructor(access: KubernetesAccess, pause: (ms: number, signal: AbortSignal) => Promise<unknown>) {
    this.#access = access;
    this.#pause = pause;
  }

  /** @throws {KubernetesError} */
  get(path: string): Promise<unknown> {
    return this.#ask({ method: "GET", path });
  }

  /** @throws {KubernetesError} With status 409 if the body's `resourceVersion` is not the newest. @throws {Error} It may not act. */
  put(path: string, body: unknown, mayAct: MayAct): Promise<unknown> {
    return this.#ask({ method: "PUT", path, body, mayAct });
  }

  /** By JSON merge patch: null removes a field. @throws {KubernetesError} @throws {Error} It may not act. */
  patch(path: string, body: unknown, mayAct: MayAct): Promise<unknown> {
    return this.#ask({ method: "PATCH", path, body, mayAct });
  }

  /** What is asked now fails, and so does all that is asked later. */
  close(): void {
    this.#closing.abort(new Error("the driver is closed"));
    this.#agent?.destroy();
  }

  async pause(ms: number): Promise<void> {
    await this.#pause(ms, this.#closing.signal);
  }

  async #ask(question: Question): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      if (question.mayAct?.() === false)
        throw new Error(`${question.method} ${question.path}: another autoscaler acts now`);
      const answer = await this.#send(question).catch((cause: unknown) => asFailure(question, cause));
      const isFailure = answer instanceof KubernetesError;
      if (!isFailure && answer.status < 300) return answer.json;
      const error = isFailure ? answer : refusalOf(question, answer);
      if (tries > RETRIES || this.#closing.signal.aborted || !mayRetry(question, error)) throw error;
      const backoffMs = RETRY_MS * 2 ** (tries - 1);
      await this.pause(Math.min(RETRY_MAX_MS, Math.max(backoffMs, isFailure ? 0 : answer.retryAfterMs)));
    }
  }

  async #send({ method, path, body }: Question): Promise<Answer> {
    const { url, tokenFile, timeoutMs = TIMEOUT_MS } = this.#access;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
    const token = (await readFile(tokenFile, "utf8")).trim();
    const headers = {
      Accept: "application/json",
      Authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "Content-Type": TYPES[method] }),
    };
    const agent = await this.#openAgent();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = url.startsWith("https:") ? httpsRequest : httpRequest;
    request(new URL(path, url), { method, headers, agent, signal }, resolve)
      .once("error", reject)
      .end(body === undefined ? undefined : JSON.stringify(body));
    const response = await promise;
    const { statusCode: status = 0 } = response;
    const read = await text(response);
    return {
      status,
      body: read,
      json: status < 300 ? JSON.parse(read) : null,
      retryAfterMs: (Number(response.headers["retry-after"]) || 0) * 1_000,
    };
  }

  async #openAgent(): Promise<HttpAgent> {
    const { url, caFile } = this.#access;
    const ca = caFile === undefined ? undefined : await readFile(caFile, "utf8");
    if (this.#agent && ca === this.#ca) return this.#agent;
    this.#ca = ca;
    this.#agent = url.startsWith("https:")
      ? new HttpsAgent({ keepAlive: true, ca })
      : new HttpAgent({ keepAlive: true });
    return this.#agent;
  }
}

const TYPES = { GET: "", PUT: "application/json", PATCH: "application/merge-patch+json" };

function mayRetry({ method }: Question, { status, mayBeDone }: KubernetesError): boolean {
  return status === 429 || (method === "GET" && mayBeDone);
}

function asFailure({ method, path }: Question, cause: unknown): KubernetesError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new KubernetesError(`${method} ${path}: ${reason}`, null, cause);
}

/** The server's own words tell which right is missing, or what has changed. */
function refusalOf({ method, path }: Question, { status, body }: Answer): KubernetesError {
  return new KubernetesError(`${method} ${path}: ${status} ${messageIn(body)}`, status);
}

function messageIn(body: string): string {
  try {
    const { message } = JSON.parse(body);
    if (typeof message === "string") return message;
  } catch {
    // A proxy's page is no Status of Kubernetes.
  }
  return body.slice(0, 200);
}
