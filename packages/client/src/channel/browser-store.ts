/** The part of Web Storage that the SDK uses. */
export type PageStore = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** @returns undefined where the browser denies storage, and outside of a browser. */
export function browserStore(): PageStore | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}
