import { ErrorAnswer, FairleadError } from "@fairlead/protocol";
import { createConsoleLogger } from "@fairlead/telemetry/console";
import { answerFailure } from "./answer-failure.ts";
import { chooseShards } from "./choose-shards.ts";
import { readFrontConfig } from "./worker-settings.ts";
import type { WorkerEnv } from "./workers-api.ts";

/** Has a shard answer; the next one where one is full. @param random 0..1. */
export async function askShards(request: Request, env: WorkerEnv, random: () => number): Promise<Response> {
  try {
    const { shards, location } = await readFrontConfig(env);
    let answer = answerFailure(new FairleadError("signaling_full"));
    for (const number of chooseShards(new URL(request.url).pathname, shards, random)) {
      answer = await ask(env, { number, location }, request);
      if (!(await isFull(answer, request))) return answer;
    }
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

/** Only upgrades are refused for this, and have no body that would be used up. */
async function isFull(answer: Response, request: Request): Promise<boolean> {
  if (answer.status !== 503 || request.headers.get("Upgrade") === null) return false;
  const body = ErrorAnswer.safeParse(await answer.clone().json());
  return body.success && body.data.error.code === "signaling_full";
}
