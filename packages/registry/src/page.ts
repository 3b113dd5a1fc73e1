import type { Page } from "./registry.ts";

const PAGE_LIMIT = 100;

export function pageSize(limit: number): number {
  return Math.min(Math.max(limit, 1), PAGE_LIMIT);
}

/** @param found One more than the page holds, where there are more. */
export function pageOf<T>(found: readonly T[], size: number, cursorOf: (each: T) => string): Page<T> {
  const items = found.slice(0, size);
  const last = items.at(-1);
  return found.length > size && last !== undefined ? { items, cursor: cursorOf(last) } : { items };
}

/** @returns What a list of nodes, which are named `nodeId incarnation`, begins after. */
export function startOf({ cursor = "", nodeId }: { cursor?: string; nodeId?: string }): string {
  const beforeNode = nodeId === undefined ? "" : `${nodeId} `;
  return cursor > beforeNode ? cursor : beforeNode;
}
