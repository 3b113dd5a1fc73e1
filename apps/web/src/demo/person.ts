const KEY = "fairlead.person";

type Store = Pick<Storage, "getItem" | "setItem">;

/**
 * @returns A secret that stands for whoever uses this tab: the demo makes the same identity of it each time, so that a person who was
 * removed stays out. Undefined where the browser keeps nothing.
 */
export function personOfTab(store: () => Store): string | undefined {
  try {
    const known = store().getItem(KEY);
    if (known) return known;
    const person = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join("");
    store().setItem(KEY, person);
    return person;
  } catch {
    return undefined;
  }
}
