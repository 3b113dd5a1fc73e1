import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

describe("the configuration", () => {
  it("takes a public URL, with a path too; an empty variable is one that is not set", () => {
    const publicUrlOf = (FAIRLEAD_PUBLIC_URL: string) => readConfig([], { FAIRLEAD_PUBLIC_URL });
    const url = "https://meet.example.org/fairlead";
    expect(publicUrlOf(url)).toMatchObject({ publicUrl: url });
    expect(publicUrlOf("")).toMatchObject({ publicUrl: undefined });
  });

  it.each(["meet.example.org", "ftp://meet.example.org"])("refuses the public URL %s, naming it", (given) => {
    const read = () => readConfig([], { FAIRLEAD_PUBLIC_URL: given });
    expect(read).toThrow(`FAIRLEAD_PUBLIC_URL="${given}"`);
  });
});
