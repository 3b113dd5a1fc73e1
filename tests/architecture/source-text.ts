/** Strings first, so that `//` and `/*` inside them are not taken for comments. */
const STRING_OR_COMMENT =
  /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

const IMPORT = /(?:(?<!\.)\bfrom|\bimport)\s*\(?\s*["']([^"'\n]+)["']/g;

/** Knows its runtime: reads the environment, or a global that only one runtime has. */
const RUNTIME_GLOBAL =
  /(?<![.\w"'])(?:process|Buffer|Deno|Bun|__dirname|__filename|require)(?=\s*[.([])|import\.meta\.(?:dirname|filename|env)/g;

/** @returns What a source imports, types included, as written. */
export function importsOf(source: string): string[] {
  const code = source.replace(STRING_OR_COMMENT, (match) => (match.startsWith("/") ? " " : match));
  return [...code.matchAll(IMPORT)].map(([, specifier = ""]) => specifier);
}

/** @returns Globals of one runtime that a source uses, without repetition. */
export function runtimeGlobalsOf(source: string): string[] {
  const code = source.replace(STRING_OR_COMMENT, " ");
  return [...new Set(code.match(RUNTIME_GLOBAL) ?? [])];
}
