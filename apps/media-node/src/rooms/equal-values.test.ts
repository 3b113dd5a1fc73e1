import { expect, it } from "vitest";
import { EqualValues } from "./equal-values.ts";

it("values that are equal are one, of the last few that came", () => {
  const values = new EqualValues<{ codecs: string[] }>(2);
  const [opus, vp8, h264] = [["opus"], ["vp8"], ["h264"]].map((codecs) => ({ codecs }));
  if (!opus || !vp8 || !h264) throw new Error("three");
  expect(values.of(opus)).toBe(opus);
  values.of(vp8);
  expect(values.of({ codecs: ["opus"] })).toBe(opus);
  values.of(h264);
  expect(values.of({ codecs: ["opus"] })).toBe(opus);
  expect(values.of({ codecs: ["vp8"] })).not.toBe(vp8);
});
