import type * as z from "zod";

export type Environment = Record<string, string | undefined>;

/** @returns The file's text. @throws {Error} It can't be read. */
export type ReadFile = (path: string) => string;

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
 * @param schema By variable; the description of each says what it accepts, and its `file` whether a file may stand for the value.
 * @param readFile Absent where there are no files: then such values are given themselves.
 * @throws {SettingsError} Names every wrong variable, what was given (never a secret) and what is accepted.
 */
export async function parseSettings<T extends z.ZodObject>(
  schema: T,
  env: Environment,
  readFile?: ReadFile,
): Promise<z.output<T>> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const result = await schema.safeParseAsync(readFile ? withFiles(schema, given, readFile) : given);
  if (result.success) return result.data;
  const wrong = new Set(result.error.issues.map(({ path }) => String(path[0])));
  const names = Object.keys(schema.shape).filter((name) => wrong.has(name));
  throw new SettingsError(names.map((name) => faultOf(name, given[name], schema.shape[name])));
}

/** What can't be read stays as it was given, and is refused by the schema. */
function withFiles(schema: z.ZodObject, given: Environment, readFile: ReadFile): Environment {
  const entries = Object.entries(given).map(([name, value]) => {
    const path = pathIn(value, schema.shape[name]?.meta()?.file);
    if (path === undefined) return [name, value];
    try {
      return [name, readFile(path)];
    } catch {
      return [name, value];
    }
  });
  return Object.fromEntries(entries);
}

/** @param form `path`: all that is no PEM; `@path`: what an @ says; else none. */
function pathIn(value: string | undefined, form: unknown): string | undefined {
  if (form === "path" && !value?.includes("-----BEGIN ")) return value;
  return form === "@path" && value?.startsWith("@") ? value.slice(1) : undefined;
}

function faultOf(name: string, given: string | undefined, setting: z.ZodType | undefined): string {
  const { description = "left out", isSecret = false } = setting?.meta() ?? {};
  const what = given === undefined ? `${name} is not set` : `${name}=${shown(given, isSecret === true)}`;
  return `${what}: must be ${description}`;
}

function shown(given: string, isSecret: boolean): string {
  return isSecret ? "(not shown)" : JSON.stringify(given);
}
