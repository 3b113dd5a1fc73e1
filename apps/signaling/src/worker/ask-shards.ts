import { ErrorAnswer, FairleadError } from "@fairlead/protocol";
import { createConsoleLogger } from "@fairlead/telemetry/console";
import { answerFailure } from "./answer-failure.ts";
import { chooseShards } from "./choose-shards.ts";
import { readFrontConfig } from "./worker-settings.ts";
import type { WorkerEnv } from "./workers-api.ts";

const JOIN_PATH = "/v1/sessions";

/** Has a shard answer; the next one where one is full. @param random 0..1. */
export async function askShards(request: Request, env: WorkerEnv, random: () => number): Promise<Response> {
  try {
    const { shards, location } = await readFrontConfig(env);
    let answer = answerFailure(new FairleadError("signaling_full"));
    const { pathname } = new URL(request.url);
    for (const number of chooseShards(pathname, shards, random)) {
      // A shard that is full has used the body up. Nothing else with a body is refused for that.
      const asked = pathname === JOIN_PATH ? request.clone() : request;
      answer = await ask(env, { number, location }, asked);
      if (!(await isFull(answer))) break;
    }
    // One whose sender has gone away can't be cancelled, nor need it be.
    if (pathname === JOIN_PATH) await request.body?.cancel().catch(() => {});
    return answer;
  } catch (error) {
    createConsoleLogger({ level: "error" }).error("front.failed", { error });
    return answerFailure(error);
  }
}

type Chosen = { number: number; location: string | undefined };

async function ask(env: WorkerEnv, { number, location }: Chosen, request: Request): Promise<Response> {
  const options = location === undefined ? {} : { locationHint: location };
  try {
    return await env.SIGNALING.getByName(`shard-${number}`, options).fetch(request);
  } catch (error) {
    // A deploy or a move of the Durable Object took it away in the middle: it is somewhere else soon.
    createConsoleLogger({ level: "warn" }).warn("shard.gone", { shard: number, error });
    return answerFailure(new FairleadError("shutting_down"));
  }
}

/** One that only asks to be come back to later says when: the others would say so too. */
async function isFull(answer: Response): Promise<boolean> {
  if (answer.status !== 503) return false;
  const { data } = ErrorAnswer.safeParse(await answer.clone().json());
  return data?.error.code === "signaling_full" && data.error.retryAfterMs === undefined;
}
