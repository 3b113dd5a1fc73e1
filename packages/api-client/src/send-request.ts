import {
  ErrorAnswer,
  FairleadError,
  fromErrorBody,
  httpStatus,
  isRetryable,
  signalingUnreachable,
} from "@fairlead/protocol";
import * as z from "zod";
import type { ApiClientOptions } from "./api-client-options.ts";
import type { UrlPath } from "./url-path.ts";

export type ApiRequest = {
  method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  path: UrlPath;
  query?: Record<string, string | number | undefined>;
  /** Sent as JSON. */
  body?: object;
};

/**
 * @returns The body of the answer, parsed by `schema`.
 * @throws {FairleadError} Signaling's refusal; `signaling_unreachable` if nobody answers in time, or something else than signaling does.
 */
export type SendRequest = <T>(schema: Schema<T>, request: ApiRequest) => Promise<T>;
type Schema<T> = { parse(value: unknown): T };

/** Of an answer without a body. */
export const Nothing = z.void();

const FIRST_RETRY_MS = 250;
/** If the server asks for a longer wait, the caller gets the error instead. */
const LONGEST_WAIT_MS = 5_000;

/** Repeats a read a few times if the refusal will pass. Never repeats a request that changes something. */
export function createSender(options: ApiClientOptions): SendRequest {
  const { retries = 2, random = Math.random, pause = pauseFor } = options;
  return async (schema, request) => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await sendOnce(options, schema, request);
      } catch (error) {
        if (attempt >= retries || request.method !== "GET" || !isPassing(error)) throw error;
        const waitMs = error.retryAfterMs ?? FIRST_RETRY_MS * 2 ** attempt;
        if (waitMs > LONGEST_WAIT_MS) throw error;
        // Spreads back ends that were refused together.
        await pause(waitMs * (1 + random() / 2));
      }
    }
  };
}

async function sendOnce<T>(options: ApiClientOptions, schema: Schema<T>, request: ApiRequest): Promise<T> {
  const { fetch = globalThis.fetch } = options;
  const url = urlOf(options.url, request);
  try {
    const answer = await fetch(url, initOf(options, request));
    if (!answer.ok) throw await refusalOf(url, answer);
    return schema.parse(answer.status === 204 ? undefined : await answer.json());
  } catch (cause) {
    if (cause instanceof FairleadError) throw cause;
    throw signalingUnreachable(url, cause);
  }
}

function urlOf(url: string, { path, query = {} }: ApiRequest): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, `${value}`]],
  );
  const search = given.length > 0 ? `?${new URLSearchParams(given)}` : "";
  return `${url.replace(/\/+$/, "")}${path}${search}`;
}

function initOf({ apiKey, timeoutMs = 10_000 }: ApiClientOptions, { method, body }: ApiRequest): RequestInit {
  return {
    method,
    headers: {
      Authorization: `Bearer ${apiKey}`,
      ...(body && { "Content-Type": "application/json" }),
    },
    ...(body && { body: JSON.stringify(body) }),
    // The key is for this server alone; "error" is not known on every runtime.
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  };
}

/** A proxy's error page is no refusal by signaling, but may say when to try again. */
async function refusalOf(url: string, answer: Response): Promise<FairleadError> {
  const { data } = ErrorAnswer.safeParse(await answer.json().catch(() => null));
  if (data) return fromErrorBody(data.error);
  const seconds = Number(answer.headers.get("Retry-After") ?? Number.NaN);
  return signalingUnreachable(url, `HTTP status ${answer.status}`, {
    ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1_000 } : {}),
  });
}

function isPassing(error: unknown): error is FairleadError {
  return error instanceof FairleadError && isRetryable(error.code) && httpStatus(error.code) === 503;
}

function pauseFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
