import { expect } from "vitest";
import type { ProtocolClient } from "./protocol-client.ts";

const SETTLES_WITHIN_MS = 15_000;

/**
 * All of them see the same room, once each has applied what is on its way to it: the answer to a command, or one peer's event,
 * says nothing of the others' events.
 */
export async function expectSameView(...clients: readonly ProtocolClient[]): Promise<void> {
  const views = () => [...new Set(clients.map(({ view }) => view.summary().join(", ")))];
  await expect.poll(views, { timeout: SETTLES_WITHIN_MS, interval: 20 }).toHaveLength(1);
}
