import type * as z from "zod";

export type Environment = Record<string, string | undefined>;

/** An operator's mistake: the message is all there is to say, a stack would only hide it. */
export class SettingsError extends Error {
  constructor(faults: readonly string[]) {
    super(`The settings are wrong:\n  ${faults.join("\n  ")}`);
    this.name = "SettingsError";
  }
}

/**
 * Parses a process's environment. `FAIRLEAD_X=` in a shell or a compose file means: not set.
 *
 * @param schema By variable; the description of each says what it accepts.
 * @throws {SettingsError} Names every wrong variable, what was given (never a secret) and what is accepted.
 */
export async function parseSettings<T extends z.ZodObject>(
  schema: T,
  env: Environment,
): Promise<z.output<T>> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const result = await schema.safeParseAsync(given);
  if (result.success) return result.data;
  const wrong = new Set(result.error.issues.map(({ path }) => String(path[0])));
  const names = Object.keys(schema.shape).filter((name) => wrong.has(name));
  throw new SettingsError(names.map((name) => faultOf(name, given[name], schema.shape[name])));
}

function faultOf(name: string, given: string | undefined, setting: z.ZodType | undefined): string {
  const { description = "left out", isSecret = false } = setting?.meta() ?? {};
  const what = given === undefined ? `${name} is not set` : `${name}=${shown(given, isSecret === true)}`;
  return `${what}: must be ${description}`;
}

function shown(given: string, isSecret: boolean): string {
  return isSecret ? "(not shown)" : JSON.stringify(given);
}
