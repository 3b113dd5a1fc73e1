import { FairleadError, randomId, setNewest } from "@fairlead/protocol";
import { type Logger, type Metrics, noMetrics } from "@fairlead/telemetry";
import { DoneQueue } from "./done-queue.ts";
import type { HookFacts, HookName, HookSettings, Hooks } from "./hooks.ts";
import { type HookBody, postHook } from "./post-hook.ts";
import { Slots } from "./slots.ts";

const TIMEOUT_MS = 2_000;
const AT_ONCE = 50;
/** The others are for publishers alone: a crowd of viewers keeps none of them waiting. */
const AT_ONCE_BUT_PUBLISHERS = 45;
const ANSWERS_MAX = 10_000;
const ANSWER_KEPT_MS = 10_000;
/** So long without a failure it counts as reached again. */
const STEADY_MS = 5_000;
/** Ends take a share of the requests at once: a broadcast that ends for a thousand viewers keeps nobody waiting. */
const DONES = { atOnce: 10, max: 10_000, retryDelaysMs: [1_000, 4_000, 16_000] };

export type HooksOptions = HookSettings & {
  log: Logger;
  /** Default: nothing is counted. */
  metrics?: Metrics;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** Of one request, waiting for its turn included; default: 2 s. */
  timeoutMs?: number;
  /** Default: after 1, 4 and 16 s. */
  retryDelaysMs?: readonly number[];
};

type Answer = { isYes: Promise<boolean>; askedAtMs: number };

/** Asks and tells the operator's server, by signed POSTs to the one URL of the configuration. */
export function createHooks(options: HooksOptions): Hooks {
  const { log, isFailOpen, metrics = noMetrics, now = Date.now, timeoutMs = TIMEOUT_MS } = options;
  const slots = new Slots(AT_ONCE);
  const slotsOfOthers = new Slots(AT_ONCE_BUT_PUBLISHERS);
  const answers = new Map<string, Answer>();
  const reach = noteReach(log, now);
  const dones = new DoneQueue({
    ...DONES,
    retryDelaysMs: options.retryDelaysMs ?? DONES.retryDelaysMs,
    onDropped: () => metrics.count("hook.failed", "dropped"),
  });

  const post = async (body: HookBody): Promise<boolean> => {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const send = () => slots.use(signal, () => postHook(options, body, { signal, nowMs: now() }));
      const isYes = await (body.hook === "on_publish" ? send() : slotsOfOthers.use(signal, send));
      reach.succeeded();
      return isYes;
    } catch (cause) {
      metrics.count("hook.failed", body.hook);
      reach.failed(body.hook, cause);
      throw new FairleadError("hook_unreachable", { retryAfterMs: timeoutMs, cause });
    }
  };

  const answerTo = (hook: HookName, facts: HookFacts): Promise<boolean> => {
    const key = answerKey(hook, facts);
    const [known, nowMs] = [answers.get(key), now()];
    // Either way: a clock that was set back must not keep an answer for as long.
    if (known && Math.abs(nowMs - known.askedAtMs) < ANSWER_KEPT_MS) return known.isYes;
    const isYes = post(bodyOf(hook, facts, nowMs));
    setNewest(answers, [key, { isYes, askedAtMs: nowMs }], ANSWERS_MAX);
    isYes.catch(() => answers.get(key)?.isYes === isYes && answers.delete(key));
    return isYes;
  };

  const ask = async (hook: HookName, facts: HookFacts): Promise<void> => {
    const isYes = await answerTo(hook, facts).catch((error: unknown) => {
      if (isFailOpen) return true;
      throw error;
    });
    if (isYes) return;
    const { broadcastId, sessionId, kind } = facts;
    log.debug("hook.refused", { hook, roomId: broadcastId, sessionId, kind });
    throw new FairleadError("hook_refused");
  };

  const tell = (hook: HookName, facts: HookFacts): void => {
    const body = bodyOf(hook, facts, now());
    dones.add({ sessionId: facts.sessionId, tell: async () => void (await post(body)) });
  };

  return {
    areAsked: true,
    askPublish: (facts) => ask("on_publish", facts),
    tellPublishDone: (facts) => {
      // It may publish on at the next place of its room: of that the server must hear after this.
      answers.delete(answerKey("on_publish", facts));
      tell("on_publish_done", facts);
    },
    askPlay: (facts) => ask("on_play", facts),
    tellPlayDone: (facts) => tell("on_play_done", facts),
    close: () => dones.close(timeoutMs),
  };
}

function answerKey(hook: HookName, { broadcastId, kind, cacheKey }: HookFacts): string {
  return JSON.stringify([hook, broadcastId, kind, cacheKey]);
}

function bodyOf(hook: HookName, { cacheKey: _, ...facts }: HookFacts, atMs: number): HookBody {
  return { id: randomId(), hook, atMs, ...facts };
}

/** Logs when the hook stops and when it begins to answer again, not each request of a bad hour, nor every other one. */
function noteReach(log: Logger, now: () => number) {
  let failedAtMs: number | null = null;
  return {
    succeeded: () => {
      if (failedAtMs === null || Math.abs(now() - failedAtMs) < STEADY_MS) return;
      log.info("hook.reached");
      failedAtMs = null;
    },
    failed: (hook: HookName, error: unknown) => {
      if (failedAtMs === null) log.warn("hook.unreachable", { hook, error });
      failedAtMs = now();
    },
  };
}
