import { parseArgs } from "node:util";

/**
 * Reads `--name N` for each of `defaults`.
 * @throws {Error} Names what was given and what is accepted.
 */
export function readCounts<T extends Record<string, number>>(args: string[], defaults: T): T {
  const options = Object.fromEntries(
    Object.keys(defaults).map((name) => [name, { type: "string" as const }]),
  );
  const given = Object.entries(parseArgs({ args, options }).values).map(([name, text]) => {
    if (typeof text !== "string" || !/^\d{1,6}$/.test(text))
      throw new Error(`--${name} ${text}: a whole number is wanted`);
    return [name, Number(text)];
  });
  return { ...defaults, ...Object.fromEntries(given) };
}
