const KEY = "fairlead.person";

type Store = Pick<Storage, "getItem" | "setItem">;

let held: string | undefined;

/**
 * @returns A secret that stands for whoever uses this tab: the demo makes the same identity of it each time, so that a person who was
 * removed stays out. A tab that was duplicated gets a secret of its own. Undefined where the browser keeps nothing.
 */
export async function personOfTab(store: () => Store): Promise<string | undefined> {
  try {
    const known = store().getItem(KEY);
    if (known && (await hold(known))) return known;
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const person = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    store().setItem(KEY, person);
    await hold(person);
    return person;
  } catch {
    return undefined;
  }
}

/** Until the tab is closed. @returns False if another tab holds it. Pages that are not secure have no locks. */
function hold(person: string): Promise<boolean> {
  const { locks } = navigator;
  if (held === person || !locks) return Promise.resolve(true);
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const lasting = locks.request(`${KEY}.${person}`, { ifAvailable: true }, (lock) => {
    resolve(lock !== null);
    if (!lock) return;
    held = person;
    return new Promise<never>(() => {});
  });
  lasting.catch(reject);
  return promise;
}
