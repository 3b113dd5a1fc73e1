import { DEFAULT_POLICY, type PlacementPolicy } from "../rules/policy.ts";
import { composeScript, type ScriptName } from "./compose.ts";

export type ScriptText = { text: string /** By which Redis knows it: SHA-1 in hex. */; sha: string };

/** @returns A script's text and name, made once. */
export function scriptTexts(
  policy: Partial<PlacementPolicy> = {},
): (name: ScriptName) => Promise<ScriptText> {
  const known = new Map<ScriptName, Promise<ScriptText>>();
  return (name) => {
    const script = known.get(name) ?? compose(name, { ...DEFAULT_POLICY, ...policy });
    known.set(name, script);
    return script;
  };
}

async function compose(name: ScriptName, policy: PlacementPolicy): Promise<ScriptText> {
  const text = composeScript(name, policy);
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return {
    text,
    sha: [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  };
}
