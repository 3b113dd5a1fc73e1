import { describe } from "vitest";
import type { Runtime } from "../runtime.ts";
import { broadcastFacts } from "./broadcasts.ts";
import { commandFacts } from "./commands.ts";
import { driversOf } from "./driver.ts";
import { httpAnswerFacts } from "./http-answers.ts";
import { httpSessionFacts } from "./http-sessions.ts";
import { joiningFacts } from "./joining.ts";
import { limitFacts } from "./limits.ts";
import { removalFacts } from "./removal.ts";
import { resumingFacts } from "./resuming.ts";
import { ticketFacts } from "./tickets.ts";
import { useInstances } from "./use-instances.ts";
import { noWebSocketFacts, websocketFacts } from "./websocket.ts";

/**
 * Facts that hold on every runtime that the app is deployed to: two instances of it, over real NATS and Redis with a real media
 * node behind.
 */
export function conformanceSuite(runtime: Runtime): void {
  describe(`signaling on ${runtime.name}`, () => {
    const instances = useInstances(runtime);
    for (const driver of driversOf(runtime))
      describe(`over ${driver.name}:`, () => {
        ticketFacts(instances, driver);
        joiningFacts(instances, driver);
        commandFacts(instances, driver);
        resumingFacts(instances, driver);
        removalFacts(instances, driver);
      });
    if (runtime.hasWebSocket) websocketFacts(instances);
    else noWebSocketFacts(instances);
    httpSessionFacts(instances);
    httpAnswerFacts(instances);
    broadcastFacts(instances);
    limitFacts(instances);
  });
}
