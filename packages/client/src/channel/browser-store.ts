/** The parts of Web Storage that are needed. */
export type PageStore = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** @returns Undefined where the browser denies it, and outside of one. */
export function browserStore(): PageStore | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
