import * as fc from "fast-check";

/** How one value is made wrong: where, by a number to choose with, and what comes there. */
export type Damage = { where: number; how: DamageKind; odd: unknown };
type DamageKind = "drop" | "replace" | "extra" | "nest" | "wrap";

/** Stands for what nests deeper than this process could write. */
const DEEP = "nested deep";
const LONG = "x".repeat(70_000);
const odd: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    0.5,
    1e308,
    -0,
    "",
    [],
    {},
    "\ud800",
    "\udfff\ud800",
    "__proto__",
  ),
  fc.constantFrom<unknown>(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 31, 2 ** 32, 2 ** 53),
  fc.constantFrom<unknown>(
    LONG,
    "\u0000".repeat(300),
    "\u2028",
    "../../..",
    "a.b.c",
    "*",
    ">",
    "-1:-1",
    "0:0",
  ),
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.jsonValue({ maxDepth: 3 }),
);

export const damages: fc.Arbitrary<Damage> = fc.record(
  {
    where: fc.nat(),
    how: fc.constantFrom<DamageKind>("drop", "replace", "replace", "extra", "nest", "wrap"),
    odd,
  },
  { noNullPrototype: true },
);

/** @returns JSON text of `value` with one of its fields, at any depth, made wrong. */
export function damaged(value: unknown, { where, how, odd: wrong }: Damage): string {
  const copy: unknown = JSON.parse(JSON.stringify(value) ?? "null");
  const places = placesOf(copy);
  const place = places[where % Math.max(1, places.length)];
  if (how === "wrap" || !place) return JSON.stringify([copy, wrong]);
  const { owner, key } = place;
  if (how === "nest") {
    owner[key] = DEEP;
    return JSON.stringify(copy).replace(JSON.stringify(DEEP), () => nested(1 + (where % 19_000)));
  }
  if (how === "drop") {
    if (Array.isArray(owner)) owner.splice(Number(key), 1);
    else delete owner[key];
  } else if (how === "replace") owner[key] = wrong;
  else return withExtra(copy, wrong);
  return JSON.stringify(copy);
}

/** `__proto__` as an own key can be written as text only. */
function withExtra(copy: unknown, wrong: unknown): string {
  const text = JSON.stringify(copy);
  if (!text.startsWith("{") || text === "{}") return text;
  return `{"__proto__":${JSON.stringify(wrong)},"constructor":{"prototype":1},${text.slice(1)}`;
}

function nested(depth: number): string {
  return depth % 2 === 0 ? "[".repeat(depth) + "]".repeat(depth) : deepObject(1 + (depth >> 2));
}

function deepObject(depth: number): string {
  return `${'{"a":['.repeat(depth)}${"]}".repeat(depth)}`;
}

type Place = { owner: Record<string, unknown>; key: string };

function placesOf(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const owner = value as Record<string, unknown>;
  return Object.keys(owner).flatMap((key) => [{ owner, key }, ...placesOf(owner[key])]);
}
