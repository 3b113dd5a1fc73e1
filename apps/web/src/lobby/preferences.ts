import * as z from "zod";

/** The page's memory on this computer between visits. An empty device id means the system's default. */
export const Preferences = z.object({
  name: z.string().max(128).catch(""),
  cameraId: z.string().catch(""),
  microphoneId: z.string().catch(""),
  speakerId: z.string().catch(""),
  isCameraOn: z.boolean().catch(true),
  isMicrophoneOn: z.boolean().catch(true),
});
export type Preferences = z.infer<typeof Preferences>;

const KEY = "fairlead.preferences";

type Store = Pick<Storage, "getItem" | "setItem">;

/** @returns What was saved; the defaults for whatever is missing, spoilt or blocked by the browser. */
export function loadPreferences(store: () => Store): Preferences {
  try {
    return Preferences.parse(JSON.parse(store().getItem(KEY) ?? "{}"));
  } catch {
    return Preferences.parse({});
  }
}

export function savePreferences(store: () => Store, preferences: Preferences): void {
  try {
    store().setItem(KEY, JSON.stringify(preferences));
  } catch {
    // Private windows and full stores refuse; then the page just does not remember.
  }
}
