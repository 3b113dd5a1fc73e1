import { randomUUID } from "node:crypto";
import { NodeId } from "@fairlead/protocol";
import { signedHeaders } from "@fairlead/server-process/sign-hook";
import * as z from "zod";
import type { MayAct, NodeDriver, NodeInstance } from "./node-driver.ts";
import { pauseUntil } from "./pause-until.ts";

export const WebhookDriverSettings = z.strictObject({
  kind: z.literal("webhook"),
  /** All that is asked is posted there. No user or password: what goes wrong is logged with the URL. */
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !hasUser(url), { message: "must have no user or password: requests are signed" }),
  /** Signs every request. */
  secret: z.string().min(16).max(256),
});

export type WebhookDriverOptions = Omit<z.output<typeof WebhookDriverSettings>, "kind"> & {
  /** Whose nodes they are. */
  group: string;
  /** Of one request; default: 10 s. */
  timeoutMs?: number;
  /** Milliseconds since 1970. */
  now?: () => number;
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
};

/** What is posted besides the group. */
type Order =
  | { do: "list" }
  | { do: "start"; count: number }
  | { do: "remove"; instance: Pick<NodeInstance, "id" | "nodeId"> };

const TIMEOUT_MS = 10_000;
const RETRY_DELAYS_MS = [500, 2_000];
const ANSWER_MAX_BYTES = 4_000_000;

const Listed = z.object({
  instances: z
    .array(
      z.object({
        id: z.string().min(1).max(256),
        nodeId: NodeId.nullish(),
        /** Milliseconds since 1970. */
        askedAtMs: z.number(),
      }),
    )
    .max(10_000),
});

/**
 * The operator's own server starts and removes the group's nodes: instance groups of a cloud, Nomad, anything. It is asked as hooks are, by signed POSTs to one URL. An order keeps its `id`
 * when it is posted again, so the server carries out each once.
 */
export class WebhookDriver implements NodeDriver {
  readonly #options: WebhookDriverOptions;
  readonly #closing = new AbortController();

  constructor(options: WebhookDriverOptions) {
    this.#options = options;
  }

  async list(): Promise<NodeInstance[]> {
    const { instances } = Listed.parse(JSON.parse(await this.#order({ do: "list" }, () => true)));
    return instances.map(({ nodeId = null, ...instance }) => ({ ...instance, nodeId }));
  }

  async start(count: number, mayAct: MayAct = () => true): Promise<void> {
    await this.#order({ do: "start", count }, mayAct);
  }

  /** 404 and 410 mean that it is gone already. */
  async remove({ id, nodeId }: NodeInstance, mayAct: MayAct = () => true): Promise<void> {
    await this.#order({ do: "remove", instance: { id, nodeId } }, mayAct, [404, 410]);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error("the driver is closed"));
  }

  /**
   * @param mayAct Asked before each try.
   * @param accepted Statuses besides 2xx.
   * @throws {Error} The server refused, or said nothing of use.
   */
  async #order(order: Order, mayAct: MayAct, accepted: readonly number[] = []): Promise<string> {
    const { group, pause = pauseUntil } = this.#options;
    const body = JSON.stringify({ id: randomUUID(), group, ...order });
    for (let tries = 0; ; tries += 1) {
      if (!mayAct()) throw new Error(`"${order.do}" is not posted: another autoscaler acts now`);
      const outcome = await this.#post(body, accepted);
      if (typeof outcome === "string") return outcome;
      const { reason, isPassing } = outcome;
      const delayMs = RETRY_DELAYS_MS[tries];
      if (!isPassing || delayMs === undefined || this.#closing.signal.aborted)
        throw new Error(`the webhook of group ${group} did not do "${order.do}": ${reason}`);
      await pause(delayMs, this.#closing.signal);
    }
  }

  async #post(
    body: string,
    accepted: readonly number[],
  ): Promise<string | { reason: string; isPassing: boolean }> {
    const { url, secret, timeoutMs = TIMEOUT_MS, now = Date.now } = this.#options;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const headers = signedHeaders(secret, body, now());
      const response = await fetch(url, { method: "POST", body, headers, redirect: "manual", signal });
      if (response.ok) return await textOf(response);
      await response.body?.cancel();
      const { status } = response;
      return accepted.includes(status)
        ? ""
        : { reason: `it answered ${status}`, isPassing: status === 429 || status >= 500 };
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), isPassing: true };
    }
  }
}

/** @throws {Error} It is too long. */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let read = "";
  for await (const chunk of response.body ?? []) {
    read += decoder.decode(chunk, { stream: true });
    if (read.length > ANSWER_MAX_BYTES)
      throw new Error(`its answer is longer than ${ANSWER_MAX_BYTES} bytes`);
  }
  return read + decoder.decode();
}

function hasUser(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== "" || password !== "";
}
