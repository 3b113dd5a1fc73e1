import type * as z from "zod";

export type Environment = Record<string, string | undefined>;

/** @returns The file's text. @throws {Error} It can't be read. */
export type ReadFile = (path: string) => string;

/** An operator's mistake: the message says everything, and a stack would only hide it. */
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
 * A secret may stand in a file instead, as orchestrators hand them out: `FAIRLEAD_X_FILE` is its path.
 *
 * @param readFile Absent where there are no files: then such values are given themselves.
 * @throws {SettingsError} Names every wrong variable, what was given (never a secret) and what is accepted.
 */
export async function parseSettings<T extends z.ZodObject>(
  schema: T,
  env: Environment,
  readFile?: ReadFile,
): Promise<z.output<T>> {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const given = withSecretFiles(schema, set, readFile);
  const result = await schema.safeParseAsync(readFile ? withFiles(schema, given, readFile) : given);
  if (result.success) return result.data;
  const wrong = new Set(result.error.issues.map(({ path }) => String(path[0])));
  const names = Object.keys(schema.shape).filter((name) => wrong.has(name));
  throw new SettingsError(names.map((name) => faultOf(name, given[name], schema.shape[name])));
}

/** @throws {SettingsError} A file can't be read, or its secret is given twice. */
function withSecretFiles(schema: z.ZodObject, given: Environment, readFile?: ReadFile): Environment {
  const secrets = Object.keys(schema.shape).filter((name) => schema.shape[name]?.meta()?.isSecret === true);
  const named = secrets.filter((name) => given[name + FILE] !== undefined);
  const faults = named.flatMap((name) =>
    given[name] === undefined ? [] : `${name} and ${name + FILE}: must be one of both`,
  );
  const texts = named.map((name) => {
    try {
      // Editors and `echo` end a file with a line end, which is no part of a secret.
      return [name, readFile?.(given[name + FILE] ?? "").replace(/\r?\n$/, "")] as const;
    } catch {
      return [name, undefined] as const;
    }
  });
  for (const [name, text] of texts)
    if (text === undefined)
      faults.push(
        `${name + FILE}=${JSON.stringify(given[name + FILE])}: must be the path of a file that can be read here`,
      );
  if (faults.length > 0) throw new SettingsError(faults);
  return { ...given, ...Object.fromEntries(texts) };
}

const FILE = "_FILE";

/** The name of a file that can't be read stays as it was given, and the schema refuses it. */
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
