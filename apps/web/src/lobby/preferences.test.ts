import { describe, expect, it } from "vitest";
import { loadPreferences, savePreferences } from "./preferences.ts";

function memoryStore(initial?: string) {
  let saved: string | null = initial ?? null;
  return {
    getItem: () => saved,
    setItem: (_key: string, value: string) => {
      saved = value;
    },
  };
}
const defaults = {
  name: "",
  cameraId: "",
  microphoneId: "",
  speakerId: "",
  isCameraOn: true,
  isMicrophoneOn: true,
};

describe("preferences", () => {
  it("come back as they were saved", () => {
    const store = memoryStore();
    const preferences = { ...defaults, name: "Ada", cameraId: "cam-2", isMicrophoneOn: false };
    savePreferences(() => store, preferences);
    expect(loadPreferences(() => store)).toEqual(preferences);
  });

  it.each([undefined, "not json", "null", "[]"])("are the defaults when %j was saved", (saved) => {
    expect(loadPreferences(() => memoryStore(saved))).toEqual(defaults);
  });

  it("keep the sound part of a saved value", () => {
    const store = memoryStore('{"name":"Ada","cameraId":7,"isCameraOn":"yes"}');
    expect(loadPreferences(() => store)).toEqual({ ...defaults, name: "Ada" });
  });

  it("are the defaults, and saving is no error, when the browser blocks storage", () => {
    const blocked = () => {
      throw new Error("SecurityError");
    };
    savePreferences(blocked, defaults);
    expect(loadPreferences(blocked)).toEqual(defaults);
  });
});
