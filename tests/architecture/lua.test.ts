import { readFileSync } from "node:fs";
import { DEFAULT_POLICY } from "@fairlead/registry/placement";
import { composeScript, SCRIPT_NAMES } from "@fairlead/registry/scripts";
import luaparse from "luaparse";
import { describe, expect, it } from "vitest";
import { LUA_TEXTS_FILE, luaTextsModule } from "../../packages/registry/write-lua-texts.ts";

/** What Redis gives a script, as far as ours use it. */
const OF_REDIS = ["ARGV", "KEYS", "cjson", "redis"];
const OF_LUA = ["ipairs", "math", "pairs", "string", "table", "tonumber", "tostring", "unpack"];
/** Lua's own, for one function; our scripts are one each. */
const LOCALS_LIMIT = 200;

it("the module of Lua texts is what the .lua files say (else: npm run build:lua)", () => {
  expect(readFileSync(LUA_TEXTS_FILE, "utf8") === luaTextsModule()).toBe(true);
});

describe.each(SCRIPT_NAMES)("the script of %s", (name) => {
  const chunk = luaparse.parse(composeScript(name, DEFAULT_POLICY), { luaVersion: "5.1", scope: true });

  it("is Lua, and names nothing that stands in no piece before", () => {
    // With `scope`, luaparse lists the names that no `local` in force has made.
    const { globals } = chunk as unknown as { globals: { name: string }[] };
    const unknown = globals
      .map((each) => each.name)
      .filter((each) => ![...OF_REDIS, ...OF_LUA].includes(each));
    expect(unknown).toEqual([]);
  });

  it(`has at most ${LOCALS_LIMIT} local names`, () => {
    const names = chunk.body.map((statement) => {
      if (statement.type === "LocalStatement") return statement.variables.length;
      return statement.type === "FunctionDeclaration" && statement.isLocal ? 1 : 0;
    });
    expect(names.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(LOCALS_LIMIT);
  });
});
