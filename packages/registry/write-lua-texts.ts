import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Writes src/scripts/lua-texts.ts: `npm run build:lua`. Edge runtimes read no files, so scripts travel as a module.

const SOURCE = join(import.meta.dirname, "src");
export const LUA_TEXTS_FILE = join(SOURCE, "scripts/lua-texts.ts");

/** @returns What the module must be. */
export function luaTextsModule(): string {
  const files = globSync("**/*.lua", { cwd: SOURCE }).sort();
  const entries = files.map((file) => {
    const text = withoutComments(readFileSync(join(SOURCE, file), "utf8"));
    return `  ${JSON.stringify(file.slice(0, -".lua".length))}:\n    ${JSON.stringify(text)},\n`;
  });
  const about = "/** The .lua files beside the rules. Made by `npm run build:lua`: edit those. */";
  return `${about}\nexport const LUA = {\n${entries.join("")}} as const;\n`;
}

/** Nor indentation and empty lines: bundles for edge runtimes have a limit. A comment has lines of its own. */
function withoutComments(lua: string): string {
  const lines = lua.split("\n").map((line) => line.trimStart());
  return `${lines.filter((line) => line !== "" && !line.startsWith("--")).join("\n")}\n`;
}

if (import.meta.main) writeFileSync(LUA_TEXTS_FILE, luaTextsModule());
