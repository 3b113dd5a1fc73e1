import { SettingsError, setting } from "@fairlead/server-process";
import * as z from "zod";
import type { HookSettings } from "./hooks.ts";

const URL_FORM = "an http:// or https:// URL without user and password";
const SECRET = "16 to 256 characters";

const HookUrl = z.url({ protocol: /^https?$/ }).refine((text) => {
  if (!URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === "" && password === "";
});

/** The operator's server that decides on broadcasts' publishers and viewers. */
export const hookSettings = {
  FAIRLEAD_HOOK_URL: setting.secret(HookUrl.optional(), URL_FORM),
  FAIRLEAD_HOOK_SECRET: setting.secret(z.string().min(16).max(256).optional(), SECRET),
  FAIRLEAD_HOOK_FAIL_OPEN: z.enum(["true", "false"]).default("false").describe("true or false"),
};

export type HookConfig = {
  /** Undefined: nobody is asked. */
  hooks?: HookSettings;
};

/** @throws {SettingsError} There is a URL and no secret to sign with. */
export function hookConfig(given: z.output<z.ZodObject<typeof hookSettings>>): HookConfig {
  const { FAIRLEAD_HOOK_URL: url, FAIRLEAD_HOOK_SECRET: secret } = given;
  if (url === undefined) return {};
  if (secret === undefined)
    throw new SettingsError([`FAIRLEAD_HOOK_SECRET is not set: with FAIRLEAD_HOOK_URL it must be ${SECRET}`]);
  return { hooks: { url, secret, isFailOpen: given.FAIRLEAD_HOOK_FAIL_OPEN === "true" } };
}
