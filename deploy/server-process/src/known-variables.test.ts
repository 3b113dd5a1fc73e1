import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { KNOWN_VARIABLES, unknownVariables } from "./known-variables.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

it("every variable that an app or deploy package reads is known", () => {
  const files = globSync(["apps/*/src/**/*.ts", "deploy/*/src/**/*.ts"], { cwd: ROOT });
  const sources = files.filter((file) => !/\.test\.ts$|\/testing\/|known-variables/.test(file));
  expect(sources.length).toBeGreaterThan(20);
  const read = sources.flatMap(
    (file) => readFileSync(ROOT + file, "utf8").match(/\bFAIRLEAD_[A-Z_]*[A-Z]\b/g) ?? [],
  );
  const examples = /^FAIRLEAD_X(_FILE)?$/;
  expect([...new Set(read)].filter((name) => !examples.test(name) && !KNOWN_VARIABLES.has(name))).toEqual([]);
});

it("a mistyped one is named, others' variables and files of secrets are not", () => {
  const env = {
    FAIRLEAD_REDIS_ULR: "redis://a",
    FAIRLEAD_REDIS_URL_FILES: "/run/a",
    FAIRLEAD_REDIS_URL: "redis://a",
    FAIRLEAD_NATS_PASSWORD_FILE: "/run/b",
    FAIRLEAD_RTC_PORT: "1",
    HOME: "/",
  };
  expect(unknownVariables(env)).toEqual(["FAIRLEAD_REDIS_ULR", "FAIRLEAD_REDIS_URL_FILES"]);
});
