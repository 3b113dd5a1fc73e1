import * as fc from "fast-check";
import type * as z from "zod";

/**
 * Stands in a generated value for something that exists at the moment when it is sent: the id of a live producer, a ticket
 * that admits. `pick` chooses among what there is.
 */
export class Live {
  readonly kind: string;
  readonly pick: number;

  constructor(kind: string, pick: number) {
    this.kind = kind;
    this.pick = pick;
  }
}

/** How often, of ten, a field is given what exists, by the field's name: of what is not named here, never. */
export type LiveKinds = Readonly<Record<string, { kind: string; often: number }>>;

/** As protocol uses them; zod's own types are wider. */
type Definition = {
  type: string;
  format?: string;
  checks?: { _zod: { def: Check } }[];
  shape?: Record<string, z.ZodType>;
  element?: z.ZodType;
  options?: z.ZodType[];
  entries?: Record<string, string>;
  values?: unknown[];
  innerType?: z.ZodType;
  keyType?: z.ZodType;
  valueType?: z.ZodType;
  out?: z.ZodType;
};
type Check = {
  check: string;
  minimum?: number;
  maximum?: number;
  pattern?: RegExp;
  value?: number;
  inclusive?: boolean;
};

/** Longer ones are `damage`'s, and those at a limit. */
const USUAL_LENGTH = 24;
const USUAL_ITEMS = 4;

/** @returns Values that `schema` parses, their inputs (defaults may be left out), with `Live` where the field has a kind. */
export function fromSchema(schema: z.ZodType, kinds: LiveKinds = {}, name = ""): fc.Arbitrary<unknown> {
  const known = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  const own = (): fc.Arbitrary<unknown> => ofType(schema, kinds, name);
  if (!known || isWrapper(schema)) return own();
  const live = fc.nat().map((pick) => new Live(known.kind, pick));
  return known.often === 10
    ? live
    : fc.oneof({ arbitrary: live, weight: known.often }, { arbitrary: own(), weight: 10 - known.often });
}

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

/** Asks the wrapped schema instead: `optional` of a list of live ids is a list of them. */
function isWrapper(schema: z.ZodType): boolean {
  return ["optional", "default", "nullable", "array"].includes(definitionOf(schema).type);
}

function ofType(schema: z.ZodType, kinds: LiveKinds, name: string): fc.Arbitrary<unknown> {
  const def = definitionOf(schema);
  const inner = (of: z.ZodType | undefined, as = name) => fromSchema(given(of), kinds, as);
  switch (def.type) {
    case "object":
      return objects(given(def.shape), (field, key) => inner(field, key));
    case "string":
      return strings(schema, checksOf(def));
    case "number":
      return numbers(def);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "enum":
      return fc.constantFrom(...Object.values(given(def.entries)));
    case "literal":
      return fc.constantFrom(...given(def.values));
    case "union":
      return fc.oneof(...given(def.options).map((option) => inner(option)));
    case "array":
      return lists(inner(def.element), checksOf(def));
    case "optional":
    case "default":
      return fc.option(inner(def.innerType), { nil: undefined, freq: 3 });
    case "nullable":
      return fc.option(inner(def.innerType), { nil: null });
    case "record": {
      const entries = fc.dictionary(
        inner(def.keyType, "") as fc.Arbitrary<string>,
        inner(def.valueType, ""),
        {
          maxKeys: USUAL_ITEMS,
          noNullPrototype: true,
        },
      );
      return entries.filter((value) => schema.safeParse(value).success);
    }
    case "pipe":
      return inner(def.out);
    case "unknown":
      return fc.jsonValue({ maxDepth: 2 });
    default:
      throw new Error(`no arbitrary yet for zod's "${def.type}" (${name})`);
  }
}

function objects(
  shape: Record<string, z.ZodType>,
  field: (schema: z.ZodType, key: string) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  return fc.record(
    Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, field(schema, key)])),
    {
      noNullPrototype: true,
    },
  );
}

function strings(schema: z.ZodType, checks: Check[]): fc.Arbitrary<string> {
  const { min, max } = bounds(checks);
  const pattern = checks.find((check) => check.pattern)?.pattern;
  const usual = Math.max(min, Math.min(max, USUAL_LENGTH));
  const any = pattern
    ? fc.oneof(fc.stringMatching(pattern), fc.stringMatching(pattern, { size: "medium" }))
    : fc.oneof(
        { arbitrary: fc.string({ minLength: min, maxLength: usual }), weight: 6 },
        { arbitrary: fc.string({ minLength: min, maxLength: usual, unit: "binary" }), weight: 3 },
        { arbitrary: fc.constantFrom(...oddStrings(min, max)), weight: 1 },
      );
  return any.filter((value) => schema.safeParse(value).success);
}

/** As short and as long as may be, and what is special somewhere between a browser and Redis. */
function oddStrings(min: number, max: number): string[] {
  const edges = ["x".repeat(min), "x".repeat(Math.min(max, 4_096)), "\u{1F600}".repeat(min)];
  const special = ["__proto__", "constructor", "..", "%00", "a/b", "\u0000", "\ud800", "*.>", "\r\n", "NaN"];
  const fitting = [...edges, ...special].filter((text) => text.length >= min && text.length <= max);
  return fitting.length > 0 ? fitting : ["x".repeat(min)];
}

function numbers({ format, checks = [] }: Definition): fc.Arbitrary<number> {
  const bound = (kind: string) => checks.map(({ _zod }) => _zod.def).find(({ check }) => check === kind);
  const [from, to] = [bound("greater_than"), bound("less_than")];
  const isWhole = format !== undefined;
  const min = from?.value === undefined ? undefined : from.value + (from.inclusive ? 0 : 1);
  const max = to?.value === undefined ? undefined : to.value - (to.inclusive ? 0 : 1);
  if (isWhole)
    return fc.integer({ min: min ?? Number.MIN_SAFE_INTEGER, max: max ?? Number.MAX_SAFE_INTEGER });
  return fc.double({ noNaN: true, noDefaultInfinity: true, min, max });
}

function lists(item: fc.Arbitrary<unknown>, checks: Check[]): fc.Arbitrary<unknown> {
  const { min, max } = bounds(checks);
  return fc.array(item, { minLength: min, maxLength: Math.max(min, Math.min(max, USUAL_ITEMS)) });
}

function bounds(checks: Check[]): { min: number; max: number } {
  const least = checks.find(({ check }) => check === "min_length")?.minimum;
  const most = checks.find(({ check }) => check === "max_length")?.maximum;
  return { min: least ?? 0, max: most ?? 4_096 };
}

function checksOf({ checks = [] }: Definition): Check[] {
  return checks.map(({ _zod }) => _zod.def);
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("zod has changed what its schemas say of themselves");
  return value;
}
