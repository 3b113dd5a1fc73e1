import { RoomOptions } from "@fairlead/protocol";
import { copyOptions, DEFAULT_ROOM_OPTIONS, isDefault } from "../room-options.ts";

/** Options as a script keeps them: the whole, for those who read the record, and what placement wants to know of it. */
export type OptionsText = { options: string; wish: string };

/** @returns Empty texts for the defaults, which are not kept. */
export function toOptionsText(options: RoomOptions): OptionsText {
  if (isDefault(options)) return { options: "", wish: "" };
  const { kind, region, nodeId = "", labels } = options;
  const wish = [kind, region === undefined ? "" : toRegion(region), nodeId, toLabels(labels)].join(";");
  return { options: JSON.stringify(options), wish };
}

export function fromOptionsText(text: string): RoomOptions {
  return text === "" ? copyOptions(DEFAULT_ROOM_OPTIONS) : RoomOptions.parse(JSON.parse(text));
}

/** `=eu`: that of an empty name differs from none. */
export function toRegion(region: string): string {
  return `=${toToken(region)}`;
}

/** `=gpu,=tier-1`. */
export function toLabels(labels: readonly string[]): string {
  return labels.map((label) => `=${toToken(label)}`).join(",");
}

/** The pools that a node stands in, as the scripts name them, separated by spaces. */
export function toPools(region: string, labels: readonly string[]): string {
  const ofRegion = `r${toRegion(region)}`;
  const ofLabels = [...new Set(labels)].flatMap((label) => {
    const ofLabel = `l${toLabels([label])}`;
    return [ofLabel, `${ofRegion},${ofLabel}`];
  });
  return ["all", ofRegion, ...ofLabels].join(" ");
}

/** Without spaces, commas or semicolons. */
function toToken(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
