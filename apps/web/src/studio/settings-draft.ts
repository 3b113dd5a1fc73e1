import type { BroadcastSettings, SettingsWish, Visibility } from "../demo/broadcasts.ts";

/** Settings of a broadcast as a form has them: times as `<input type="datetime-local">` does, and empty for none. */
export type SettingsDraft = {
  title: string;
  visibility: Visibility;
  startsAt: string;
  endsAt: string;
  maxViewers: string;
};

export const NEW_DRAFT: SettingsDraft = {
  ...{ title: "", visibility: "private", startsAt: "", endsAt: "", maxViewers: "" },
};

export function draftOf(settings: BroadcastSettings): SettingsDraft {
  const { title, visibility, startsAtMs, endsAtMs, maxViewers } = settings;
  return {
    title,
    visibility,
    startsAt: localTime(startsAtMs),
    endsAt: localTime(endsAtMs),
    maxViewers: maxViewers === null ? "" : `${maxViewers}`,
  };
}

export function wishOf({ title, visibility, startsAt, endsAt, maxViewers }: SettingsDraft): SettingsWish {
  return {
    title: title.trim(),
    visibility,
    startsAtMs: msOf(startsAt),
    endsAtMs: msOf(endsAt),
    maxViewers: maxViewers === "" ? null : Number(maxViewers),
  };
}

/** By the clock on this computer's wall. */
function localTime(ms: number | null): string {
  if (ms === null) return "";
  const offsetMs = new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offsetMs).toISOString().slice(0, "2030-01-02T03:04".length);
}

function msOf(local: string): number | null {
  return local === "" ? null : new Date(local).getTime();
}
